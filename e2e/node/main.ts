import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Run } from '../../test/harness/run.ts';
import { operatorRecipe } from '../images/operator.ts';
import { stopping } from '../run.ts';
import { type Outcome, play } from '../scenario/play.ts';
import { tell, verdictOf } from '../timeline.ts';
import { down } from './down.ts';
import { whyNot } from './preconditions.ts';
import type { RealNode } from './real-node.ts';
import { at, remember } from './state.ts';
import { left, type Traces, traces } from './traces.ts';
import { Unfit, up } from './up.ts';

/*
 * `make e2e-node`: a real node of this machine, and the scenario on it. Whatever happens, nothing of it stays.
 */

const PACKAGE = new URL('../../package.json', import.meta.url);

let run: Run | undefined;
let ending: Promise<void> | undefined;

/** Takes everything back, once. */
function end(): Promise<void> {
  ending ??= (async () => {
    await run?.close();
    await down();
  })();
  return ending;
}

/** Brings a node up, plays, and tells what the node's programs have resident. */
async function playOnNode(): Promise<Outcome> {
  const { version }: { version: string } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
  run = new Run();
  const node = await up(run, tell).catch((error: unknown) => {
    if (!stopping.signal.aborted && run) tell(`the end of each log:\n${logTails(run.logDir)}`);
    throw error;
  });
  const operator = await operatorRecipe(`docker.io/library/sluice:${version}`, at('operator'));
  const outcome = await play({ cluster: node, dir: at('images'), images: [operator], tell });
  tell(`resident: ${residentOf(node)}`);
  if (process.env['KEEP']) {
    tell('KEEP is set: the node stays up until Ctrl-C');
    await new Promise(() => {});
  }
  return outcome;
}

/** The last lines of what each program said. */
function logTails(dir: string): string {
  return readdirSync(dir)
    .map(
      (name) =>
        `== ${name}\n${readFileSync(join(dir, name), 'utf8').trimEnd().split('\n').slice(-8).join('\n')}`,
    )
    .join('\n');
}

/** The largest first, in MB. */
function residentOf(cluster: RealNode): string {
  const all = Object.entries(cluster.memory()).toSorted(([, a], [, b]) => b - a);
  const sum = all.reduce((total, [, mb]) => total + mb, 0);
  return `${Math.round(sum)} MB in all: ${all.map(([name, mb]) => `${name} ${Math.round(mb)}`).join(', ')}`;
}

/** Whether the machine is as it was; told, and counted like a step. */
function judgeTraces(before: Traces): boolean {
  const differences = left(before, traces());
  if (differences.length === 0) tell(`passed  the machine is as it was, by ${before.size} traces`);
  else tell(`failed  the machine is not as it was:\n${differences.join('\n')}`);
  return differences.length === 0;
}

/** Plays, ends, and judges what is left; what did not come to an end is an error. */
async function main(before: Traces): Promise<Outcome> {
  let outcome: Outcome;
  try {
    outcome = await playOnNode();
  } finally {
    await end();
  }
  const clean = judgeTraces(before);
  return { ...outcome, passed: outcome.passed + Number(clean), failed: outcome.failed + Number(!clean) };
}

const reason = whyNot();
if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);
else {
  try {
    await down();
    const before = traces();
    remember('runner', process.pid);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (stopping.signal.aborted) return;
        tell(`${signal}: everything is taken back`);
        stopping.abort();
        void end()
          .then(() => judgeTraces(before))
          .finally(() => process.exit(130));
      });
    }
    const outcome = await main(before);
    process.stdout.write(`\n${verdictOf(outcome)}\n`);
    process.exitCode = outcome.failed === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof Unfit) process.stdout.write(`skipped: ${error.message}\n`);
    else if (!stopping.signal.aborted) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
  }
}
