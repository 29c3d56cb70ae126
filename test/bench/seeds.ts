import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { rolloutPath, untilHealthy } from '../harness/fixtures.ts';
import { startOperator } from '../harness/operator.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { appOf, environmentOf, type GateOptions, gateOf, promotionOf } from './manifests.ts';
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

/** The one gate of every namespace. */
export const GATE = 'error-rate';

/** A name that occurs in no other word of an app's objects. */
const namespaceOf = (app: string): string => `namespace-of-${app}`;

let made: Promise<Seeds> | undefined;

/** Has the operator and the real Rollouts controller make one app of each sort; once for a run of the benchmarks. */
export function seeds(): Promise<Seeds> {
  return (made ??= make());
}

async function make(): Promise<Seeds> {
  const world = await startBenchWorld({ controllers: 'raised' });
  try {
    const { cluster, standIn } = world;
    const operator = await startOperator(cluster.run, cluster, { prometheusAddress: standIn.url });
    await promoted(world, 'seed-j', { intervalSeconds: 5 }, 'Analysing');
    await promoted(world, 'seed-f', { intervalSeconds: 1, count: 1, recorded: true }, 'Succeeded');
    // What it writes after the last word of a promotion is written when it has stopped.
    await operator.program.stop();
    return { judged: await read(world, 'seed-j'), finished: await read(world, 'seed-f') };
  } finally {
    await world.stop();
  }
}

async function promoted(
  { cluster }: BenchWorld,
  app: string,
  gate: GateOptions,
  reason: string,
): Promise<void> {
  const { api } = cluster;
  const namespace = namespaceOf(app);
  await cluster.createNamespace(namespace);
  await apply(api, gateOf(namespace, GATE, gate));
  await api.create(rolloutPath(namespace), appOf(namespace, app));
  await untilHealthy(api, namespace, app);
  await apply(api, environmentOf(namespace, app, { gates: [GATE] }));
  await apply(api, promotionOf(namespace, app, 'v2'));
  await until(`${app} is ${reason}`, async (seen) => {
    const promotion = await api.get<Promotion & KubeObject>(sluicePath(namespace, 'promotions', `${app}-v2`));
    const environment = await api.get(sluicePath(namespace, 'environments', app));
    seen(promotion);
    // The Environment has said what it has to say, too.
    const isInUse = environment.metadata.finalizers !== undefined;
    return reasonOf(promotion) === reason && isInUse === (reason === 'Analysing');
  });
}

async function read({ cluster: { api } }: BenchWorld, app: string): Promise<Seed> {
  const namespace = namespaceOf(app);
  const owned = async (plural: string, kind: string): Promise<Seeded[]> => {
    const list = await api.list(`/apis/apps/v1/namespaces/${namespace}/${plural}`);
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
    namespace,
    app,
    objects: [
      await one('environments', sluicePath(namespace, 'environments', app)),
      await one('rollouts', rolloutPath(namespace, app)),
      ...(await owned('replicasets', 'ReplicaSet')),
      ...(await owned('controllerrevisions', 'ControllerRevision')),
      await one('promotions', sluicePath(namespace, 'promotions', `${app}-v2`)),
    ],
  };
}
