import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaseResult, FORM, RECORD, seed, SEED } from './catalogue.ts';
import { faultsPage, summary } from './page.ts';

/*
 * `make faults`: every case of the catalogue, one after another, and docs/faults.md written from what happened.
 * SEED= repeats a run's random choices; ONLY= runs the files whose path has this in it, CASES= the cases whose name
 * matches this expression, and neither writes a page.
 */

const root = join(import.meta.dirname, '../..');
const only = process.env['ONLY'];
const chosen = process.env['CASES'];
const drawn = Number(process.env['SEED'] ?? seed);
const scratch = mkdtempSync(join(tmpdir(), 'sluice-faults-'));
const record = join(scratch, 'cases.jsonl');
writeFileSync(record, '');

process.stdout.write(`faults: the long form, seed ${drawn}\n`);
const jest = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...(only === undefined ? [] : [only]),
    ...(chosen === undefined ? [] : ['-t', chosen]),
    '--verbose',
    '--maxWorkers=2',
    '--selectProjects',
    'faults',
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, [FORM]: 'long', [RECORD]: record, [SEED]: String(drawn) },
  },
);
const lines = existsSync(record) ? readFileSync(record, 'utf8').split('\n') : [];
const cases = lines.filter((line) => line !== '').map((line): CaseResult => JSON.parse(line));
rmSync(scratch, { recursive: true, force: true });
if (only === undefined && chosen === undefined)
  writeFileSync(
    join(root, 'docs/faults.md'),
    faultsPage(cases, drawn, readFileSync(join(import.meta.dirname, 'found.md'), 'utf8')),
  );
process.stdout.write(`\n${summary(cases)}\n`);
process.exitCode = jest.status === 0 && cases.every((c) => c.held) ? 0 : 1;
