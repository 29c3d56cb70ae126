import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';
import type { Input } from './input.ts';

/* What is put on record of promotions that begin in a place, and that end there. */

/** A promotion has begun here: also one that nobody has applied, by autoPromote or for a Rollback. */
export interface BegunRecord {
  kind: 'Begun';
  promotion: string;
  revisionDigest: string;
  uid?: string;
  /** Null: nobody in particular, as a machine. */
  requestedBy?: string | null;
  /** The Rollback that it was made for. */
  decision?: string;
  reason?: string;
}

/** A promotion has ended here, and this was the last record of its trail. */
export interface EndedRecord {
  kind: 'Ended';
  promotion: string;
  uid?: string;
  outcome: string;
  completedAt: string;
  revisionDigest?: string;
  audit?: string;
  targets: string[];
}

type Status = EnvironmentStatus | undefined;
type Promotions = Input['promotions'];

function candidates({ targets: all = [] }: EnvironmentStatus): Map<string, string> {
  return new Map(all.flatMap(({ candidate: c }) => (c ? [[c.promotion, c.revisionDigest] as const] : [])));
}

/** Promotions that have come to be in flight. */
export function begun(before: Status, after: EnvironmentStatus, promotions: Promotions): BegunRecord[] {
  const known = candidates(before ?? {});
  return [...candidates(after)]
    .filter(([name]) => !known.has(name))
    .map(([name, revisionDigest]) => {
      const { metadata, spec } = promotions.find((p) => p.metadata.name === name) ?? {};
      return {
        kind: 'Begun',
        promotion: name,
        revisionDigest,
        ...(metadata && { uid: metadata.uid }),
        ...(spec && {
          requestedBy: spec.requestedBy === undefined ? null : presentable(spec.requestedBy, 512),
        }),
        ...(spec?.rollback && { decision: spec.rollback.decision }),
        ...(spec?.reason !== undefined && { reason: presentable(spec.reason, 1024) }),
      };
    });
}

/** Promotions that are new in the history. */
export function ended(before: Status, after: EnvironmentStatus, promotions: Promotions): EndedRecord[] {
  const records = new Map<string, EndedRecord>();
  // History is newest first, and a trail oldest first.
  for (const entry of (after.history ?? []).toReversed()) {
    const { promotion, target, outcome, completedAt, revisionDigest, audit } = entry;
    if (before?.history?.some((h) => h.promotion === promotion && h.completedAt === completedAt)) continue;
    const key = `${promotion} ${completedAt}`;
    const uid = promotions.find((p) => p.metadata.name === promotion && p.status?.completedAt === completedAt)
      ?.metadata.uid;
    const record = records.get(key) ?? {
      kind: 'Ended',
      promotion,
      ...(uid !== undefined && { uid }),
      outcome,
      completedAt,
      ...(revisionDigest !== undefined && { revisionDigest }),
      ...(audit !== undefined && { audit }),
      targets: [],
    };
    record.targets.unshift(target);
    records.set(key, record);
  }
  return [...records.values()];
}
