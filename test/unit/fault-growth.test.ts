import { expect, test } from '@jest/globals';
import { type Timer, waitingTimers, systemClock } from '../../src/runtime/clock.ts';
import { isGrowing, trendOf } from '../faults/growth.ts';
import { growthIn, type Look } from '../faults/looks.ts';
import { numbers } from '../harness/random.ts';

const noise = numbers(7);
const flat = Array.from({ length: 40 }, () => 100 + 10 * (noise() - 0.5));

test('a line is found again', () => {
  const { from, rise, error } = trendOf([1, 3, 5, 7]);
  expect(from).toBeCloseTo(1);
  expect(rise).toBeCloseTo(6);
  expect(error).toBeCloseTo(0);
});

test('noise does not grow', () => {
  expect(isGrowing(flat, 0.05)).toBe(false);
  expect(
    isGrowing(
      flat.map((v, i) => v - i),
      0.05,
    ),
  ).toBe(false);
});

test('what leaks under noise does', () => {
  expect(
    isGrowing(
      flat.map((v, i) => v + i / 2),
      0.05,
    ),
  ).toBe(true);
});

test('less than what is tolerated does not count', () => {
  expect(
    isGrowing(
      flat.map((v, i) => v + i / 2),
      0.5,
    ),
  ).toBe(false);
});

test('two values have no trend', () => {
  expect(() => trendOf([1, 2])).toThrow('three values');
});

/** An operator looked at after each of ten rounds, in each of which it does something. */
function rounds(work: (round: number) => Partial<Look>): Look[] {
  return Array.from({ length: 10 }, (_, round) => ({
    heapUsed: 3e7 + 1000 * noise(),
    resources: { TCPSocketWrap: 4 },
    timers: waitingTimers(),
    openFiles: 30 + (round % 3),
    ...work(round),
  }));
}

test('an operator that leaves nothing behind does not grow', () => {
  const said: string[] = [];
  expect(
    growthIn(
      rounds(() => ({})),
      (line) => said.push(line),
    ),
  ).toEqual([]);
  expect(said).toHaveLength(4);
});

test('timers that are left behind are found, although they keep nothing alive', () => {
  const left: Timer[] = [];
  const leaking = rounds(() => {
    left.push(systemClock.after(3_600_000, () => {}));
    return { timers: 20 + waitingTimers() };
  });
  const found = growthIn(leaking, () => {});
  for (const timer of left) timer.cancel();
  expect(found).toEqual([expect.stringMatching(/^timers: /)]);
});

test('connections that are left behind are found as open files', () => {
  expect(
    growthIn(
      rounds((round) => ({ openFiles: 30 + round })),
      () => {},
    ),
  ).toEqual([expect.stringMatching(/^open files: /)]);
});
