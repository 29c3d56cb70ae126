import { beforeAll, expect, test } from '@jest/globals';
import { rolloutOf, untilHealthy } from '../harness/fixtures.ts';
import { imageFor, Place, reasonOf } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';

/* A Rollout as most people bring it: by kubectl apply, which keeps what it applied in an annotation of the object. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'kubectl-applied';

beforeAll(() => cluster.createNamespace(NAMESPACE));

test('a version goes out, and a bad one comes back, on a Rollout that kubectl has applied', async () => {
  const place = new Place(cluster.api, NAMESPACE, 'applied');
  const manifest = rolloutOf(NAMESPACE, 'applied', { image: imageFor('applied', 'v1') });
  const applied = await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
  expect(applied).toMatchObject({ code: 0 });
  await place.applyPolicy([{ name: 'applied', rollout: { name: 'applied' } }], {});
  const { metadata } = await untilHealthy(cluster.api, NAMESPACE, 'applied');
  expect(metadata.annotations).toHaveProperty(['kubectl.kubernetes.io/last-applied-configuration']);

  await place.promote('v2');
  expect(reasonOf(await place.untilEnded('applied-v2'))).toBe('Succeeded');
  await controls.behave(imageFor('applied', 'v3'), { errorRate: 0.5 });
  await place.promote('v3');
  expect(reasonOf(await place.untilEnded('applied-v3'))).toBe('RolledBack');
  expect(await place.image()).toBe(imageFor('applied', 'v2'));
});
