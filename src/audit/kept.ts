import { MOST_PLACE_RECORDS, MOST_RECORDS } from '../api/v1alpha1/audit.ts';
import type { Audit } from '../api/v1alpha1/types.ts';
import { append, faultsIn, type Link, readRecord } from './chain.ts';

/* A chain as a status keeps it: the last records of it, and where the rest begins. */

/** What a status write comes to: the trail with its new records, and these by themselves, for the log. */
export interface Trail {
  audit: Audit;
  fresh: Link[];
}

/** What a trail is kept up to. A quarter is let go of at once: each cut is a rewrite of the list. */
export interface Bounds {
  records: number;
  /** As they are stored: all of a status has to fit into one object of the API server, 1.5 MiB. */
  bytes: number;
}

export const PROMOTION_BOUNDS: Bounds = { records: MOST_RECORDS, bytes: 256 * 1024 };
export const PLACE_BOUNDS: Bounds = { records: MOST_PLACE_RECORDS, bytes: 64 * 1024 };

/** That older records were let go of, up to this one: without it a cut is somebody else's. */
export interface CutRecord {
  kind: 'Cut';
  upTo: number;
  hash: string;
}

/**
 * A trail with new records; undefined: there is none yet, and nothing to say.
 * @param about the UID of the object, which its chain begins with.
 */
export function extended(
  about: string,
  before: Audit | undefined,
  records: readonly object[],
  at: string,
  bounds: Bounds,
): Trail | undefined {
  const kept = before ?? { records: [] };
  const fresh = append(about, kept.records.at(-1), at, records);
  if (fresh.length === 0) return before && { audit: before, fresh };
  const all = [...kept.records, ...fresh];
  const gone = tooMany(all, bounds);
  const last = all[gone - 1];
  const seq = last && readRecord(last)?.seq;
  if (!last || seq === undefined) return { audit: { ...kept, records: all }, fresh };
  const cut: CutRecord = { kind: 'Cut', upTo: seq, hash: last.hash };
  const told = append(about, all.at(-1), at, [cut]);
  return {
    audit: { cut: { seq, hash: last.hash }, records: [...all.slice(gone), ...told] },
    fresh: [...fresh, ...told],
  };
}

/** Bytes that a list of records takes where it is stored: JSON within JSON. */
function bytesOf(records: readonly Link[]): number {
  return records.reduce((sum, link) => sum + Buffer.byteLength(JSON.stringify(link)), 0);
}

/** How many of the oldest records are to go. */
function tooMany(records: readonly Link[], bounds: Bounds): number {
  if (records.length <= bounds.records && bytesOf(records) <= bounds.bytes) return 0;
  let gone = Math.max(0, records.length - bounds.records * 0.75);
  let bytes = bytesOf(records.slice(gone));
  while (bytes > bounds.bytes * 0.75 && gone < records.length - 1) {
    bytes -= bytesOf(records.slice(gone, gone + 1));
    gone += 1;
  }
  return gone;
}

/** What is wrong with a trail; empty: nothing. `head`: its last hash as it is told elsewhere. */
export function faultsOf(uid: string, audit: Audit | undefined, head?: string): string[] {
  const { cut, records = [] } = audit ?? {};
  return [...faultsIn(uid, records, { head, cut }), ...(cut ? cutFaults(cut, records) : [])];
}

/** A cut that fits proves nothing, since every record has the hash of the one before: the trail itself has to tell of it. */
function cutFaults(cut: NonNullable<Audit['cut']>, records: readonly Link[]): string[] {
  const told = records.map((link) => readRecord(link)).findLast((r) => r?.['kind'] === 'Cut');
  if (told?.['upTo'] === cut.seq && told['hash'] === cut.hash) return [];
  return [
    `it begins after record ${cut.seq}, and no record says that what was before was let go of: its beginning was taken away`,
  ];
}
