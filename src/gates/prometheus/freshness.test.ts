import { describe, expect, test } from '@jest/globals';
import { Freshness } from './freshness.ts';

/* Whether a server's answers move on with time; `ours` is a monotonic clock, `theirs` the server's wall clock. */

const EPOCH = 1_700_000_000;

/** Looks at these times in seconds, one after the other; for each whether it was refused. `took`: to the answer. */
function looks(times: readonly [ours: number, theirs: number, took?: number][]): boolean[] {
  const freshness = new Freshness();
  return times.map(([ours, theirs, took = 0]) => {
    try {
      freshness.check(EPOCH + theirs, ours * 1000, (ours + took) * 1000);
      return false;
    } catch {
      return true;
    }
  });
}

const seconds = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('is taken for new', () => {
  test.each<[string, [number, number, number?][]]>([
    ['an answer every second', seconds(0, 100).map((s) => [s, s])],
    ['a clock that is an hour wrong', seconds(0, 100).map((s) => [s, s - 3600])],
    ['servers behind one address that disagree a little', seconds(0, 100).map((s) => [s, s + (s % 3)])],
    ['a clock that loses a second in a minute', seconds(0, 1000).map((s) => [s, s - s / 60])],
    ['a clock that is put forward', seconds(0, 100).map((s) => [s, s < 50 ? s : s + 600])],
    ['a server that takes its time now and then', seconds(0, 100).map((s) => [s, s, s % 10])],
    ['one that asks first and answers then', seconds(0, 100).map((s) => [s, s + (s % 10), s % 10])],
    ['answers of one moment', seconds(0, 100).map(() => [0, 0])],
  ])('%s', (_, times) => {
    expect(looks(times)).not.toContain(true);
  });
});

describe('is refused', () => {
  test('what is answered again and again, for as long as it is', () => {
    const refused = looks(seconds(0, 1000).map((s) => [s, 0]));
    expect(refused.slice(0, 5)).not.toContain(true);
    expect(refused.slice(10)).not.toContain(false);
  });

  test('what a cache has kept for half a minute, until there is a new answer', () => {
    const refused = looks(seconds(0, 300).map((s) => [s, s - (s % 30)]));
    expect(seconds(0, 300).filter((s) => !refused[s] && s % 30 > 6)).toEqual([]);
    expect(seconds(0, 300).filter((s) => refused[s] && s % 30 === 0)).toEqual([]);
  });

  test('a clock that is put back, for a minute', () => {
    const refused = looks(seconds(0, 200).map((s) => [s, s < 50 ? s : s - 600]));
    expect(refused.indexOf(true)).toBe(50);
    expect(refused.lastIndexOf(true)).toBe(109);
    expect(refused.slice(50, 110)).not.toContain(false);
  });
});
