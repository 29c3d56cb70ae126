import { expect, test } from '@jest/globals';
import { coveredGapMs } from './coverage.ts';

test.each<[string, number | undefined, number, number]>([
  ['two conclusive samples cover the time between them', 0, 15, 15],
  ['a blind sample before covers nothing', undefined, 15, 0],
  ['a wide gap covers two intervals at most', 0, 1000, 30],
  ['a clock that went back covers nothing', 20, 15, 0],
])('%s', (_, sightedAt, at, expected) => {
  expect(coveredGapMs(sightedAt, at, 15)).toBe(expected);
});
