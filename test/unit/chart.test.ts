import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { chartReadme } from '../generate/chart-readme.ts';
import { linksOf } from '../harness/links.ts';

/* What can be told of the chart without Helm. */

const chart = join(import.meta.dirname, '../../charts/sluice');
const read = (path: string): unknown => parse(readFileSync(join(chart, path), 'utf8'));

const at = (values: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);

/** Every value that has a default, by the README. */
const leaves = [...chartReadme().text.matchAll(/^\| `([\w.]+)` \| `.*` \|/gm)].map(([, name = '']) => name);

describe('each value', () => {
  const defaults = read('values.yaml');
  const sets = readdirSync(join(chart, 'ci')).map((file) => read(`ci/${file}`));

  test('is found', () => {
    expect(leaves.length).toBeGreaterThan(45);
  });

  test.each(leaves)('%s is tried with another than its default, in ci/', (path) => {
    const tried = sets.map((set) => at(set, path)).filter((value) => value !== undefined);
    expect(tried.some((value) => !isDeepStrictEqual(value, at(defaults, path)))).toBe(true);
  });
});

test('what the README of the chart leads to is in its package', () => {
  const ignored = readFileSync(join(chart, '.helmignore'), 'utf8').trim().split('\n');
  const inside = linksOf(chartReadme().text).map(({ target }) => target);
  expect(inside.length).toBeGreaterThan(0);
  expect(inside.filter((to) => to.startsWith('..') || ignored.includes(`${to}/`))).toEqual([]);
});
