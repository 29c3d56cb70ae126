import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { append, faultsIn, type Link } from './chain.ts';

const AT = '2026-01-01T00:00:00.000Z';

/** A chain of so many records, written in two goes. */
function chainOf(records: readonly string[], about = 'uid'): Link[] {
  const middle = Math.floor(records.length / 2);
  const first = append(
    about,
    undefined,
    AT,
    records.slice(0, middle).map((what) => ({ what })),
  );
  return [
    ...first,
    ...append(
      about,
      first.at(-1),
      AT,
      records.slice(middle).map((what) => ({ what })),
    ),
  ];
}

const texts = fc.array(fc.string(), { minLength: 1, maxLength: 12 });

describe('a chain', () => {
  test('as it was written has no fault', () => {
    fc.assert(
      fc.property(texts, (records) => {
        const links = chainOf(records);
        expect(faultsIn('uid', links, { head: links.at(-1)?.hash })).toEqual([]);
      }),
    );
  });

  test.each<[string, (links: Link[], i: number) => Link[]]>([
    [
      'a record that was changed',
      (links, i) => links.map((l, n) => (n === i ? { ...l, record: l.record.replace('"at"', '"At"') } : l)),
    ],
    [
      'a hash that was changed',
      (links, i) =>
        links.map((l, n) =>
          n === i ? { ...l, hash: l.hash.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')) } : l,
        ),
    ],
    ['a record that is missing', (links, i) => links.filter((_, n) => n !== i)],
    ['a record that comes twice', (links, i) => links.flatMap((l, n) => (n === i ? [l, l] : [l]))],
    ['an end that is missing', (links) => links.slice(0, -1)],
    [
      'a chain of somebody else',
      (links) =>
        chainOf(
          links.map(() => 'x'),
          'another',
        ),
    ],
    ['a chain that was made anew', (links) => chainOf(links.map(() => 'forged'))],
  ])('shows %s', (_, tamper) => {
    fc.assert(
      fc.property(texts, fc.nat(), (records, n) => {
        const links = chainOf(records);
        const head = links.at(-1)?.hash;
        expect(faultsIn('uid', tamper(links, n % links.length), { head })).not.toEqual([]);
      }),
    );
  });

  test('shows two records that changed places', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (records, n) => {
        const links = chainOf(['first', ...records]);
        const i = n % (links.length - 1);
        const [a, b] = [links[i], links[i + 1]];
        if (!a || !b) return;
        const swapped = links.toSpliced(i, 2, b, a);
        expect(faultsIn('uid', swapped, { head: links.at(-1)?.hash })).not.toEqual([]);
      }),
    );
  });
});
