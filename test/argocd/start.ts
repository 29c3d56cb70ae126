import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../harness/cluster.ts';
import { freePorts } from '../harness/ports.ts';
import { ensureArgoCd } from '../harness/programs/ensure.ts';
import { Run } from '../harness/run.ts';
import { installArgoCd } from './install.ts';
import * as programs from './programs.ts';

/**
 * Starts Argo CD's repo server and application controller beside a cluster, as the ServiceAccount of Argo CD, and
 * returns the run that they end with.
 * @param logDir where to keep their logs.
 * @throws Error with the end of the log of the program that did not come up; nothing is left running then.
 */
export async function startArgoCd(cluster: Cluster, logDir?: string): Promise<Run> {
  const { argocd, redis, installation } = await ensureArgoCd();
  await installArgoCd(cluster, installation);
  const [redisPort = 0, repo = 0, repoMetrics = 0, controllerMetrics = 0] = await freePorts(4);
  const run = new Run(logDir);
  const kubeconfig = cluster.kubeconfigFor('argocd');
  const layout = { dir: run.dir, kubeconfig, redis: redisPort, repo, repoMetrics, controllerMetrics };
  mkdirSync(programs.scratch(layout));
  try {
    await run.start(programs.redis(redis, layout));
    const repoServer = await run.start(programs.repoServer(argocd, layout));
    run.beforeClose(async () => {
      await repoServer.stop();
      open(programs.scratch(layout));
    });
    await run.start(programs.applicationController(argocd, layout));
    return run;
  } catch (error) {
    await run.close();
    throw error;
  }
}

/** The repo server takes all rights away from what it has cloned: who is not root could not remove it. */
function open(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) open(join(directory, entry.name));
}
