import { fileURLToPath } from 'node:url';
import type { Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { applyYaml } from '../harness/apply.ts';
import { installChart } from '../harness/helm.ts';
import { startOperator } from '../harness/operator.ts';
import { reasonOf } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { startWorld, type World } from '../harness/world.ts';
import type { Timeline } from './timeline.ts';

export const NAMESPACE = 'shop';

/** The image of version `v` of one of the demo's services, as a Promotion writes it. */
export function imageOf(app: string, v: number): string {
  return `ghcr.io/acme/${app}:v${v}@sha256:${String(v).repeat(64)}`;
}

/** Path of one of the demo's manifests. */
function manifest(scene: string, name: string): string {
  return fileURLToPath(new URL(`./manifests/${scene}/${name}.yaml`, import.meta.url));
}

/** What the acts play on. */
export interface Stage {
  world: World;
  timeline: Timeline;
  /** Applies one of the demo's manifests, as kubectl does. */
  apply(name: string): Promise<void>;
  promotion(name: string): Promise<Promotion & KubeObject>;
  environment(): Promise<Environment & KubeObject>;
  /** Waits until a promotion's Succeeded condition has one of these reasons, or the promotion has ended. */
  untilReason(name: string, ...reasons: string[]): Promise<Promotion>;
}

function hasEnded(promotion: Promotion): boolean {
  return promotion.status?.conditions?.some((c) => c.type === 'Completed' && c.status === 'True') ?? false;
}

/** Starts the real programs, installs the chart and runs the operator with exactly its rights. */
export async function setUp(timeline: Timeline, scene: string): Promise<Stage> {
  const world = await startWorld({ traffic: { ratePerSecond: 100 } });
  try {
    timeline.say(
      'etcd, kube-apiserver, kube-controller-manager, the Argo Rollouts controller and Prometheus run',
    );
    await Promise.all([installChart(world.cluster), world.cluster.createNamespace(NAMESPACE)]);
    timeline.say('the chart is installed: CRDs and rights');
    await startOperator(world.cluster.run, world.cluster, { prometheusAddress: world.prometheus.url });
    timeline.say('the operator is ready');
  } catch (error) {
    await world.stop();
    throw error;
  }
  const { api } = world.cluster;
  const base = `/apis/sluice.dev/v1alpha1/namespaces/${NAMESPACE}`;
  const promotion = (name: string): Promise<Promotion & KubeObject> => api.get(`${base}/promotions/${name}`);
  return {
    world,
    timeline,
    apply: async (name) => {
      await applyYaml(api, manifest(scene, name));
    },
    promotion,
    environment: () => api.get(`${base}/environments/prod`),
    untilReason: (name, ...reasons) =>
      until(
        `promotion ${name} is ${reasons.join(' or ')}`,
        async (seen) => {
          const found = await promotion(name);
          seen(found.status?.conditions);
          return (reasons.includes(reasonOf(found)) || hasEnded(found)) && found;
        },
        { timeoutMs: 180_000 },
      ),
  };
}
