import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from './cluster.ts';
import { freePort } from './ports.ts';
import type { Program } from './process.ts';
import { recordReasons } from './reasons.ts';
import type { Run } from './run.ts';
import { send } from './http.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A running operator: a process of its own, with the rights of the chart and no others. */
export interface RunningOperator {
  /** To kill, stop and start again. */
  program: Program;
  /** Base of `/metrics`, `/healthz` and `/readyz`. */
  url: string;
}

export interface OperatorOptions {
  prometheusAddress?: string;
  /** `text` to read the log. */
  logFormat?: 'json' | 'text';
  /** More flags; of one that is given twice the last counts. */
  args?: readonly string[];
  /** Of the log file, where several run; `operator` unless given. */
  name?: string;
  /** Path of the kubeconfig; straight to the API server unless given. */
  kubeconfig?: string;
  /** Added to its environment. */
  env?: Record<string, string>;
  /** As in a cluster: loopback addresses are refused. */
  refuseLoopback?: true;
  /** The program; the sources unless given. */
  main?: string;
  /** Flags of Node itself, for example `--cpu-prof`, or a module to load first. */
  nodeArgs?: readonly string[];
}

/** Starts the operator from the sources, as the ServiceAccount of the chart, and waits until it is ready. */
export async function startOperator(
  run: Run,
  cluster: Cluster,
  options: OperatorOptions = {},
): Promise<RunningOperator> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const program = await run.start({
    name: options.name ?? 'operator',
    command: process.execPath,
    // Modules that were compiled once are compiled: a test starts hundreds of operators.
    env: { NODE_COMPILE_CACHE: join(cluster.facts.dir, 'compile-cache'), ...options.env },
    args: [
      ...(options.nodeArgs ?? []),
      options.main ?? MAIN,
      `--kubeconfig=${options.kubeconfig ?? cluster.kubeconfigFor('operator')}`,
      `--listen-address=${new URL(url).host}`,
      `--log-format=${options.logFormat ?? 'json'}`,
      ...(options.refuseLoopback ? [] : ['--allow-loopback']),
      ...(options.prometheusAddress ? [`--prometheus-address=${options.prometheusAddress}`] : []),
      ...(options.args ?? []),
    ],
    ready: async () => (await send('GET', `${url}/readyz`)).status === 200,
  });
  await recordReasons(run, cluster.api);
  return { program, url };
}
