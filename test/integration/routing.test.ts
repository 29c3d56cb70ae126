import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Rollout } from '../harness/kinds.ts';
import { type Router, routedPercent } from '../harness/fixtures-routed.ts';
import { imageFor, Place, type PlaceOptions, reasonOf } from '../harness/promotions.ts';
import { FAILING, PASSING, UNDECIDED } from '../harness/gates.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* Canaries with a traffic router on the real controller: weights are the proof, not pods. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'routing';

beforeAll(() => cluster.createNamespace(NAMESPACE));

const place = (app: string, options: PlaceOptions): Promise<Place> =>
  new Place(cluster.api, NAMESPACE, app).prepare(options);

/** What has to hold when everything is as it was. */
async function expectBack(here: Place, before: Rollout, router: Router): Promise<void> {
  const after = await here.rollout();
  const stable = before.status?.stableRS;
  expect(JSON.stringify(after.spec.template)).toBe(JSON.stringify(before.spec.template));
  expect(after.status).toMatchObject({ phase: 'Healthy', currentPodHash: stable, stableRS: stable });
  const { canary, stable: rest } = after.status?.canary?.weights ?? {};
  expect([canary?.weight, rest]).toEqual([
    0,
    expect.objectContaining({ weight: 100, podTemplateHash: stable }),
  ]);
  expect(await routedPercent(cluster.api, NAMESPACE, here.app, router)).toBe(0);
}

describe.each<Router>(['istio', 'nginx'])('with %s', (router) => {
  test('a step is judged when the router has its weight, and a good revision is fully promoted', async () => {
    const app = `${router}-good`;
    const here = await place(app, { router, gate: UNDECIDED });
    await here.promote('v2');
    const judged = await here.untilReason(`${app}-v2`, 'Analysing');
    expect(judged.status?.summary).toMatchObject({ step: '1/4', weight: 20 });
    expect(await routedPercent(cluster.api, NAMESPACE, app, router)).toBe(20);

    await here.apply('Gate', app, PASSING);
    expect(reasonOf(await here.untilEnded(`${app}-v2`))).toBe('Succeeded');
    const { status } = await here.rollout();
    expect(status?.canary?.weights?.stable).toMatchObject({
      weight: 100,
      podTemplateHash: status?.currentPodHash,
    });
    expect((await here.pods())[imageFor(app, 'v2')]).toBe(5);
  });

  test('a bad revision loses its traffic at once, although its pods stay for as long as the Rollout says', async () => {
    const app = `${router}-bad`;
    await controls.behave(imageFor(app, 'v2'), { errorRate: 0.3 });
    const here = await place(app, { router, canary: { abortScaleDownDelaySeconds: 600 } });
    const before = await here.rollout();
    await here.promote('v2');
    const ended = await here.untilEnded(`${app}-v2`);
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(ended.status?.revert?.trafficRestoredAt).toBeDefined();
    await expectBack(here, before, router);
    expect(await here.pods()).toEqual({ [imageFor(app, 'v1')]: 5, [imageFor(app, 'v2')]: 1 });
  });

  test.each([
    ['while the old pods are still there', 600],
    ['when the old pods have gone', 1],
  ])('a failure in the bake is reverted without walking the steps, %s', async (_, scaleDownDelaySeconds) => {
    const app = `${router}-bake-${scaleDownDelaySeconds}`;
    const here = await place(app, {
      router,
      canary: { scaleDownDelaySeconds },
      analysis: { bakeSeconds: 600 },
    });
    const before = await here.rollout();
    await here.promote('v2');
    await here.untilReason(`${app}-v2`, 'Baking');
    if (scaleDownDelaySeconds === 1)
      await until('the old pods have gone', async () => (await here.pods())[imageFor(app, 'v1')] === 0);
    await controls.behave(imageFor(app, 'v2'), { errorRate: 0.5 });
    expect(reasonOf(await here.untilEnded(`${app}-v2`))).toBe('RolledBack');
    await expectBack(here, before, router);
  });
});

test('a step whose pods have gone has lost its weight, and is judged again when both are back', async () => {
  const here = await place('lost', { router: 'nginx', gate: UNDECIDED });
  await here.promote('v2');
  await here.untilReason('lost-v2', 'Analysing');
  await controls.ready(imageFor('lost', 'v2'), false);
  await until('the router sends nothing to it', async (seen) => {
    const now = await routedPercent(cluster.api, NAMESPACE, 'lost', 'nginx');
    seen(now);
    return now === 0;
  });
  await here.apply('Gate', 'lost', PASSING);
  await controls.ready(imageFor('lost', 'v2'), true);
  expect(reasonOf(await here.untilEnded('lost-v2'))).toBe('Succeeded');
});

describe('with dynamicStableScale', () => {
  test('traffic goes back as the stable pods come up, and the recorded template after it', async () => {
    const here = await place('dynamic', {
      router: 'nginx',
      steps: [{ setWeight: 80 }, { pause: {} }],
      canary: { dynamicStableScale: true },
      gate: UNDECIDED,
    });
    const before = await here.rollout();
    await here.promote('v2');
    await here.untilReason('dynamic-v2', 'Analysing');
    // Rollouts takes the stable pods away only after the weight has settled.
    const { v1, v2 } = { v1: imageFor('dynamic', 'v1'), v2: imageFor('dynamic', 'v2') };
    await until('the stable pods are as few as their share', async (seen) => {
      const pods = await here.pods();
      seen(pods);
      return pods[v1] === 1 && pods[v2] === 4;
    });
    await here.apply('Gate', 'dynamic', FAILING);
    expect(reasonOf(await here.untilEnded('dynamic-v2'))).toBe('RolledBack');
    await expectBack(here, before, 'nginx');
    expect((await here.pods())[v1]).toBe(5);
  });

  test('and an abort that would never end it waits in Preflight and says what to change', async () => {
    const here = await place('endless', {
      router: 'nginx',
      canary: { dynamicStableScale: true, abortScaleDownDelaySeconds: 5 },
    });
    await here.promote('v2');
    const waiting = await until('it says what to change', async (seen) => {
      const found = await here.promotion('endless-v2');
      seen(found.status);
      return found.status?.blockedBy?.some((b) => b.message.includes('abortScaleDownDelaySeconds')) && found;
    });
    expect(reasonOf(waiting)).toBe('Preflight');
    expect((await here.pods())[imageFor('endless', 'v2')]).toBeUndefined();
  });
});
