import { MOST_RECORDS } from '../api/v1alpha1/promotion.ts';
import type { Audit, PromotionStatus } from '../api/v1alpha1/types.ts';
import { append, faultsIn, type Link, readRecord } from './chain.ts';
import { type Done, recordsOf, type RuleOf } from './records.ts';

/** What a status write comes to: the trail with its new records, and these by themselves, for the log. */
export interface Trail {
  audit: Audit;
  fresh: Link[];
}

/** So many are let go of at once: each cut is a rewrite of the list. */
const LET_GO = 50;

/**
 * The trail of a promotion after this write of its status. It is written with the status, so that what is decided and its
 * record are stored together or not at all.
 * @param uid of the promotion, which its chain begins with.
 */
export function trailOf(
  uid: string,
  before: PromotionStatus | undefined,
  after: PromotionStatus,
  effects: readonly Done[],
  at: string,
  rule?: RuleOf,
): Trail | undefined {
  const kept = before?.audit ?? { records: [] };
  const last = kept.records.at(-1);
  const fresh = append(uid, last, at, recordsOf(before, after, effects, rule));
  if (fresh.length === 0) return before?.audit && { audit: before.audit, fresh };
  return { audit: shortened({ ...kept, records: [...kept.records, ...fresh] }), fresh };
}

function shortened(audit: Audit): Audit {
  if (audit.records.length <= MOST_RECORDS) return audit;
  const gone = audit.records.length - MOST_RECORDS + LET_GO;
  const last = audit.records[gone - 1];
  const seq = last && readRecord(last)?.seq;
  return {
    ...(last && seq !== undefined && { cut: { seq, hash: last.hash } }),
    records: audit.records.slice(gone),
  };
}

/** What is wrong with the trail of a promotion; empty: nothing. `head`: its last hash as it is told elsewhere. */
export function faultsOf(uid: string, audit: Audit | undefined, head?: string): string[] {
  return faultsIn(uid, audit?.records ?? [], { head, cut: audit?.cut });
}
