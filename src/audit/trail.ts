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
/** And never more than this, since all of a status has to fit into one object of the API server, 1.5 MiB. */
export const MOST_BYTES = 256 * 1024;
const SPARE_BYTES = 64 * 1024;

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

/** Bytes that a list of records takes where it is stored: JSON within JSON. */
function bytesOf(records: readonly Link[]): number {
  return records.reduce((sum, link) => sum + Buffer.byteLength(JSON.stringify(link)), 0);
}

function shortened(audit: Audit): Audit {
  const { records } = audit;
  if (records.length <= MOST_RECORDS && bytesOf(records) <= MOST_BYTES) return audit;
  let gone = Math.max(0, records.length - MOST_RECORDS + LET_GO);
  let bytes = bytesOf(records.slice(gone));
  while (bytes > MOST_BYTES - SPARE_BYTES && gone < records.length - 1) {
    bytes -= bytesOf(records.slice(gone, gone + 1));
    gone += 1;
  }
  const last = records[gone - 1];
  const seq = last && readRecord(last)?.seq;
  return {
    ...(last && seq !== undefined && { cut: { seq, hash: last.hash } }),
    records: records.slice(gone),
  };
}

/** What is wrong with the trail of a promotion; empty: nothing. `head`: its last hash as it is told elsewhere. */
export function faultsOf(uid: string, audit: Audit | undefined, head?: string): string[] {
  return faultsIn(uid, audit?.records ?? [], { head, cut: audit?.cut });
}
