import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { assign, type Claim, excludes } from './assign.ts';

const claim = (gate: string, by: string, needed = 1, distinct = true): Claim => ({
  gate,
  distinct,
  needed,
  by: by.split(''),
});

/** Who counts where, as letters. */
const said = (claims: readonly Claim[]): string[] => {
  const found = assign(claims);
  return claims.map((c) => `${c.gate}:${found.get(c)?.join('') ?? '-'}`);
};

describe('who counts at which gate', () => {
  test.each<[string, Claim[], string[]]>([
    ['each at one', [claim('a', 'xy'), claim('b', 'x')], ['a:y', 'b:x']],
    [
      'along a chain',
      [claim('a', 'xy'), claim('b', 'yz'), claim('c', 'zx'), claim('d', 'xw')],
      ['a:x', 'b:y', 'c:z', 'd:w'],
    ],
    ['several at one', [claim('a', 'wxyz', 2), claim('b', 'wx', 2)], ['a:yz', 'b:wx']],
    ['where not all can pass, the first does', [claim('a', 'x'), claim('b', 'x')], ['a:x', 'b:-']],
    [
      'and those after one that cannot',
      [claim('a', 'x'), claim('b', 'x'), claim('c', 'xy')],
      ['a:x', 'b:-', 'c:y'],
    ],
    [
      'gates of any persons share them',
      [claim('a', 'xy', 1, false), claim('b', 'xy', 1, false), claim('c', 'x')],
      ['a:y', 'b:y', 'c:x'],
    ],
    ['a gate that is asked twice is one', [claim('a', 'x'), claim('a', 'x')], ['a:x', 'a:x']],
  ])('%s', (_, claims, expected) => {
    expect(said(claims)).toEqual(expected);
  });

  test('passes all gates exactly where some choice of persons does', () => {
    const persons = fc.subarray(['u', 'v', 'w', 'x']);
    const claims = fc
      .array(fc.record({ distinct: fc.boolean(), needed: fc.integer({ min: 1, max: 2 }), by: persons }), {
        maxLength: 3,
      })
      .map((list) => list.map((c, i): Claim => ({ ...c, gate: `g${i}` })));
    fc.assert(
      fc.property(claims, (list) => {
        expect(assign(list).size === list.length).toBe(canPass(list));
      }),
    );
  });

  test('many who approve everything do not hold it up', () => {
    const crowd = 'abcdefghijklmnopqrstuvwxyz';
    const list = ['a', 'b', 'c'].map((gate) => claim(gate, crowd, 9));
    expect(assign(list).size).toBe(2);
  });
});

/** Every choice of persons is tried. */
function canPass(claims: readonly Claim[], chosen: readonly (readonly string[])[] = []): boolean {
  const next = claims[chosen.length];
  if (!next) return true;
  return subsets(next.by, next.needed).some((own) => {
    const clashes = chosen.some((other, j) => {
      const before = claims[j];
      return before && excludes(before, next) && other.some((p) => own.includes(p));
    });
    return !clashes && canPass(claims, [...chosen, own]);
  });
}

function subsets(of: readonly string[], size: number): string[][] {
  if (size === 0) return [[]];
  return of.flatMap((first, i) => subsets(of.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
}
