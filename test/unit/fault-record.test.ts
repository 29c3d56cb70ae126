import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { CaseResult } from '../faults/catalogue.ts';
import { begin, casesIn, end, namesOf, productOf, runToRepeat, withAgain } from '../faults/record.ts';

/* Of a run in which a case broke for the harness's sake, that case alone is played again. */

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-record-'));
  path = join(folder, 'cases.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const held: CaseResult = { id: 'A-1', family: 'API', injected: 'x', laws: ['L1'], held: true, times: 2 };
const broken: CaseResult = { ...held, id: 'W5', laws: [], held: false, times: 0, message: 'gave up' };

function record({ product = 'p', others = 0, cases = [held, broken], isWhole = true } = {}): void {
  begin(path, { seed: 7, product }, cases.slice(0, 1));
  for (const result of cases.slice(1)) appendFileSync(path, `${JSON.stringify(result)}\n`);
  if (isWhole) end(path, { others });
}

test('what broke is found, with the seed of that run', () => {
  record();
  expect(runToRepeat(path, 'p')).toEqual({ seed: 7, product: 'p', cases: [held, broken] });
  expect(casesIn(path)).toEqual([held, broken]);
});

test.each([
  ['of a run that has not ended', { isWhole: false }, 'p', 'not the record of a run that has ended'],
  ['of another product', { product: 'q' }, 'p', 'another product (q, this is p)'],
  ['where the product has changes', { product: 'changed' }, 'changed', 'another product'],
  ['in which something else failed', { others: 2 }, 'p', '2 failed tests that are no cases'],
  ['in which all held', { cases: [held] }, 'p', 'nothing to play again'],
])('a record %s is refused', (_, what, product, message) => {
  record(what);
  expect(() => runToRepeat(path, product)).toThrow(message);
});

test('the names are of those cases alone, whatever is in them', () => {
  const odd = { ...broken, id: 'A-409-patch-environments/status' };
  const names = new RegExp(namesOf([broken, odd]));
  expect(['W5: each event', 'faults W5: x', `${odd.id}: x`].every((name) => names.test(name))).toBe(true);
  expect(['W51: x', 'AW5: x', 'A-409-patch-environments: x'].some((name) => names.test(name))).toBe(false);
});

test('a case that was played again is as it ended then, the others as before', () => {
  const again = { ...broken, held: true };
  expect(withAgain([held, broken], [again])).toEqual([held, again]);
});

test('the product is what is shipped, by its content, and nothing that tests it', () => {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
  git('init', '-q');
  for (const name of ['src', 'crds', 'charts', 'policies', 'test', 'package-lock.json'])
    writeFileSync(join(folder, name), name);
  const commit = (): string => {
    git('add', '.');
    git('-c', 'user.name=x', '-c', 'user.email=x', 'commit', '-qm', 'x');
    return productOf(folder);
  };
  const first = commit();
  expect(first).toMatch(/^[0-9a-f]{12}$/);
  writeFileSync(join(folder, 'test'), 'more');
  expect(productOf(folder)).toBe(first);
  expect(commit()).toBe(first);
  writeFileSync(join(folder, 'src'), 'more');
  expect(productOf(folder)).toBe('changed');
  expect(commit()).not.toBe(first);
});
