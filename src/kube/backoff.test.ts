import { expect, test } from '@jest/globals';
import { exponential, fullJitter } from './backoff.ts';

const range = { baseMs: 250, capMs: 10_000 };

test('the bound doubles from base to cap, and stays there however often it fails', () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 8, 5_000].map((failures) => exponential(range, failures));
  expect(bounds).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
});

test('full jitter is anything from nothing to the bound', () => {
  expect(fullJitter(range, 3, () => 0)).toBe(0);
  expect(fullJitter(range, 3, () => 0.5)).toBe(500);
});
