import { type ControlPlane, startControlPlane } from '../harness/control-plane.ts';
import { installChart } from '../harness/helm.ts';
import { startKubelet } from '../harness/kubelet.ts';
import { answers } from '../harness/kubernetes-programs.ts';
import { freePorts } from '../harness/ports.ts';
import type { Program } from '../harness/process.ts';
import { ensureKubernetes } from '../harness/programs/ensure.ts';
import { StandIn } from './stand-in/stand-in.ts';

export interface WorldOptions {
  /**
   * `default`: as its authors ship it, 40 writes a second. `raised`: the same with the limit of 400 that the
   * harness gives it. `stopped`: neither it nor the controllers of Kubernetes run.
   */
  controllers: 'default' | 'raised' | 'stopped';
}

/** A control plane with nothing in it but the chart, and a stand-in for Prometheus. */
export interface BenchWorld {
  cluster: ControlPlane;
  standIn: StandIn;
  /** The Argo Rollouts controller that runs. */
  rollouts: Program;
  stop(): Promise<void>;
}

/** Starts a world for one measurement; whatever is started in `cluster.run` ends with it. */
export async function startBenchWorld({ controllers }: WorldOptions): Promise<BenchWorld> {
  const cluster = await startControlPlane();
  let standIn: StandIn | undefined;
  try {
    await installChart(cluster);
    standIn = await StandIn.start();
    const rollouts = await controllersOf(cluster, controllers);
    const kubelet = controllers === 'stopped' ? undefined : await startKubelet(cluster.api);
    const started = standIn;
    return {
      cluster,
      standIn,
      rollouts,
      stop: async () => {
        kubelet?.stop();
        await cluster.stop();
        await started.stop();
      },
    };
  } catch (error) {
    await standIn?.stop();
    await cluster.stop();
    throw error;
  }
}

async function controllersOf(cluster: ControlPlane, wanted: WorldOptions['controllers']): Promise<Program> {
  const { rollouts, controllerManager } = cluster.programs;
  if (wanted === 'raised') return rollouts;
  await rollouts.stop();
  if (wanted === 'default') return startDefaultRollouts(cluster);
  await controllerManager.stop();
  return rollouts;
}

/** The Argo Rollouts controller with no flag about its speed. */
async function startDefaultRollouts(cluster: ControlPlane): Promise<Program> {
  const { rollouts: command } = await ensureKubernetes();
  const [metrics = 0, health = 0] = await freePorts(2);
  return cluster.run.start({
    name: 'rollouts-default',
    command,
    args: [
      `--kubeconfig=${cluster.kubeconfigFor('controllers')}`,
      '--namespace=argo-rollouts',
      '--leader-elect=false',
      `--metricsPort=${metrics}`,
      `--healthzPort=${health}`,
    ],
    ready: () => answers(`http://127.0.0.1:${health}/healthz`),
  });
}

/** Does something for each item, at most `width` at a time; the first error ends it. */
export async function each<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<unknown>,
  width = 16,
): Promise<void> {
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
