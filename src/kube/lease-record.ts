import type { ObjectMeta } from './types.ts';

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/** A Lease, as read or as about to be created. */
export interface Lease {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
  spec?: LeaseSpec;
}

export const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

export const newLease = (namespace: string, name: string): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace, name },
});

/** Kubernetes' MicroTime: RFC 3339 with exactly six decimals, which the API server insists on. */
export const microTime = (epochMs: number): string => new Date(epochMs).toISOString().replace('Z', '000Z');

/** The lease held by `identity` from now on; everything that is not the record stays, resourceVersion as guard. */
export function claimed(lease: Lease, identity: string, seconds: number, nowMs: number): Lease {
  const before = lease.spec;
  const isOurs = before?.holderIdentity === identity;
  const now = microTime(nowMs);
  return {
    ...lease,
    spec: {
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: seconds,
      acquireTime: isOurs && before.acquireTime !== undefined ? before.acquireTime : now,
      renewTime: now,
      leaseTransitions: before === undefined ? 0 : (before.leaseTransitions ?? 0) + (isOurs ? 0 : 1),
    },
  };
}

/** Held by nobody and for one second, as client-go leaves it. An empty identity would be refused. */
export function released(lease: Lease, nowMs: number): Lease {
  const { holderIdentity: _, ...spec } = lease.spec ?? {};
  return { ...lease, spec: { ...spec, leaseDurationSeconds: 1, renewTime: microTime(nowMs) } };
}

/** Whether nobody wrote the record in between; labels and the like do not count as a sign of life. */
export const isSameRecord = (one: Lease, other: Lease): boolean =>
  JSON.stringify(one.spec) === JSON.stringify(other.spec);
