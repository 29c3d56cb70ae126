import { join } from 'node:path';
import { type OperatorOptions, type RunningOperator, startOperator } from '../harness/operator.ts';
import { shippedEnv, shippedFlags } from '../harness/shipped.ts';
import type { Round } from './measure.ts';
import type { BenchWorld } from './worlds.ts';

const main = join(import.meta.dirname, '../../dist/main.js');

/** Starts the operator as an image runs it, in one file, with the rights of the chart. */
export async function startCompiled(
  { cluster, standIn }: BenchWorld,
  round: Pick<Round, 'nodeArgs'>,
  options: OperatorOptions = {},
): Promise<RunningOperator> {
  const operator = await startOperator(cluster.run, cluster, {
    main,
    prometheusAddress: standIn.url,
    ...options,
    env: { ...shippedEnv(), ...options.env },
    nodeArgs: [...shippedFlags(), ...round.nodeArgs, ...(options.nodeArgs ?? [])],
  });
  // A CPU profile is written at the end, which takes longer than the end of a run leaves.
  if (round.nodeArgs.length > 0) cluster.run.beforeClose(async () => void (await operator.program.stop()));
  return operator;
}
