import { join } from 'node:path';
import { type OperatorOptions, type RunningOperator, startOperator } from '../harness/operator.ts';
import type { Round } from './measure.ts';
import type { BenchWorld } from './worlds.ts';

/** What an image runs; made by `npm run build`. */
const COMPILED = join(import.meta.dirname, '../../dist/main.js');

/** Starts the operator as an image runs it, compiled, with the rights of the chart. */
export function startCompiled(
  { cluster, standIn }: BenchWorld,
  round: Pick<Round, 'nodeArgs'>,
  options: OperatorOptions = {},
): Promise<RunningOperator> {
  return startOperator(cluster.run, cluster, {
    main: COMPILED,
    prometheusAddress: standIn.url,
    ...options,
    nodeArgs: [...round.nodeArgs, ...(options.nodeArgs ?? [])],
  });
}
