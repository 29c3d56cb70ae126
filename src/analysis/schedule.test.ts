import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { nextOnGrid, phaseOf } from './schedule.ts';

test.each<[string, number, number, number]>([
  ['a sample on the grid: one interval later', 1003, 1005, 1103],
  ['a slow sample: the next point of the grid', 1003, 1250, 1303],
  ['a sample soon after the grid point: the next one', 1010, 1010, 1103],
  ['a sample soon before a grid point: the one after that', 1080, 1081, 1203],
  ['exactly half an interval before: that one', 1053, 1053, 1103],
])('%s', (_, started, now, expected) => {
  expect(nextOnGrid(3, 100, started, now)).toBe(expected);
});

test('the next sample is on the grid, in the future, and within one and a half intervals', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 1e5 }),
      fc.nat(1e9),
      fc.nat(1e5),
      (seed, interval, started, took) => {
        const phase = seed % interval;
        const now = started + took;
        const next = nextOnGrid(phase, interval, started, now);
        expect((next - phase) % interval).toBe(0);
        expect(next).toBeGreaterThan(now);
        expect(next - started).toBeGreaterThanOrEqual(interval / 2);
        expect(next).toBeLessThanOrEqual(Math.max(started + interval / 2, now) + interval);
      },
    ),
  );
});

test('phases of many keys spread over the interval', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 10_000; i++) {
    const tenth = Math.floor(phaseOf(`shop/p-${i}|error-rate|During|checkout`, 5000) / 500);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  expect(Math.min(...tenths)).toBeGreaterThan(850);
  expect(Math.max(...tenths)).toBeLessThan(1150);
});
