import { isTold } from '../api/v1alpha1/accepted.ts';
import type { Decision } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';

/* The record of Decisions that were used, which has room for so many. What is left out of it is forgotten by nobody. */

/** A name as it stands in status: two that look alike there are one person, wherever persons are told apart by it. */
export function nameOnRecord(by: string): string {
  return presentable(by, 512);
}

/** So many decisions stand in the status of a Promotion or of an Environment. */
export const KEPT = 64;

/** Thousands are put on record many at a time: each write makes all that depends on it be looked at. */
const FEW = 16;

/** A Decision, and when it was made. */
interface Made {
  uid: string;
  at: string;
}

/** What may go to make room. Of the same worth the oldest goes first. */
export const WORTH = {
  /** Its Decision says itself that it was used. */
  told: 0,
  /** Nobody else knows yet that it was used: it gives way to nothing but what counts in this very write. */
  untold: 1,
  /** Something follows from its being there. */
  kept: 2,
} as const;

const inOrder = (a: Made, b: Made): number => Date.parse(a.at) - Date.parse(b.at) || (a.uid < b.uid ? -1 : 1);

/**
 * The record after this write. What counts now has to stand in it. All else that is new waits, oldest first, until
 * there is room: until Decisions on record say themselves that they were used.
 */
export function recorded<T extends Made>({
  before,
  counts,
  others,
  worth,
}: {
  before: readonly T[];
  counts: readonly T[];
  others: readonly T[];
  worth: (one: T) => number;
}): T[] {
  // Several targets may ask the same gate in one pass.
  const own = [...new Map(counts.map((d) => [d.uid, d])).values()];
  const untold = before.filter((d) => worth(d) === WORTH.untold).length;
  const kept = before.filter((d) => worth(d) === WORTH.kept).length;
  const room = Math.max(0, KEPT - own.length - untold - kept);
  const isTime = others.length <= room || untold <= FEW;
  const more = isTime ? others.toSorted(inOrder).slice(0, room) : [];
  const all = [...before, ...own, ...more];
  const giving = before
    .filter((d) => worth(d) < WORTH.kept)
    .toSorted((a, b) => worth(a) - worth(b) || inOrder(a, b))
    .slice(0, Math.max(0, all.length - KEPT));
  return all.filter((d) => !giving.includes(d));
}

/** Whether a Decision was used, by the records of those who may have, or by its own word where they have let go of it. */
export function isUsed(
  decision: Pick<Decision, 'metadata' | 'status'>,
  ...records: ({ decisions?: readonly { uid: string }[] | undefined } | undefined)[]
): boolean {
  const { uid } = decision.metadata;
  return isTold(decision) || records.some((status) => status?.decisions?.some((d) => d.uid === uid) ?? false);
}
