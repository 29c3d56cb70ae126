import { fileURLToPath } from 'node:url';
import type { Cluster } from './cluster.ts';
import { type Ran, ran } from './ran.ts';
import type { UserName } from './users.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs a command of the plugin, as an administrator of the cluster unless said otherwise. */
export function sluice(
  cluster: Cluster,
  args: readonly string[],
  { input = '', user = 'admin' }: { input?: string; user?: UserName } = {},
): Promise<Ran> {
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfigFor(user) };
  return ran(process.execPath, [MAIN, ...args], { env, input });
}
