import type { Decision } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';

/** A Decision that was used: who decided what, on what, and why. */
export interface DecisionRecord {
  kind: 'Decision';
  name: string;
  uid: string;
  by: string;
  verdict: string;
  gate?: string;
  /** What a Bypass passes over. */
  constraint?: string;
  /** The Promotion that it is on, or that a Rollback orders. */
  promotion?: string;
  target?: string;
  /** What is approved or released; with a Rollback, where to go. */
  revisionDigest?: string;
  until?: string;
  reason?: string;
  ticket?: string;
}

/** A Decision as the status has it that says it was used. */
interface Used {
  name: string;
  uid: string;
  by: string;
  verdict: string;
  gate?: string | undefined;
}

/** Finds a Decision by its UID; undefined: it is gone already. */
export type DecidedOf = (uid: string) => Decision | undefined;

/** The record of a Decision: what status says of it, and what the Decision itself says more. */
export function decisionRecord({ name, uid, by, verdict, gate }: Used, of?: DecidedOf): DecisionRecord {
  const { constraint, target, revisionDigest, until, reason, ticket } = of?.(uid)?.spec ?? {};
  return {
    kind: 'Decision',
    name,
    uid,
    by,
    verdict,
    ...(gate !== undefined && { gate }),
    ...(constraint !== undefined && { constraint }),
    ...(target !== undefined && { target }),
    ...(revisionDigest !== undefined && { revisionDigest }),
    ...(until !== undefined && { until }),
    ...(reason !== undefined && { reason: presentable(reason, 1024) }),
    ...(ticket !== undefined && { ticket: presentable(ticket, 128) }),
  };
}
