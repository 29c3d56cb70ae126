import { describe, expect, test } from '@jest/globals';
import { isUsed, KEPT, recorded, WORTH } from './used.ts';

/* The record has room for so many Decisions, and forgets none that nobody else knows of. */

const one = (n: number): { uid: string; at: string } => ({
  uid: `d-${n}`,
  at: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString(),
});
const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => one(from + i));
const uids = (list: readonly { uid: string }[]): string[] => list.map((d) => d.uid);

/** The record after a write. */
const after = (
  change: Partial<Parameters<typeof recorded<{ uid: string; at: string }>>[0]>,
): { uid: string; at: string }[] =>
  recorded({ before: [], counts: [], others: [], worth: () => WORTH.untold, ...change });

/** The first ten say themselves that they were used. */
const tenTold = ({ uid }: { uid: string }): number =>
  Number(uid.slice(2)) <= 10 ? WORTH.told : WORTH.untold;
const mostTold = ({ uid }: { uid: string }): number =>
  Number(uid.slice(2)) <= 48 ? WORTH.told : WORTH.untold;
const firstKept = ({ uid }: { uid: string }): number => (uid === 'd-1' ? WORTH.kept : WORTH.untold);

describe('a record of Decisions', () => {
  test('takes what is new, oldest first, as far as there is room', () => {
    expect(uids(after({ others: many(1, 70).toReversed() }))).toEqual(uids(many(1, KEPT)));
  });

  test('lets go of nothing that nobody else knows of: what is new waits', () => {
    const before = many(1, KEPT);
    expect(after({ before, others: many(100, 5) })).toEqual(before);
  });

  test('lets go of the oldest that say so themselves, and of no more than it has to', () => {
    const before = many(1, KEPT);
    expect(uids(after({ before, others: many(100, 3), worth: tenTold }))).toEqual([
      ...uids(many(4, KEPT - 3)),
      ...uids(many(100, 3)),
    ]);
    // More than there is room for wait until most of them can come.
    expect(after({ before, others: many(100, 20), worth: tenTold })).toEqual(before);
    expect(uids(after({ before, others: many(100, 60), worth: mostTold }))).toEqual([
      ...uids(many(49, 16)),
      ...uids(many(100, 48)),
    ]);
  });

  test('has what counts now in any case, and keeps what something follows from', () => {
    const before = many(1, KEPT);
    expect(uids(after({ before, counts: [one(100)], worth: firstKept }))).toEqual([
      'd-1',
      ...uids(many(3, KEPT - 2)),
      'd-100',
    ]);
  });
});

const decision = (status?: 'True' | 'False') => ({
  metadata: { uid: 'd-1' } as never,
  status: status && {
    conditions: [{ type: 'Accepted', status, reason: 'r', message: '', lastTransitionTime: '' }],
  },
});

test('what was used is used by a record, or by its own word, and by nothing else', () => {
  // A full list of newer ones says nothing of it.
  const full = { decisions: many(10, KEPT) };
  expect(isUsed(decision(), full)).toBe(false);
  expect(isUsed(decision('False'), full)).toBe(false);
  expect(isUsed(decision('True'), full)).toBe(true);
  expect(isUsed(decision(), undefined, { decisions: [one(1)] })).toBe(true);
});
