import { beforeAll, describe, expect, test } from '@jest/globals';
import { NODE } from '../harness/kubelet.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { imageFor, Place, type PlaceOptions, reasonOf } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* Blue-green on the real controller: what users get is the active Service's selector, and nothing else. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'blue-green';
/** A gate whose answer is edited by hand. */
const says = (value: number): object => ({
  prometheus: { query: `vector(${value})`, pass: 'value == 1.0', fail: 'value == 0.0' },
  intervalSeconds: 1,
  count: 1,
});
const YES = says(1);
const NO = says(0);
const UNDECIDED = says(0.5);

beforeAll(() => cluster.createNamespace(NAMESPACE));

/** A blue-green at v1 whose preview somebody tests. */
async function place(app: string, options: PlaceOptions = {}): Promise<Place> {
  const here = await new Place(cluster.api, NAMESPACE, app).prepare({
    blueGreen: {},
    replicas: 2,
    ...options,
  });
  await controls.preview(NAMESPACE, app, 20);
  return here;
}

/** The hash that users get, from the Service itself. */
async function served(here: Place): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${NAMESPACE}/services/${here.app}-active`;
  const { spec } = await cluster.api.get<{ spec: { selector: Record<string, string> } }>(path);
  return spec.selector['rollouts-pod-template-hash'];
}

/** What has to hold when everything is as it was. */
async function expectBack(here: Place, before: Awaited<ReturnType<Place['rollout']>>): Promise<void> {
  const after = await here.rollout();
  expect(JSON.stringify(after.spec.template)).toBe(JSON.stringify(before.spec.template));
  expect(after.status).toMatchObject({
    phase: 'Healthy',
    currentPodHash: before.status?.stableRS,
    stableRS: before.status?.stableRS,
    blueGreen: { activeSelector: before.status?.stableRS },
  });
  expect(await served(here)).toBe(before.status?.stableRS);
}

describe('a good revision', () => {
  test('is judged beside the old one, which users go on getting, and then switched to', async () => {
    const here = await place('good', { gate: UNDECIDED });
    const before = await here.rollout();
    await here.promote('v2');
    const judged = await here.untilReason('good-v2', 'Analysing');
    expect(judged.status?.summary).toMatchObject({ step: '0/1', weight: 0 });
    expect(await served(here)).toBe(before.status?.stableRS);
    expect((await here.rollout()).status?.blueGreen?.previewSelector).not.toBe(before.status?.stableRS);

    await here.apply('Gate', 'good', YES);
    expect(reasonOf(await here.untilEnded('good-v2'))).toBe('Succeeded');
    const after = await here.rollout();
    expect(after.spec.template.spec.containers[0]?.image).toBe(imageFor('good', 'v2'));
    expect(await served(here)).toBe(after.status?.currentPodHash);
    await until('the Environment knows it as good', async (seen) => {
      const [target] = (await here.environment()).status?.targets ?? [];
      seen(target);
      return target?.lastGood?.promotion === 'good-v2';
    });
  });

  test('is judged by the requests to its preview', async () => {
    const here = await place('preview');
    await here.promote('v2');
    expect(reasonOf(await here.untilEnded('preview-v2'))).toBe('Succeeded');
  });
});

describe('a bad revision', () => {
  test('never gets to users; its pods may stay for as long as the Rollout says', async () => {
    await controls.behave(imageFor('unseen', 'v2'), { errorRate: 0.3 });
    const here = await place('unseen', { blueGreen: { abortScaleDownDelaySeconds: 600 } });
    const before = await here.rollout();
    await here.promote('v2');
    const ended = await here.untilEnded('unseen-v2');
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(ended.status?.revert?.reason).toBe('unseen');
    await expectBack(here, before);
    expect(await here.pods()).toEqual({ [imageFor('unseen', 'v1')]: 2, [imageFor('unseen', 'v2')]: 2 });
    expect((await here.environment()).status?.quarantine?.map((q) => q.promotion)).toEqual(['unseen-v2']);
  });

  test.each([
    ['while the old pods are still there', 'warm', { scaleDownDelaySeconds: 600 }],
    ['when the old pods have gone', 'cold', { scaleDownDelaySeconds: 1 }],
  ])('that shows itself in the bake is switched back without a pause, %s', async (_, app, blueGreen) => {
    const here = await place(app, { blueGreen, gate: YES, analysis: { bakeSeconds: 600 } });
    const before = await here.rollout();
    await here.promote('v2');
    await here.untilReason(`${app}-v2`, 'Baking');
    expect(await served(here)).not.toBe(before.status?.stableRS);
    if (app === 'cold')
      await until('the old pods have gone', async () => (await here.pods())[imageFor(app, 'v1')] === 0);
    await here.apply('Gate', app, NO);
    expect(reasonOf(await here.untilEnded(`${app}-v2`))).toBe('RolledBack');
    await expectBack(here, before);
  });

  /*
   * Measured: while its own post-promotion analysis runs, an abort does not switch back as long as the new
   * pods are not ready, which is when it matters most. The recorded template does.
   */
  test('whose pods die after the switch is switched back, although an abort would not do it', async () => {
    await cluster.api.create(`/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/analysistemplates`, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 'endless', namespace: NAMESPACE },
      spec: {
        metrics: [
          {
            name: 'endless',
            provider: {
              job: {
                spec: {
                  template: {
                    spec: {
                      nodeName: NODE,
                      restartPolicy: 'Never',
                      containers: [{ name: 'endless', image: 'registry.test/endless:1' }],
                    },
                  },
                },
              },
            },
          },
        ],
      },
    });
    await controls.exits('registry.test/endless:1', undefined);
    const here = await place('dying', {
      gate: YES,
      blueGreen: { postPromotionAnalysis: { templates: [{ templateName: 'endless' }] } },
    });
    const before = await here.rollout();
    await here.promote('v2');
    await until('users get v2', async () => (await served(here)) !== before.status?.stableRS);
    await controls.ready(imageFor('dying', 'v2'), false);
    await until('no pod of v2 is ready', async (seen) => {
      const { status } = await here.rollout();
      seen(status);
      return (status?.availableReplicas ?? 0) === 0;
    });
    await here.apply('Gate', 'dying', NO);
    expect(reasonOf(await here.untilEnded('dying-v2'))).toBe('RolledBack');
    await expectBack(here, before);
  });
});

describe('what others do is seen', () => {
  test('a switch by hand ends it as ExternalPromotion', async () => {
    const here = await place('pushed', { gate: UNDECIDED });
    await here.promote('v2');
    await here.untilReason('pushed-v2', 'Analysing');
    await cluster.api.patch(
      `${rolloutPath(NAMESPACE, 'pushed')}/status`,
      { status: { pauseConditions: null } },
      'merge',
    );
    expect(reasonOf(await here.untilEnded('pushed-v2'))).toBe('ExternalPromotion');
  });

  test('an abort by hand brings the recorded template back, without quarantine', async () => {
    const here = await place('stopped', { gate: UNDECIDED });
    const before = await here.rollout();
    await here.promote('v2');
    await here.untilReason('stopped-v2', 'Analysing');
    await cluster.api.patch(
      `${rolloutPath(NAMESPACE, 'stopped')}/status`,
      { status: { abort: true } },
      'merge',
    );
    expect(reasonOf(await here.untilEnded('stopped-v2'))).toBe('ExternalAbort');
    await expectBack(here, before);
    expect((await here.environment()).status?.quarantine ?? []).toEqual([]);
  });
});

test.each([
  ['by-itself', { autoPromotionEnabled: true }, 'set blueGreen.autoPromotionEnabled to false'],
  ['in-a-while', { autoPromotionSeconds: 60 }, 'remove blueGreen.autoPromotionSeconds'],
])(
  'one that would switch unjudged waits in Preflight and says what to change: %s',
  async (app, blueGreen, fix) => {
    const here = await place(app, { blueGreen });
    await here.promote('v2');
    const waiting = await until('it says what to change', async (seen) => {
      const found = await here.promotion(`${app}-v2`);
      seen(found.status);
      return found.status?.blockedBy?.some((b) => b.message.includes(fix)) && found;
    });
    expect(reasonOf(waiting)).toBe('Preflight');
    expect((await here.pods())[imageFor(app, 'v2')]).toBeUndefined();
  },
);
