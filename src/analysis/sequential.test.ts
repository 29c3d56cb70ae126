import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Counts, eValue, NO_EVIDENCE, withLook } from './sequential.ts';
import {
  failureLimit,
  inARow,
  looksOf,
  type Release,
  seeded,
  sequentialRule,
  tally,
  thresholdRule,
} from './testing/releases.ts';

const counts = (bad: number, total: number): Counts => ({ bad, total });
const one = (canary: Counts, stable: Counts, margin = 1): number =>
  eValue(withLook(NO_EVIDENCE, canary, stable, margin));

describe('the evidence of a look', () => {
  test.each<[string, Counts, Counts, number, number]>([
    ['no failures are no evidence', counts(0, 100), counts(0, 900), 1, 1],
    ['no canary requests', counts(0, 0), counts(50, 900), 1, 1],
    ['no stable requests', counts(50, 100), counts(0, 0), 1, 1],
    // pi0 = 0.1; the share of the canary under ratio r is r/(r+9): the mean of r/(r+9)/0.1 over the ratios.
    ['one failure of the canary', counts(1, 100), counts(0, 900), 1, 3.5796],
    ['one failure of stable', counts(0, 100), counts(1, 900), 1, 0.7134],
    ['the margin takes the edge off', counts(1, 100), counts(0, 900), 2, 2.7408],
  ])('%s', (_, canary, stable, margin, value) => {
    expect(one(canary, stable, margin)).toBeCloseTo(value, 4);
  });

  test('is huge and finite, however bad the canary', () => {
    expect(one(counts(1e15, 1e15), counts(0, 1e15))).toBe(1e12);
    expect(one(counts(0, 1e15), counts(1e15, 1e15))).toBe(0);
  });
});

/** The chance that `bad` of `all` failures are the canary's, each with that probability. */
function binomial(all: number, bad: number, probability: number): number {
  let chance = 1;
  for (let i = 1; i <= bad; i++) chance *= (all - bad + i) / i;
  return chance * probability ** bad * (1 - probability) ** (all - bad);
}

interface Given {
  canary: number;
  stable: number;
  margin: number;
  failures: number;
  before: number[];
}

/** The average factor by which a look with so many failures changes the e-value, when the canary fails `ratio` times as often. */
function expected({ canary, stable, margin, failures, before }: Given, ratio: number): number {
  const probability = (ratio * canary) / (ratio * canary + stable);
  let mean = 0;
  for (let bad = 0; bad <= failures; bad++) {
    const look = withLook(before, counts(bad, canary), counts(failures - bad, stable), margin);
    mean += binomial(failures, bad, probability) * eValue(look);
  }
  return mean / eValue(before);
}

describe('a test martingale', () => {
  const traffic = fc.record({
    canary: fc.integer({ min: 1, max: 1000 }),
    stable: fc.integer({ min: 1, max: 1000 }),
    margin: fc.double({ min: 1, max: 3, noNaN: true }),
    // More would reach the largest e-value that is told apart.
    failures: fc.integer({ min: 0, max: 7 }),
    before: fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 6, maxLength: 6 }),
  });

  test('where the canary fails exactly as often as the margin allows, no look changes it on average', () => {
    fc.assert(fc.property(traffic, (given) => expect(expected(given, given.margin)).toBeCloseTo(1, 6)));
  });

  test('where it fails less often, it falls', () => {
    fc.assert(
      fc.property(traffic, fc.double({ min: 0.01, max: 1, noNaN: true }), (given, share) =>
        expect(expected(given, share * given.margin)).toBeLessThanOrEqual(1 + 1e-9),
      ),
    );
  });
});

/** Small enough for every test run; `make bench-compare` plays many more. */
const RUNS = 400;
const play = (release: Release, runs = RUNS): ReturnType<typeof looksOf>[] => {
  const random = seeded(7);
  return Array.from({ length: runs }, () => looksOf(release, random));
};

describe('false alarms in ten minutes of looks every 15 s', () => {
  test.each([
    { alpha: 0.01, margin: 1, canaryPerSecond: 1 },
    { alpha: 0.01, margin: 1.2, canaryPerSecond: 25 },
    { alpha: 0.05, margin: 1, canaryPerSecond: 5 },
    { alpha: 0.05, margin: 1.5, canaryPerSecond: 25 },
    { alpha: 0.2, margin: 1.2, canaryPerSecond: 5 },
  ])('are at most alpha, also right at the margin: %o', ({ alpha, margin, canaryPerSecond }) => {
    for (const canaryRate of [0.005, 0.005 * margin]) {
      const releases = play({ canaryPerSecond, canaryRate, stableRate: 0.005 }, 1000);
      expect(tally(sequentialRule(alpha, margin), releases).aborted).toBeLessThanOrEqual(alpha);
    }
  });

  test('an outage that both share blames nobody', () => {
    const noise = { on: 'both', logSd: 0.7 } as const;
    const releases = play({ canaryPerSecond: 25, canaryRate: 0.005, stableRate: 0.005, noise }, 1000);
    expect(tally(sequentialRule(0.01, 1.2), releases).aborted).toBeLessThanOrEqual(0.01);
  });
});

describe('beside limits on the rate of each minute, at one canary request a second', () => {
  const healthy = play({ canaryPerSecond: 1, canaryRate: 0.005, stableRate: 0.005 });
  const broken = play({ canaryPerSecond: 1, canaryRate: 0.2, stableRate: 0.005 });

  test('limits abort good releases, the test does not', () => {
    expect(tally(thresholdRule(0.01, failureLimit(0)), healthy).aborted).toBeGreaterThan(0.9);
    expect(tally(thresholdRule(0.01, failureLimit(2)), healthy).aborted).toBeGreaterThan(0.4);
    expect(tally(thresholdRule(0.01, inARow(3)), healthy).aborted).toBeGreaterThan(0.05);
    expect(tally(sequentialRule(0.01, 1.2), healthy).aborted).toBeLessThanOrEqual(0.01);
  });

  test('and it sees a broken one sooner', () => {
    const { aborted, medianSeconds } = tally(sequentialRule(0.01, 1.2), broken);
    expect(aborted).toBe(1);
    expect(medianSeconds).toBeLessThanOrEqual(45);
    expect(tally(thresholdRule(0.01, failureLimit(2)), broken).medianSeconds).toBe(180);
  });
});
