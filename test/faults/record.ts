import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { CaseResult } from './catalogue.ts';

/*
 * What a run has come to, case by case, in a file of JSON lines: the run itself first, then each case as it ends, and
 * last that it has ended. Whoever has found out why a case broke plays that one again, and not an hour and a half.
 */

/** What a run is of. */
export interface Beginning {
  /** What its random choices followed from. */
  seed: number;
  /** Names what was under test (see `productOf`). */
  product: string;
}

/** How a run ended. */
interface Ending {
  /** Tests that failed and are no cases. */
  others: number;
}

type Line = { began: Beginning } | { ended: Ending } | CaseResult;

/** A run that was read back. */
export interface Run extends Beginning {
  cases: CaseResult[];
}

/** All that is under test; the rest of the repository is what tests it. */
const PRODUCT = ['src', 'crds', 'charts', 'policies', 'package-lock.json'];

/** A name for the product as it stands in a repository, by its content; with changes that are not committed, `changed`. */
export function productOf(root: string): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  if (git('status', '--porcelain', '--', ...PRODUCT) !== '') return 'changed';
  const trees = git('rev-parse', ...PRODUCT.map((path) => `HEAD:${path}`));
  return createHash('sha256').update(trees).digest('hex').slice(0, 12);
}

/** Begins a record at a path, with the cases that have ended; more are appended to it as they end. */
export function begin(path: string, began: Beginning, cases: readonly CaseResult[] = []): void {
  const lines: Line[] = [{ began }, ...cases];
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Says that the run has ended, after its last case. */
export function end(path: string, ended: Ending): void {
  appendFileSync(path, `${JSON.stringify({ ended })}\n`);
}

const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));

/** The cases of a record, in the order in which they ended. */
export function casesIn(path: string): CaseResult[] {
  return linesOf(path).filter((line): line is CaseResult => 'id' in line);
}

/**
 * Reads a run of which something is to be played again.
 * @throws Error where what held in it says nothing of this product, or where not all of it is known
 */
export function runToRepeat(path: string, product: string): Run {
  const lines = linesOf(path);
  const began = lines.flatMap((line) => ('began' in line ? [line.began] : [])).at(0);
  const ended = lines.flatMap((line) => ('ended' in line ? [line.ended] : [])).at(0);
  if (began === undefined || ended === undefined)
    throw new Error(`${path} is not the record of a run that has ended: play all of it`);
  if (product === 'changed' || began.product !== product)
    throw new Error(`${path} is of another product (${began.product}, this is ${product}): play all of it`);
  if (ended.others > 0)
    throw new Error(`${path} has ${ended.others} failed tests that are no cases: play all of it`);
  const cases = casesIn(path);
  if (cases.every((c) => c.held))
    throw new Error(`${path} has no case that broke: there is nothing to play again`);
  return { ...began, cases };
}

/** An expression for the names of exactly these cases' tests. */
export function namesOf(cases: readonly CaseResult[]): string {
  const ids = cases.map(({ id }) => id.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return `(?:^| )(?:${ids.join('|')}): `;
}

/** A run with those of its cases that were played again, as they ended then. */
export function withAgain(cases: readonly CaseResult[], again: readonly CaseResult[]): CaseResult[] {
  const byId = new Map(again.map((result) => [result.id, result]));
  return cases.map((result) => byId.get(result.id) ?? result);
}
