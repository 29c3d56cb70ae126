import { expect, test } from '@jest/globals';
import { createCaches } from './caches.ts';
import type { ReplicaSet } from './delivery/rollout/types.ts';
import type { KubeClient } from './kube/client.ts';
import { ManualClock } from './kube/testing/manual-clock.ts';
import { WorkQueue } from './kube/workqueue.ts';
import { silentLog } from './runtime/log.ts';
import { connect } from './triggers.ts';

const clock = new ManualClock();
const random = (): number => 0.5;
const caches = createCaches(() => ({
  // Nothing is started, so nothing is asked of it.
  client: {} as KubeClient,
  clock,
  random,
  log: silentLog,
}));
const queue = (): WorkQueue => new WorkQueue({ clock, random });
const queues = { promotions: queue(), environments: queue(), gates: queue(), decisions: queue() };
connect(caches, queues);

/** The Environments that are to be looked at, and that they were. */
async function looked(): Promise<string[]> {
  clock.advance(1000);
  const keys: string[] = [];
  while (queues.environments.depth > 0) {
    const item = await queues.environments.take();
    if (!item) break;
    keys.push(item.key);
    queues.environments.done(item.key);
  }
  return keys;
}

let version = 1;
function replicaSet(image: string, replicas = 1): ReplicaSet {
  version += 1;
  return {
    metadata: {
      name: 'checkout-abc',
      namespace: 'shop',
      uid: 'rs',
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
      ownerReferences: [
        { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'checkout', uid: 'r', controller: true },
      ],
    },
    spec: { replicas, template: { spec: { containers: [{ name: 'app', image }] } } },
  };
}

test('a place is looked at when what runs there changes, though its Rollout does not, and not as pods come and go', async () => {
  caches.environments.store.upsertLocal({
    metadata: { name: 'prod', namespace: 'shop', uid: 'e', resourceVersion: '1' },
    spec: { targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] },
  });
  await looked();
  const { store } = caches.replicaSets;
  store.upsertLocal(replicaSet('checkout:1'));
  expect(await looked()).toEqual(['shop/prod']);
  store.upsertLocal(replicaSet('checkout:1', 3));
  expect(await looked()).toEqual([]);
  store.upsertLocal(replicaSet('checkout:theirs', 3));
  expect(await looked()).toEqual(['shop/prod']);
});
