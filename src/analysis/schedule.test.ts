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

const keys = Array.from({ length: 10_000 }, (_, i) => `shop/p-${i}|error-rate|During|checkout`);

test.each([
  [1000, 4, 250],
  [5000, 20, 250],
  [7000, 20, 350],
  [30_000, 20, 1500],
])('with an interval of %d ms many keys share %d slots evenly, %d ms apart', (interval, slots, apart) => {
  const phases = Map.groupBy(keys, (key) => phaseOf(key, interval, 'http://prometheus'));
  const counts = [...phases.values()].map((some) => some.length);
  expect(counts).toHaveLength(slots);
  expect(Math.min(...counts)).toBeGreaterThan((keys.length / slots) * 0.8);
  expect(Math.max(...counts)).toBeLessThan((keys.length / slots) * 1.2);
  const sorted = [...phases.keys()].toSorted((a, b) => a - b);
  expect(sorted.every((phase, i) => i === 0 || phase - (sorted[i - 1] ?? 0) === apart)).toBe(true);
  expect(sorted[0]).toBeGreaterThanOrEqual(0);
  expect(sorted.at(-1)).toBeLessThan(interval);
});

test('the slots of many lanes do not coincide', () => {
  const lanes = Array.from({ length: 100 }, (_, i) => `http://prometheus-${i}.monitoring.svc:9090`);
  expect(new Set(lanes.map((lane) => phaseOf('a', 5000, lane))).size).toBeGreaterThan(70);
});

test('an interval shorter than a slot has one', () => {
  expect(new Set(keys.map((key) => phaseOf(key, 100))).size).toBe(1);
  expect(phaseOf('a', 0)).toBe(0);
});
