import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPLETE } from './harness/seen.ts';

/*
 * `make test`: every check and every test. Nothing stops at the first failure, so that one run tells
 * everything; the last line says how many passed and failed, and the exit code says it too.
 */

const root = join(import.meta.dirname, '..');
const unitOnly = process.argv.includes('--unit');
const scratch = mkdtempSync(join(tmpdir(), 'sluice-test-'));
let passed = 0;
let failed = 0;

function run(command: string, args: readonly string[], env: Record<string, string> = {}): boolean {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } } as const;
  return spawnSync(command, [...args], options).status === 0;
}

/** One check that is one test: it passes or fails as a whole. */
function check(title: string, command: string, args: readonly string[]): void {
  process.stdout.write(`\n== ${title}\n`);
  if (run(command, args)) passed += 1;
  else failed += 1;
}

/** Jest projects; every test counts, and so does a file that could not be run at all. */
function jest(
  title: string,
  projects: readonly string[],
  { workers, env = {} }: { workers: number; env?: Record<string, string> },
): void {
  process.stdout.write(`\n== ${title}\n`);
  const report = join(scratch, `${projects.join('-')}.json`);
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${report}`,
    `--maxWorkers=${workers}`,
    '--selectProjects',
    ...projects,
  ];
  const ok = run(process.execPath, args, env);
  const before = failed;
  try {
    const result: { numPassedTests: number; numFailedTests: number; numRuntimeErrorTestSuites: number } =
      JSON.parse(readFileSync(report, 'utf8'));
    passed += result.numPassedTests;
    failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  } catch {
    process.stdout.write(`no report of ${title}\n`);
  }
  // A run that failed without a failed test (a set-up, a leak, a right never used) is a failure all the same.
  if (!ok && failed === before) failed += 1;
}

const npm = (script: string): readonly [string, string[]] => ['npm', ['run', '--silent', script]];
check('types', ...npm('check:types'));
check('lint', ...npm('check:lint'));
check('format', ...npm('check:format'));
check('compile', ...npm('build'));
jest('unit and property tests', ['unit', 'kube'], { workers: 2 });
if (!unitOnly) {
  check('programs of the local control plane', process.execPath, ['test/harness/programs/main.ts']);
  // All of it runs, so what was declared and never happened is an error: see test/harness/judge.ts.
  // Three test files at a time on two cores: those that wait for the real programs leave them idle.
  jest('integration tests and faults on real programs', ['integration', 'faults'], {
    workers: 3,
    env: { [COMPLETE]: 'yes' },
  });
}
rmSync(scratch, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
