import type { EnvironmentStatus, QuarantineEntry } from '../api/v1alpha1/types.ts';
import { type DecidedOf, type DecisionRecord, decisionRecord } from '../audit/decided.ts';
import type { CutRecord } from '../audit/kept.ts';
import { presentable } from '../runtime/presentable.ts';
import type { Input } from './input.ts';
import { type BegunRecord, begun, type EndedRecord, ended } from './passages.ts';
import { rollbackName } from './destinations.ts';

/* What is put on record of one change of an Environment's status. */

/** One thing that was decided or happened on a place; the fields are named as in status. */
export type PlaceRecord =
  | DecisionRecord
  | CutRecord
  | ({ kind: 'Quarantined' } & Omit<QuarantineEntry, 'since'>)
  | ({ kind: 'Released' } & Omit<QuarantineEntry, 'since' | 'reason' | 'promotion'>)
  | BegunRecord
  | EndedRecord
  | { kind: 'LastGood'; target: string; revisionDigest: string; promotion: string; images: string[] }
  | { kind: 'Drift'; target: string; over: boolean; expected?: string; found?: string }
  | { kind: 'Frozen'; over: boolean; by?: string; reason: string; until?: string };

type Status = EnvironmentStatus | undefined;
type Promotions = Input['promotions'];

/** The records of one change, why before what. */
export function placeRecords(
  before: Status,
  after: EnvironmentStatus,
  promotions: Promotions,
  decided: DecidedOf,
): PlaceRecord[] {
  return [
    ...decisions(before, after, decided),
    ...quarantine(before, after),
    ...begun(before, after, promotions),
    ...ended(before, after, promotions),
    ...targets(before, after),
    ...freeze(before, after),
  ];
}

/** Every Decision that a status says was used. */
function usedIn({ decisions: used = [], released = [] }: EnvironmentStatus) {
  const releases = released.map(({ decision, uid, by }) => {
    return { name: decision, uid, by, verdict: 'Release', promotion: undefined };
  });
  return [...used, ...releases];
}

function decisions(before: Status, after: EnvironmentStatus, decided: DecidedOf): PlaceRecord[] {
  const known = new Set(usedIn(before ?? {}).map((d) => d.uid));
  return usedIn(after)
    .filter((d) => !known.has(d.uid))
    .map((d) => {
      const { name, uid, verdict } = d;
      const promotion = verdict === 'Rollback' ? rollbackName(uid) : d.promotion;
      const gate = decided(uid)?.spec.gate;
      return {
        ...decisionRecord({ name, uid, by: d.by, verdict, gate }, decided),
        ...(promotion !== undefined && { promotion }),
      };
    });
}

function isIn(list: readonly QuarantineEntry[], { target, image, digest }: QuarantineEntry): boolean {
  return list.some((q) => q.target === target && q.image === image && q.digest === digest);
}

function whatOf({ target, image, digest, revisionDigest }: QuarantineEntry) {
  return { target, image, digest, ...(revisionDigest !== undefined && { revisionDigest }) };
}

function quarantine(before: Status, after: EnvironmentStatus): PlaceRecord[] {
  const [was, is] = [before?.quarantine ?? [], after.quarantine ?? []];
  return [
    ...was.filter((q) => !isIn(is, q)).map((q): PlaceRecord => ({ kind: 'Released', ...whatOf(q) })),
    ...is
      .filter((q) => !isIn(was, q))
      .map((q): PlaceRecord => {
        return { kind: 'Quarantined', ...whatOf(q), reason: q.reason, promotion: q.promotion };
      }),
  ];
}

function targets(before: Status, after: EnvironmentStatus): PlaceRecord[] {
  return (after.targets ?? []).flatMap(({ name: target, lastGood, drift }): PlaceRecord[] => {
    const old = before?.targets?.find((t) => t.name === target);
    const isNew =
      lastGood &&
      (lastGood.promotion !== old?.lastGood?.promotion ||
        lastGood.revisionDigest !== old.lastGood.revisionDigest);
    const { revisionDigest = '', promotion = '', images = [] } = lastGood ?? {};
    return [
      ...(isNew ? [{ kind: 'LastGood' as const, target, revisionDigest, promotion, images }] : []),
      ...(drift && !old?.drift
        ? [
            {
              kind: 'Drift' as const,
              target,
              over: false,
              expected: presentable(drift.expected, 1024),
              found: presentable(drift.found, 1024),
            },
          ]
        : []),
      ...(old?.drift && !drift ? [{ kind: 'Drift' as const, target, over: true }] : []),
    ];
  });
}

function freeze(before: Status, { freeze: is }: EnvironmentStatus): PlaceRecord[] {
  const was = before?.freeze;
  if (!is) return was ? [{ kind: 'Frozen', over: true, reason: was.reason }] : [];
  if (was?.by === is.by && was?.reason === is.reason && was.until === is.until) return [];
  const { by, reason, until } = is;
  return [
    {
      kind: 'Frozen',
      over: false,
      reason,
      ...(by !== undefined && { by }),
      ...(until !== undefined && { until }),
    },
  ];
}
