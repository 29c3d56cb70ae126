import { expect, test } from '@jest/globals';
import { isGrowing, trendOf } from '../faults/growth.ts';
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
