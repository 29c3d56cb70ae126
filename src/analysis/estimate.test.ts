import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { samplesWarning, secondsUntilSamples } from './estimate.ts';

describe('how long until there are enough samples', () => {
  test.each<[string, [number, number, number, number], number]>([
    ['600 a minute, of which the canary gets a tenth', [50, 600, 60, 10], 50],
    ['one request a second at 20 %', [50, 60, 60, 20], 250],
    ['all of the traffic', [50, 300, 300, 100], 50],
    ['rounded up', [1, 60, 60, 40], 3],
    ['a flood takes a second', [1, 1e6, 1, 100], 1],
    ['no traffic', [50, 0, 60, 20], Number.POSITIVE_INFINITY],
    ['no weight', [50, 600, 60, 0], Number.POSITIVE_INFINITY],
    ['no window', [50, 0, 0, 20], Number.POSITIVE_INFINITY],
    ['an answer that is no number', [50, Number.NaN, 60, 20], Number.POSITIVE_INFINITY],
  ])('%s', (_, given, seconds) => {
    expect(secondsUntilSamples(...given)).toBe(seconds);
  });

  test('more weight or more traffic never takes longer', () => {
    const positive = fc.integer({ min: 1, max: 10_000 });
    const weight = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(positive, positive, positive, weight, weight, (atLeast, count, window, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const slow = secondsUntilSamples(atLeast, count, window, less);
        expect(secondsUntilSamples(atLeast, count, window, more)).toBeLessThanOrEqual(slow);
        expect(secondsUntilSamples(atLeast, count * 2, window, less)).toBeLessThanOrEqual(slow);
      }),
    );
  });
});

describe('what to warn of', () => {
  const given = { atLeast: 50, stableCount: 60, windowSeconds: 60, weightPercent: 20 };
  const query = { growsWithStep: false, deadlineSeconds: 600 };
  test.each<[string, Partial<typeof given>, Partial<typeof query>, string | undefined]>([
    [
      'a window that is too short for so little traffic',
      {},
      {},
      'minSamples.atLeast is never reached at 20 % of the present traffic: 50 requests take 5 min, and the query looks back 60 s; write [{{ stepSeconds }}s] in it, or lower atLeast',
    ],
    ['a window that grows', {}, { growsWithStep: true }, undefined],
    [
      'one that grows longer than the deadline',
      { stableCount: 6 },
      { growsWithStep: true },
      'minSamples.atLeast takes 42 min at 20 % of the present traffic, longer than deadlineSeconds (10 min): raise that, or lower atLeast',
    ],
    [
      'no traffic',
      { stableCount: 0 },
      { growsWithStep: true },
      'minSamples.atLeast is never reached at 20 % of the present traffic: there is none; send some, or lower it',
    ],
    ['plenty', { stableCount: 6000 }, {}, undefined],
  ])('%s', (_, more, how, warning) => {
    expect(samplesWarning({ ...given, ...more }, { ...query, ...how })).toBe(warning);
  });
});
