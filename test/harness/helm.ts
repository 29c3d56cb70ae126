import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Cluster } from './cluster.ts';
import { ensureHelm } from './programs/ensure.ts';

const run = promisify(execFile);

/** The chart as it stands in the repository. */
export const CHART = fileURLToPath(new URL('../../charts/sluice', import.meta.url));

/** Runs the real helm as an administrator of the cluster; its standard output. */
export async function helm(cluster: Cluster, args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfigFor('admin'),
    HELM_CACHE_HOME: join(cluster.facts.dir, 'helm'),
    HELM_CONFIG_HOME: join(cluster.facts.dir, 'helm'),
    HELM_DATA_HOME: join(cluster.facts.dir, 'helm'),
  };
  const { stdout } = await run(await ensureHelm(), [...args], { env, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/**
 * Installs the chart as a user does, with its CRDs and exactly its rights, but without pods: the
 * operator itself runs beside the cluster, from the sources, as the chart's ServiceAccount. `values` are those that
 * differ from the chart's, as in `--set`; an installed chart is upgraded to them, and to none that it had before.
 */
export async function installChart(cluster: Cluster, ...values: readonly string[]): Promise<void> {
  await helm(cluster, [
    'upgrade',
    '--install',
    'sluice',
    CHART,
    '--namespace',
    'sluice-system',
    '--create-namespace',
    '--reset-values',
    ...['replicas=0', ...values].flatMap((value) => ['--set', value]),
    '--wait',
  ]);
}
