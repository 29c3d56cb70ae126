import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OperatorOptions, type RunningOperator, startOperator } from '../harness/operator.ts';
import type { Round } from './measure.ts';
import type { BenchWorld } from './worlds.ts';

const root = join(import.meta.dirname, '../..');

/** What an image runs: `node`, flags, and a program that `npm run build` makes. */
function entrypoint(): { nodeArgs: string[]; main: string } {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const words: string[] = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]');
  const main = words.at(-1);
  if (main === undefined) throw new Error('the Dockerfile has no ENTRYPOINT in JSON');
  return { nodeArgs: words.slice(1, -1), main: join(root, main) };
}

/** Starts the operator as an image runs it, compiled, with the rights of the chart. */
export async function startCompiled(
  { cluster, standIn }: BenchWorld,
  round: Pick<Round, 'nodeArgs'>,
  options: OperatorOptions = {},
): Promise<RunningOperator> {
  const { main, nodeArgs } = entrypoint();
  const operator = await startOperator(cluster.run, cluster, {
    main,
    prometheusAddress: standIn.url,
    ...options,
    nodeArgs: [...nodeArgs, ...round.nodeArgs, ...(options.nodeArgs ?? [])],
  });
  // A CPU profile is written at the end, which takes longer than the end of a run leaves.
  if (round.nodeArgs.length > 0) cluster.run.beforeClose(async () => void (await operator.program.stop()));
  return operator;
}
