import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentOf } from './document.ts';
import { families } from './families.ts';
import { type Book, type Profile, readBook, withProfile, withResults, writeBook } from './keep.ts';
import { load, machine } from './machine.ts';
import type { Family, Measurement, Round } from './measure.ts';
import { optionsFrom } from './options.ts';
import { hottest } from './profile.ts';
import { resultTable } from './report.ts';
import { growth, type Kept, type Result, resultsOf, standingOf, unmeasured } from './results.ts';
import { ROWS } from './rows.ts';

/*
 * `make bench`: B1 to B20 on the local control plane. SHORT=1 for a few minutes, ONLY=B3,B5 for some rows, ROUNDS=n,
 * CHECK=1 to fail where a row misses what it has to reach, or has no result. Without SHORT the results go into docs/benchmarks.json,
 * line by line in the place of older ones, and docs/benchmarks.md is made from that.
 */

const root = join(import.meta.dirname, '../..');
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const began = performance.now();
const elapsed = (): string => `${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s`;

const options = optionsFrom(
  process.env,
  ROWS.map(({ id }) => id),
);
const path = join(root, options.short ? '.run/bench/short.json' : 'docs/benchmarks.json');
/** Rows that count, so that the time that goes by explains nothing about them. */
const COUNTED = new Set(['B5', 'B6', 'B7', 'B15', 'B16', 'B17']);
/** Rows that B15 is computed from. */
const OF_GROWTH: readonly string[] = ['B10', 'B11'];

const isWanted = (row: string): boolean =>
  options.only === undefined || options.only.has(row) || (options.only.has('B15') && OF_GROWTH.includes(row));

function roundOf(family: Family, number: number, nodeArgs: readonly string[] = []): Round {
  return {
    number,
    short: options.short,
    nodeArgs,
    say: (text) => say(`${elapsed()}  ${family.name}: ${text}`),
  };
}

/** All rounds of one family, the anchor and Sluice in turn. */
async function measure(family: Family): Promise<{ results: Result[]; rounds: number }> {
  const rounds = family.once ? 1 : options.rounds;
  const measured: Measurement[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    const round = roundOf(family, number);
    for (const side of ['anchor', 'sluice'] as const) {
      const run = family[side];
      if (!run) continue;
      round.say(`round ${number} of ${rounds}, ${side === 'anchor' ? 'Argo Rollouts' : 'Sluice'}`);
      measured.push(...(await run(round)));
    }
  }
  return { results: resultsOf(measured.filter(({ row }) => isWanted(row))), rounds };
}

/** Once more, to see where the time goes. */
async function profile(family: Family, rows: readonly string[], date: string): Promise<Profile> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-profile-'));
  try {
    const round = roundOf(family, 0, ['--cpu-prof', `--cpu-prof-dir=${directory}`]);
    round.say('once more, with a CPU profile');
    await family.sluice(round);
    return { family: family.name, rows, date, ...hottest(directory, join(root, 'dist/main.js.map')) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function add(book: Book, family: Family): Promise<Book> {
  const date = new Date().toISOString().slice(0, 10);
  const before = load();
  const { results, rounds } = await measure(family);
  const run = { date, command: options.command, rounds, load: before, machine: machine() };
  const fresh = results.map((result): Kept => ({ ...result, run }));
  for (const { row, value } of fresh) if (Number.isFinite(value)) measuredRows.add(row);
  say(`\n${resultTable(fresh)}\n`);
  const missed = fresh.filter((r) => standingOf(r) === 'missed' && !COUNTED.has(r.row)).map((r) => r.row);
  const rows = [...new Set(missed)];
  const together = withResults(book, fresh);
  // Computed anew only where what it is computed from was measured now, so that it stays with the run that measured it.
  const grown = fresh.some(({ row }) => OF_GROWTH.includes(row)) ? growth(together.results) : [];
  const kept = withResults(
    together,
    grown.map((result): Kept => ({ ...result, run })),
  );
  // Before the profile, which takes as long as a round does, so that a run ended in it loses no figure.
  write(kept);
  return withProfile(
    kept,
    family.name,
    rows.length > 0 && !options.short ? await profile(family, rows, date) : undefined,
    fresh.map(({ row }) => row),
  );
}

function write(results: Book): void {
  writeBook(path, results);
  if (!options.short) writeFileSync(join(root, 'docs/benchmarks.md'), documentOf(results));
}

if (!existsSync(join(root, 'dist/main.js'))) throw new Error('dist/ is not there: run this by `make bench`');
let book = readBook(path);
const failures: string[] = [];
const touched = new Set<string>();
const measuredRows = new Set<string>();
for (const family of families(options.short).filter(({ rows }) => rows.some(isWanted))) {
  try {
    book = await add(book, family);
    for (const row of family.rows.filter(isWanted)) touched.add(row);
    // After each, so that what was measured is kept when the next one fails.
    write(book);
  } catch (error) {
    failures.push(family.name);
    say(`${family.name} failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
}
const shown = book.results.filter(({ row }) => touched.has(row) || row === 'B15');
const missed = shown.filter((r) => standingOf(r) === 'missed');
say(`\n${resultTable(shown)}\n`);
say(`${elapsed()}  ${shown.length} lines, ${missed.length} miss what they have to reach`);
if (failures.length > 0) say(`could not be measured: ${failures.join('; ')}`);
// What is in the book from other runs was not measured now; B15 is computed from it.
const without = unmeasured(
  ROWS.map(({ id }) => id).filter(isWanted),
  shown.filter(({ row }) => measuredRows.has(row) || row === 'B15'),
);
if (without.length > 0) say(`without any result: ${without.join(', ')}`);
const isReached = missed.length === 0 && without.length === 0;
// The threads of the stand-in and the keeper's pipe are gone by now; what is left open is none of them.
process.exit(failures.length > 0 || (options.check && !isReached) ? 1 : 0);
