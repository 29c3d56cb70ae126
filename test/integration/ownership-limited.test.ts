import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRollout, untilHealthy } from '../harness/fixtures.ts';
import { installChart } from '../harness/helm.ts';
import { type RunningOperator, startOperator } from '../harness/operator.ts';
import { imageFor, Place, QUICK, reasonOf } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { startWorld, type World } from '../harness/world.ts';

/*
 * An operator that works in some namespaces only, with the chart's rights for just these, and a target
 * elsewhere. In a world of its own, since the shared operator works everywhere.
 */

const APP = 'gateway';
const [HERE, ELSEWHERE] = ['limited', 'limited-edge'];
let world: World;
let operator: RunningOperator | undefined;
let place: Place;

/** Installs the chart for these namespaces, and starts the operator anew in them. */
async function workIn(...namespaces: string[]): Promise<void> {
  await operator?.program.stop();
  const list = namespaces.join(',');
  await installChart(world.cluster, `namespaces={${list}}`);
  operator = await startOperator(world.cluster.run, world.cluster, {
    prometheusAddress: world.prometheus.url,
    args: ['--leader-elect=false', `--namespaces=${list}`],
  });
}

beforeAll(async () => {
  world = await startWorld();
  const { api } = world.cluster;
  for (const namespace of [HERE, ELSEWHERE]) await world.cluster.createNamespace(namespace);
  await workIn(HERE);
  place = new Place(api, HERE, APP);
  await createRollout(api, ELSEWHERE, APP, {
    image: imageFor(APP, 'v1'),
    annotations: { 'sluice.dev/allowed-environments': `${HERE}/${APP}` },
  });
  await untilHealthy(api, ELSEWHERE, APP);
  await place.apply('Gate', APP, {
    prometheus: { query: 'vector(1)', pass: 'value > 1.0', fail: 'value < 1.0' },
    intervalSeconds: 1,
  });
  await place.apply('Environment', APP, {
    targets: [{ name: APP, rollout: { name: APP, namespace: ELSEWHERE } }],
    gates: [{ gate: APP, when: 'During' }],
    analysis: QUICK,
  });
});
afterAll(() => world.stop());

const SAYS = `Rollout ${ELSEWHERE}/${APP} is in a namespace that this operator does not work in: add ${ELSEWHERE} to its --namespaces`;

test('a target where the operator does not work is waited for, in words; one in flight holds and goes on', async () => {
  await place.promote('v2');
  const waiting = await until('the promotion says why it waits', async (seen) => {
    const found = await place.promotion(`${APP}-v2`);
    seen(found.status?.conditions);
    return found.status?.conditions?.[0]?.message.includes(SAYS) && found;
  });
  expect(reasonOf(waiting)).toBe('AwaitingReference');
  await until('so does the Environment', async (seen) => {
    const { status } = await place.environment();
    seen(status?.conditions);
    return status?.conditions?.[0]?.message.includes(SAYS);
  });

  await workIn(HERE, ELSEWHERE);
  await place.untilReason(`${APP}-v2`, 'Analysing');

  await workIn(HERE);
  const held = await place.untilReason(`${APP}-v2`, 'Holding');
  expect(held.status?.conditions?.[0]?.message).toContain(SAYS);
  expect(held.status?.conditions?.some((c) => c.type === 'Stalled' && c.status === 'True')).toBe(true);

  await place.apply('Gate', APP, {
    prometheus: { query: 'vector(2)', pass: 'value > 1.0' },
    intervalSeconds: 1,
  });
  await workIn(HERE, ELSEWHERE);
  expect(reasonOf(await place.untilEnded(`${APP}-v2`))).toBe('Succeeded');
  expect(await new Place(world.cluster.api, ELSEWHERE, APP).pods()).toEqual({
    [imageFor(APP, 'v1')]: 0,
    [imageFor(APP, 'v2')]: 5,
  });
});
