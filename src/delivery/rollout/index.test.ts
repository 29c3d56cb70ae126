import { describe, expect, test } from '@jest/globals';
import type { PlannedTarget } from '../../api/v1alpha1/types.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { StoreReader } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/types.ts';
import { RetryError } from '../../runtime/errors.ts';
import type { Assignment, TargetView } from '../delivery.ts';
import { RolloutDelivery } from './index.ts';
import type { ReplicaSet, Rollout } from './types.ts';

const image = (version: string) => `app:${version}`;
const template = (version: string) => ({ spec: { containers: [{ name: 'app', image: image(version) }] } });
const rolloutIn = (namespace: string, version = '1', generation = 1): Rollout => ({
  metadata: {
    name: 'checkout',
    namespace,
    uid: 'u',
    resourceVersion: `${generation}`,
    generation,
    creationTimestamp: 't',
  },
  spec: { template: template(version) },
});

/** A store as an informer has it, without the informer. */
function storeOf<T extends KubeObject>(...objects: T[]): StoreReader<T> {
  const known = new Map(objects.map((o) => [`${o.metadata.namespace}/${o.metadata.name}`, o]));
  return {
    size: known.size,
    get: (namespace, name) => known.get(`${namespace}/${name}`),
    list: () => [...known.values()],
    byIndex: () => [],
    upsertLocal: (o) => void known.set(`${o.metadata.namespace}/${o.metadata.name}`, o),
  };
}

const planned: PlannedTarget = {
  name: 'checkout',
  wave: 0,
  rollout: { name: 'checkout', namespace: 'edge', uid: 'u' },
  images: [{ container: 'app', image: image('2'), changed: true }],
  stepsHash: 's',
  steps: 4,
};
const assignment: Assignment = {
  promotion: { namespace: 'shop', name: 'two', uid: 'p', environment: 'prod' },
  target: { name: 'checkout', wave: 0, rollout: { name: 'checkout', namespace: 'edge' } },
  planned,
  recorded: { controllerRevision: 'c', hash: 'h', template: template('1') },
};

/** A delivery whose API server answers every patch with `answer`; any other request is an error. */
function delivery(
  rollouts: Rollout[],
  { namespaces, answer }: { namespaces?: string[]; answer?: Rollout } = {},
): RolloutDelivery {
  const client = { patch: async () => answer } as unknown as KubeClient;
  return new RolloutDelivery({
    client,
    rollouts: storeOf(...rollouts),
    replicaSets: storeOf<ReplicaSet>(),
    namespaces,
  });
}

function viewIn(from: RolloutDelivery): TargetView {
  const observation = from.observe(assignment);
  if (!observation.found) throw new Error(observation.message);
  return observation.view;
}

describe('where a Rollout is looked for', () => {
  test('in the namespace that the target names, not in the one of the Promotion', () => {
    expect(delivery([rolloutIn('edge')]).observe(assignment).found).toBe(true);
    expect(delivery([rolloutIn('shop')]).observe(assignment)).toEqual({
      found: false,
      message: 'Rollout checkout does not exist in namespace edge: apply it',
    });
  });

  test('in another namespace than the operator works in it is out of reach, and nobody is asked for it', async () => {
    const limited = delivery([], { namespaces: ['shop', 'cart'] });
    const observation = limited.observe(assignment);
    expect(observation).toMatchObject({ found: false, outOfReach: true });
    expect(observation).toHaveProperty(
      'message',
      'Rollout edge/checkout is in a namespace that this operator does not work in: add edge to its --namespaces (value `namespaces` of the chart)',
    );
    expect(await limited.recorded(assignment)).toBeUndefined();
    expect(limited.absence('edge', 'checkout')).toContain('add edge to its --namespaces');
    expect(limited.absence('shop', 'checkout')).toContain('does not exist in namespace shop');
  });

  test('in one of the namespaces that it works in as in any', () => {
    const limited = delivery([rolloutIn('edge')], { namespaces: ['shop', 'edge'] });
    expect(limited.observe(assignment).found).toBe(true);
    expect(limited.absence('edge', 'checkout')).toBeUndefined();
  });
});

describe('a restore', () => {
  const restore = { kind: 'Restore', target: 'checkout' } as const;

  test('is known by its generation, even where the cache has moved on before anybody looked', async () => {
    const rollouts = delivery([rolloutIn('edge', '2', 4)], { answer: rolloutIn('edge', '1', 5) });
    expect(viewIn(rollouts).restoredGeneration).toBeUndefined();
    await rollouts.act(restore, assignment);
    expect(viewIn(rollouts)).toMatchObject({ restoredGeneration: 5, isRecorded: true });
  });

  test('that something on the way in has changed is no restore, and is tried again later', async () => {
    const rollouts = delivery([rolloutIn('edge', '2', 4)], { answer: rolloutIn('edge', '2', 4) });
    await expect(rollouts.act(restore, assignment)).rejects.toThrow(RetryError);
    expect(viewIn(rollouts).restoredGeneration).toBeUndefined();
  });
});
