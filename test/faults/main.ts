import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGAIN, FORM, RECORD, SCENES_ONLY, seed, SEED } from './catalogue.ts';
import { runModel } from '../model/run.ts';
import { faultsPage, lackOf, modelSummary, summary } from './page.ts';
import { begin, casesIn, end, namesOf, productOf, runToRepeat, withAgain } from './record.ts';

/*
 * `make faults`: every case of the catalogue, the search of every state of small worlds, and docs/faults.md written
 * from what happened.
 * SEED= repeats a run's random choices; ONLY= runs the files whose path has this in it, CASES= the cases whose name
 * matches this expression, SCENES= plays those scenes alone (`SCENES=frozen,risen CASES=C-`), and none writes a page.
 * AGAIN= is the record of a run of the same product: what broke there is played again, and the page is of both.
 */

const root = join(import.meta.dirname, '../..');
const only = process.env['ONLY'];
const scenes = process.env[SCENES_ONLY];
const product = productOf(root);
const before = process.env[AGAIN];
const repeated = before === undefined ? undefined : runToRepeat(before, product);
const open = repeated?.cases.filter((c) => !c.held) ?? [];
const chosen = repeated ? namesOf(open) : process.env['CASES'];
const isWhole = repeated !== undefined || [only, chosen, scenes].every((choice) => choice === undefined);
const drawn = repeated?.seed ?? Number(process.env[SEED] ?? seed);
const scratch = mkdtempSync(join(tmpdir(), 'sluice-faults-'));
const record = join(scratch, 'cases.jsonl');
const report = join(scratch, 'jest.json');
begin(record, { seed: drawn, product });

process.stdout.write(`faults: the long form, seed ${drawn}\n`);
const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...(only === undefined ? [] : [only]),
    // Jest closes nothing in a file of which it plays no test: the audit log is always asked.
    ...(chosen === undefined ? [] : ['-t', `${chosen}|by the audit log`]),
    '--verbose',
    '--json',
    `--outputFile=${report}`,
    '--maxWorkers=2',
    '--selectProjects',
    'faults',
  ],
  {
    cwd: root,
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, [FORM]: 'long', [RECORD]: record, [SEED]: String(drawn) },
  },
);
// Its workers have the worlds, and end when they are told themselves: hence a group of its own, and a signal to that.
let isStopped = false;
const stop = (): void => {
  isStopped = true;
  if (jest.pid !== undefined) process.kill(-jest.pid, 'SIGINT');
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
await once(jest, 'close');
// What follows leaves nothing behind, and may be ended at once.
process.off('SIGINT', stop).off('SIGTERM', stop);

const played = casesIn(record);
const cases = repeated ? withAgain(repeated.cases, played) : played;
let hold = jest.exitCode === 0 && !isStopped && cases.every((c) => c.held);
process.stdout.write(`\n${summary(cases)}\n`);
if (isWhole && !isStopped) {
  const model = runModel('long', ({ name, states }) => process.stdout.write(`${name}: ${states} states\n`));
  const found = readFileSync(join(import.meta.dirname, 'found.md'), 'utf8');
  const again = open.filter(({ id }) => played.some((c) => c.id === id));
  for (const { id } of open.filter((c) => !again.includes(c)))
    process.stdout.write(
      `${id} was not played again: what it breaks came in no undisturbed run of this time\n`,
    );
  writeFileSync(join(root, 'docs/faults.md'), faultsPage({ cases, again, model, seed: drawn, found }));
  process.stdout.write(`${modelSummary(model)}\n`);
  const lack = lackOf(cases, model);
  for (const what of lack) process.stdout.write(`${what}\n`);
  hold &&= model.violations === 0 && lack.length === 0;
}
if (isWhole && !isStopped && !hold && existsSync(report)) {
  const failed: { numFailedTests: number; numRuntimeErrorTestSuites: number } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const others = failed.numFailedTests - played.filter((c) => !c.held).length;
  begin(record, { seed: drawn, product }, cases);
  end(record, { others: others + failed.numRuntimeErrorTestSuites });
  process.stdout.write(`make faults AGAIN=${record} plays again what broke, with the same product\n`);
} else rmSync(scratch, { recursive: true, force: true });
process.exitCode = hold ? 0 : 1;
