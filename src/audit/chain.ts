import { canonicalJson, sha256 } from '../runtime/hash.ts';
import { fitting } from './fitting.ts';

/*
 * A chain of records: each carries the hash of the one before it, so that none can be changed, left out or moved without
 * all after it being made anew; and the hash of the last one is told elsewhere too.
 */

/** One record as it is kept: what it says, as text that is hashed as it stands, and its hash. */
export interface Link {
  /** Canonical JSON of the record, with its place in the chain. */
  record: string;
  /** sha256 over the hash before it and the text, in hexadecimal. */
  hash: string;
}

/** What every record says besides what it is about. */
export interface Place {
  /** Counted from 1. */
  seq: number;
  /** RFC 3339. */
  at: string;
}

/** The last link that was let go of: a chain is kept up to a length. */
export interface Cut {
  seq: number;
  hash: string;
}

/** The hash that the first record follows: what the chain is about, such as the UID of a Promotion. */
export function genesis(about: string): string {
  return sha256(`sluice-audit:${about}`);
}

const hashOf = (previous: string, record: string): string => sha256(`${previous}\n${record}`);

/** Appends records to a chain whose last link is `last`; undefined: it begins. */
export function append(
  about: string,
  last: Link | undefined,
  at: string,
  records: readonly object[],
): Link[] {
  let [previous, seq] = [last?.hash ?? genesis(about), seqOf(last)];
  return records.map((what) => {
    seq += 1;
    const textOf = (said: object): string => canonicalJson({ ...said, seq, at } satisfies Place);
    const record = textOf(fitting(what, (said) => textOf(said).length));
    previous = hashOf(previous, record);
    return { record, hash: previous };
  });
}

function seqOf(link: Link | undefined): number {
  return link === undefined ? 0 : (readRecord(link)?.seq ?? 0);
}

/** What a link says; undefined for text that no chain of ours has. */
export function readRecord(link: Pick<Link, 'record'>): (Place & Record<string, unknown>) | undefined {
  try {
    const value: unknown = JSON.parse(link.record);
    if (typeof value !== 'object' || value === null || !('seq' in value) || !('at' in value))
      return undefined;
    const { seq, at } = value;
    return typeof seq === 'number' && typeof at === 'string' ? { ...value, seq, at } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with a chain, in words; empty: nothing.
 * @param head the hash of its last link as somebody else tells it; undefined: nobody does.
 * @param cut what the first link follows, where older ones were let go of.
 */
export function faultsIn(
  about: string,
  links: readonly Link[],
  { head, cut }: { head?: string | undefined; cut?: Cut | undefined } = {},
): string[] {
  const faults: string[] = [];
  let previous = cut?.hash ?? genesis(about);
  const first = (cut?.seq ?? 0) + 1;
  for (const [index, link] of links.entries()) {
    const record = readRecord(link);
    const where = `record ${first + index}`;
    if (!record) faults.push(`${where} cannot be read`);
    else if (record.seq !== first + index)
      faults.push(`${where} says that it is number ${record.seq}: records are missing, or were moved`);
    if (link.hash !== hashOf(previous, link.record))
      faults.push(`${where} is not what was written after the one before it: it was changed, or moved`);
    previous = link.hash;
  }
  if (head !== undefined && head !== previous)
    faults.push(
      `its last record is not the one that is on record elsewhere (${head.slice(0, 12)}…): some are missing at the end, or the chain was made anew`,
    );
  return faults;
}
