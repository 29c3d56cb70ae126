import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { rolloutPath, untilHealthy } from '../harness/fixtures.ts';
import { startOperator } from '../harness/operator.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { appOf, environmentOf, gateOf, promotionOf } from './manifests.ts';
import { type BenchWorld, startBenchWorld } from './worlds.ts';

/** One object of a seed, with the plural under which it is stored. */
export interface Seeded {
  plural: string;
  object: KubeObject;
}

/** One app as real programs have left it: what every copy of it is made from. */
export interface Seed {
  namespace: string;
  app: string;
  objects: readonly Seeded[];
}

export interface Seeds {
  /** Its promotion stands at the pause of the Rollout, is being judged, and has been answered. */
  judged: Seed;
  /** Its promotion has succeeded. */
  finished: Seed;
}

/** Names that occur in no other word of these objects. */
const NAMESPACE = 'seed-namespace';
export const GATE = 'error-rate';

let made: Promise<Seeds> | undefined;

/** Has the operator and the real Rollouts controller make one app of each sort; once for a run of the benchmarks. */
export function seeds(): Promise<Seeds> {
  return (made ??= make());
}

async function make(): Promise<Seeds> {
  const world = await startBenchWorld({ controllers: 'raised' });
  try {
    const { cluster, standIn } = world;
    await cluster.createNamespace(NAMESPACE);
    await apply(cluster.api, gateOf(NAMESPACE, GATE, { intervalSeconds: 5 }));
    await apply(cluster.api, gateOf(NAMESPACE, 'quick', { intervalSeconds: 1, count: 1 }));
    const operator = await startOperator(cluster.run, cluster, { prometheusAddress: standIn.url });
    await promoted(world, 'seed-judged', GATE, 'Analysing');
    await promoted(world, 'seed-finished', 'quick', 'Succeeded');
    // What it writes after the last word of a promotion is written when it has stopped.
    await operator.program.stop();
    return { judged: await read(world, 'seed-judged'), finished: await read(world, 'seed-finished') };
  } finally {
    await world.stop();
  }
}

async function promoted(
  { cluster: { api } }: BenchWorld,
  app: string,
  gate: string,
  reason: string,
): Promise<void> {
  await api.create(rolloutPath(NAMESPACE), appOf(NAMESPACE, app));
  await untilHealthy(api, NAMESPACE, app);
  await apply(api, environmentOf(NAMESPACE, app, { gates: [gate] }));
  await apply(api, promotionOf(NAMESPACE, app, 'v2'));
  await until(`${app} is ${reason}`, async (seen) => {
    const promotion = await api.get<Promotion & KubeObject>(sluicePath(NAMESPACE, 'promotions', `${app}-v2`));
    const environment = await api.get(sluicePath(NAMESPACE, 'environments', app));
    seen(promotion);
    // The Environment has said what it has to say, too.
    const isInUse = environment.metadata.finalizers !== undefined;
    return reasonOf(promotion) === reason && isInUse === (reason === 'Analysing');
  });
}

async function read({ cluster: { api } }: BenchWorld, app: string): Promise<Seed> {
  const owned = async (plural: string, kind: string): Promise<Seeded[]> => {
    const list = await api.list(`/apis/apps/v1/namespaces/${NAMESPACE}/${plural}`);
    return (
      list.items
        .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === app))
        // Items of a list carry neither.
        .map((object) => ({ plural, object: { ...object, apiVersion: 'apps/v1', kind } }))
    );
  };
  const one = async (plural: string, path: string): Promise<Seeded> => ({
    plural,
    object: await api.get(path),
  });
  return {
    namespace: NAMESPACE,
    app,
    objects: [
      await one('environments', sluicePath(NAMESPACE, 'environments', app)),
      await one('rollouts', rolloutPath(NAMESPACE, app)),
      ...(await owned('replicasets', 'ReplicaSet')),
      ...(await owned('controllerrevisions', 'ControllerRevision')),
      await one('promotions', sluicePath(NAMESPACE, 'promotions', `${app}-v2`)),
    ],
  };
}
