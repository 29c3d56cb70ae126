import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

/* What other pages quote of docs/benchmarks.md is what it says: it is measured anew, and they are not. */

const page = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());

/** The rows of an id: the anchor's figure and Sluice's, as they are printed. */
const rowsOf = (id: string): string[] =>
  page('benchmarks.md')
    .split('\n')
    .map(cells)
    .filter(([, row]) => row === id)
    .map(([, , , , unit, anchor, sluice]) => `${anchor} ${unit} | ${sluice} ${unit}`);

test('beside the anchor', () => {
  const figures = /\((?<id>B\d+)\) \| (?<said>\S+ (?:s|ms|MB) \| \S+ (?:s|ms|MB)) \|$/gm;
  const quoted = [...page('comparison.md').matchAll(figures)];
  expect(quoted.length).toBe(5);
  for (const { groups: { id = '', said } = {} } of quoted) expect(rowsOf(id)).toContain(said);
});

test('for how large it gets', () => {
  const sentence = /^Measured on 2 cores.*?: (?<size>.*?)\. /m.exec(page('operations.md'));
  const quoted = [...(sentence?.groups?.['size'] ?? '').matchAll(/\d[\d.]* (?:MB|cores)/g)];
  expect(quoted.length).toBe(5);
  const rows = [...rowsOf('B10'), ...rowsOf('B11')];
  for (const [figure] of quoted) expect(rows.some((row) => row.endsWith(`| ${figure}`))).toBe(true);
});
