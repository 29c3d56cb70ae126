import { readFileSync } from 'node:fs';
import { operatorRecipe } from '../images/operator.ts';
import { stopping } from '../run.ts';
import { play } from '../scenario/play.ts';
import { tell, verdictOf } from '../timeline.ts';
import { down } from './down.ts';
import { whyNot } from './preconditions.ts';
import type { RealNode } from './real-node.ts';
import { at, remember } from './state.ts';
import { Unfit, up } from './up.ts';

/*
 * `make e2e-node`: a real node of this machine, and the scenario on it. Whatever happens, nothing of it stays.
 */

const PACKAGE = new URL('../../package.json', import.meta.url);

let node: RealNode | undefined;
let verdict: string | undefined;
let ending: Promise<void> | undefined;

/** Takes everything back, once. */
function end(): Promise<void> {
  ending ??= (async () => {
    await node?.close();
    await down();
    tell('nothing of it is left');
  })();
  return ending;
}

/** The largest first, in MB. */
function residentOf(cluster: RealNode): string {
  const all = Object.entries(cluster.memory()).toSorted(([, a], [, b]) => b - a);
  const sum = all.reduce((total, [, mb]) => total + mb, 0);
  return `${Math.round(sum)} MB in all: ${all.map(([name, mb]) => `${name} ${Math.round(mb)}`).join(', ')}`;
}

async function main(): Promise<number> {
  const reason = whyNot();
  if (reason !== undefined) {
    process.stdout.write(`skipped: ${reason}\n`);
    return 0;
  }
  await down();
  remember('runner', process.pid);
  try {
    node = await up(tell);
    const { version }: { version: string } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
    const operator = await operatorRecipe(`docker.io/library/sluice:${version}`, at('operator'));
    const outcome = await play({ cluster: node, dir: at('images'), images: [operator], tell });
    tell(`resident: ${residentOf(node)}`);
    if (process.env['KEEP']) {
      tell('KEEP is set: Ctrl-C ends it');
      await new Promise(() => {});
    }
    verdict = verdictOf(outcome);
    return outcome.failed === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    process.stdout.write(`skipped: ${error.message}\n`);
    return 0;
  } finally {
    await end();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return;
    tell(`${signal}: taking everything back`);
    stopping.abort();
    void end().finally(() => process.exit(130));
  });
}

try {
  process.exitCode = await main();
  if (verdict !== undefined) process.stdout.write(`\n${verdict}\n`);
} catch (error) {
  if (!stopping.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
