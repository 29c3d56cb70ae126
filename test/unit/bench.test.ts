import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documentOf } from '../bench/document.ts';
import { readBook, withProfile } from '../bench/keep.ts';
import { latenessOf } from '../bench/lateness.ts';
import type { Measurement } from '../bench/measure.ts';
import { optionsFrom } from '../bench/options.ts';
import { growth, ratioOf, resultsOf, standingOf, unmeasured } from '../bench/results.ts';
import { ROWS } from '../bench/rows.ts';
import { asked } from '../bench/stand-in/query.ts';
import { growthExponent, line, means, median, percentile } from '../bench/statistics.ts';

/* What the benchmarks compute, and what their stand-in for Prometheus understands. */

describe('figures', () => {
  test('percentiles are values that were measured, by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0, 0.5, 0.99, 1].map((p) => percentile(hundred, p))).toEqual([1, 50, 99, 100]);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('the median is the middle, or between the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN]);
  });

  test('points are put together to the means of equal parts, as many as there may be', () => {
    const points = [1, 3, 10, 20, 7, 9, 100].map((y, x) => [x, y] as const);
    expect(means(points, 3)).toEqual([
      [0.5, 2],
      [2.5, 15],
      [4.5, 8],
    ]);
    expect(means(points.slice(0, 2), 3)).toEqual(points.slice(0, 2));
    expect(means([], 3)).toEqual([]);
  });

  test('a line has a slope, and an error that says how far the points are from it', () => {
    expect(line([0, 1, 2, 3].map((x) => [x, 5 + 2 * x] as const))).toEqual({ slope: 2, error: 0 });
    const noisy = line([1, -1, 1, -1, 1, -1].map((noise, x) => [x, noise] as const));
    expect(Math.abs(noisy.slope)).toBeLessThan(2 * noisy.error);
  });

  test.each([0.5, 1, 1.5])('growth with the exponent %d is found', (x) => {
    expect(growthExponent([100, 1000, 10_000].map((n) => [n, 3 * n ** x] as const))).toBeCloseTo(x);
  });

  test('lateness is how much longer than the interval it took, and drift what adds up', () => {
    const late = latenessOf(
      [
        [0, 5000, 10_000, 15_000],
        [0, 5100, 10_200, 15_300],
      ],
      5,
    );
    expect(late).toMatchObject({ p50: 0, samples: 6 });
    expect(late.p99).toBeCloseTo(0.1);
    expect(latenessOf([[0, 5100, 10_200, 15_300]], 5).drift).toBeCloseTo(0.3);
    // Late once, then back on the grid: no drift.
    expect(latenessOf([[0, 5400, 10_000]], 5)).toMatchObject({ drift: 0 });
  });
});

describe('the stand-in for Prometheus finds whom a query is about', () => {
  test.each([
    ['one', 'sum(rate(x{app="a-1",code=~"5.."}[5s])) / sum(rate(x{app="a-1"}[5s]))', 'app', ['a-1'], false],
    ['several, by label', 'sum by (app) (rate(x{app=~"a-1|a-2"}[5s]))', 'app', ['a-1', 'a-2'], true],
    ['a group', 'sum by(code, app) (x{app=~"^(?:a|b)$"})', 'app', ['a', 'b'], true],
    ['escaped', 'sum by (app) (x{app=~"a\\\\.b|c\\\\-d"})', 'app', ['a.b', 'c-d'], true],
    ['several in one sum', 'sum(x{app=~"a|b"})', 'app', ['a', 'b'], false],
    ['by another label', 'sum by (code) (x{run="r"})', 'run', ['r'], false],
    ['nobody', 'up', undefined, [], false],
  ])('%s', (_, query, label, values, byLabel) => {
    expect(asked(query)).toEqual({ label, values, byLabel });
  });
});

function measured(row: string, at: string, side: Measurement['side'], ...values: number[]): Measurement[] {
  return values.map((value) => ({ row, at, side, value }));
}

describe('results', () => {
  test('are medians over the rounds, beside those of the anchor, in the order of the table', () => {
    const results = resultsOf([
      ...measured('B8', 'N = 100, 5 s', 'Sluice', 0.5),
      ...measured('B1', 'N = 1,000', 'Argo Rollouts', 21, 19, 20),
      ...measured('B1', 'N = 1,000', 'Sluice', 0.1, 5, 0.2),
    ]);
    expect(results.map(({ row, value, anchor }) => [row, value, anchor])).toEqual([
      ['B1', 0.2, 20],
      ['B8', 0.5, undefined],
    ]);
    expect(results.map(ratioOf)).toEqual([100, undefined]);
  });

  test.each([
    ['B1', 'N = 1,000', 0.2, 'aim'],
    ['B1', 'N = 1,000', 0.3, 'reached'],
    ['B1', 'N = 1,000', 0.6, 'missed'],
    ['B1', 'N = 300', 0.6, 'no target'],
    ['B5', 'N = 5', 3, 'reached'],
    ['B13', 'SIGTERM', 0.9, 'reached'],
    ['B14', 'N = 100', 9, 'missed'],
    ['B14', 'N = 100', 30, 'aim'],
  ])('%s at %s with %d: %s', (row, at, value, standing) => {
    expect(resultsOf(measured(row, at, 'Sluice', value)).map(standingOf)).toEqual([standing]);
  });

  test('a detail that nobody could measure is left out, so that JSON gives back what was written', () => {
    const details = { found: 2, missing: Number.NaN };
    const results = resultsOf([{ row: 'B1', at: 'N = 100', side: 'Sluice', value: 1, details }]);
    expect(results[0]?.details).toEqual({ Sluice: { found: 2 } });
    expect(JSON.parse(JSON.stringify(results))).toEqual(results);
  });

  test('growth comes from the sizes that were measured, and from none where there is one', () => {
    const cores = [100, 1000, 10_000].flatMap((n) =>
      measured('B10', `N = ${n.toLocaleString('en-US')}, 5 s`, 'Sluice', n / 10_000),
    );
    expect(growth(resultsOf(cores)).map(({ at, value }) => [at, value])).toEqual([
      ['CPU at an interval of 5 s', 1],
    ]);
    expect(growth(resultsOf(cores.slice(0, 1)))).toEqual([]);
  });
});

describe('make bench', () => {
  const rows = ROWS.map(({ id }) => id);
  test('takes rows, rounds and the short form from its variables', () => {
    expect(optionsFrom({ ONLY: 'b3, B5', CHECK: '1' }, rows)).toMatchObject({
      only: new Set(['B3', 'B5']),
      rounds: 3,
      short: false,
      check: true,
      command: 'make bench ONLY=b3, B5 CHECK=1',
    });
    expect(optionsFrom({ SHORT: '1', ROUNDS: '2' }, rows)).toMatchObject({
      only: undefined,
      rounds: 2,
      short: true,
    });
    expect(optionsFrom({ SHORT: '' }, rows)).toMatchObject({ rounds: 3, short: false });
  });

  test('refuses what it does not know', () => {
    expect(() => optionsFrom({ ONLY: 'B4' }, rows)).toThrow('B4');
    expect(() => optionsFrom({ ROUNDS: 'many' }, rows)).toThrow('ROUNDS');
  });

  test('has every row but B4, which is B2 and B3', () => {
    const wanted = Array.from({ length: 20 }, (_, i) => `B${i + 1}`).filter((id) => id !== 'B4');
    expect(rows).toEqual(wanted);
  });
});

test('docs/benchmarks.md is what `make bench` makes of docs/benchmarks.json', () => {
  const docs = join(import.meta.dirname, '../../docs');
  const written = readFileSync(join(docs, 'benchmarks.md'), 'utf8');
  expect(written).toBe(documentOf(readBook(join(docs, 'benchmarks.json'))));
});

test('a profile stays until the rows that it explains are measured again', () => {
  const profile = { family: 'start', rows: ['B12'], date: '2026-01-01', functions: [], places: [] };
  const book = { results: [], profiles: [profile] };
  expect(withProfile(book, 'start', undefined, ['B16']).profiles).toEqual([profile]);
  expect(withProfile(book, 'other', undefined, ['B12']).profiles).toEqual([profile]);
  expect(withProfile(book, 'start', undefined, ['B12', 'B16']).profiles).toEqual([]);
  const newer = { ...profile, date: '2026-01-02' };
  expect(withProfile(book, 'start', newer, ['B12']).profiles).toEqual([newer]);
});

test('a row without a result, or with one that is no number, is told', () => {
  const results = [
    { row: 'B1', value: 3 },
    { row: 'B2', value: Number.NaN },
  ];
  expect(unmeasured(['B1', 'B2', 'B3'], results)).toEqual(['B2', 'B3']);
});
