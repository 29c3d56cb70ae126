import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { chartReadme } from '../generate/chart-readme.ts';
import { generatedFiles } from '../generate/files.ts';

const root = join(import.meta.dirname, '../..');

describe('generated files', () => {
  test.each(generatedFiles())('$path is what `make generate` makes of the code', ({ path, text }) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  });

  test.each(generatedFiles())('$path is below 100 KB', ({ text }) => {
    expect(text.length).toBeLessThan(100_000);
  });
});

test('`make verify` looks at every one of them', () => {
  const makefile = readFileSync(join(root, 'Makefile'), 'utf8');
  const [, looked = ''] = /^\tgit diff --exit-code -- (.+)$/m.exec(makefile) ?? [];
  const folders = looked.split(' ').map((folder) => `${folder}/`);
  expect(generatedFiles().filter(({ path }) => !folders.some((folder) => path.startsWith(folder)))).toEqual(
    [],
  );
});

test('every value of the chart says what it means', () => {
  const rows = chartReadme().text.match(/^\| `.*\|$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter((row) => /\| *\|$/.test(row))).toEqual([]);
});
