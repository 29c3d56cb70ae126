import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRollout, setImage, untilHealthy, untilPaused } from '../harness/fixtures.ts';
import { until } from '../harness/until.ts';
import { startWorld, type World } from '../harness/world.ts';

const namespace = 'faults';
const name = 'checkout';
let world: World;

// Programs are broken here, so this file has a world of its own.
beforeAll(async () => {
  world = await startWorld();
  await world.cluster.createNamespace(namespace);
  await createRollout(world.cluster.api, namespace, name, { image: 'registry.test/checkout:v1' });
  await untilHealthy(world.cluster.api, namespace, name);
});
afterAll(() => world.stop());

test('pods and Rollouts go on after the API server was killed and came back at the same port', async () => {
  const { api, programs } = world.cluster;
  await programs.apiserver.kill();
  await expect(api.get('/readyz')).rejects.toThrow('ECONNREFUSED');
  await programs.apiserver.start();
  await setImage(api, namespace, name, 'registry.test/checkout:v2');
  const { status } = await untilPaused(api, namespace, name, 1);
  expect(status?.updatedReplicas).toBe(1);
});

test('nothing moves while the Rollouts controller is stopped, and it catches up afterwards', async () => {
  const { api, programs } = world.cluster;
  await programs.rollouts.stop();
  const changed = await setImage(api, namespace, name, 'registry.test/checkout:v1');
  expect(changed.status?.observedGeneration).not.toBe(String(changed.metadata.generation));
  await programs.rollouts.start();
  const { status } = await untilHealthy(api, namespace, name);
  expect(status?.currentPodHash).toBe(status?.stableRS);
});

test('Prometheus keeps its data through a kill', async () => {
  const { prometheus } = world;
  const oldest = 'min_over_time(timestamp(up{job="traffic"})[1h:1s])';
  const [before] = await until('it has scraped', async () => {
    const samples = await prometheus.query(oldest);
    return samples.length > 0 && samples;
  });
  await prometheus.program.kill();
  await expect(prometheus.query(oldest)).rejects.toThrow('ECONNREFUSED');
  await prometheus.program.start();
  const [after] = await prometheus.query(oldest);
  expect(after?.value).toBeLessThanOrEqual(before?.value ?? 0);
});
