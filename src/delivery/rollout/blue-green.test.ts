import { describe, expect, test } from '@jest/globals';
import { advancePatch } from './patches.ts';
import type { BlueGreenStrategy, Rollout } from './types.ts';
import { viewOf } from './view.ts';

const rollout = (blueGreen: BlueGreenStrategy = {}, status: Rollout['status'] = {}): Rollout => ({
  metadata: {
    name: 'checkout',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: 't',
  },
  spec: {
    strategy: {
      blueGreen: {
        activeService: 'active',
        previewService: 'preview',
        autoPromotionEnabled: false,
        ...blueGreen,
      },
    },
  },
  status: {
    observedGeneration: '1',
    phase: 'Healthy',
    currentPodHash: 'new',
    stableRS: 'old',
    blueGreen: { activeSelector: 'old', previewSelector: 'new' },
    ...status,
  },
});
const promotion = { namespace: 'shop', name: 'p', uid: 'p-uid', environment: 'prod' };
const view = (r: Rollout) => viewOf(r, [], { recorded: undefined, planned: undefined, promotion });
const paused = (...reasons: string[]) => ({
  controllerPause: true,
  pauseConditions: reasons.map((reason) => ({ reason, startTime: 't' })),
});

describe('a blue-green is a canary of one step', () => {
  test('at rest it has taken it', () => {
    const rest = { currentPodHash: 'old', blueGreen: { activeSelector: 'old', previewSelector: 'old' } };
    expect(view(rollout({}, rest))).toMatchObject({
      step: 1,
      steps: 1,
      weight: 100,
      waiting: false,
      obstacles: [],
    });
  });

  test('beside the old pods it waits before it, with no traffic', () => {
    expect(view(rollout({}, paused('BlueGreenPause')))).toMatchObject({
      step: 0,
      pauses: [0],
      weight: 0,
      waiting: true,
      traffic: { by: 'Selector', shares: [{ hash: 'old', percent: 100 }], verified: true },
    });
  });

  test.each([
    ['before its pods are ready', {}],
    ['while its own analysis is inconclusive as well', paused('BlueGreenPause', 'InconclusiveAnalysis')],
    ['while an unpause is half done', { controllerPause: true }],
  ])('it does not wait for us %s', (_, status) => {
    expect(view(rollout({}, status)).waiting).toBe(false);
  });

  test('once switched all traffic is on it, although it may not be stable yet', () => {
    const switched = { blueGreen: { activeSelector: 'new', previewSelector: 'new' } };
    expect(view(rollout({}, switched))).toMatchObject({ step: 1, weight: 100, waiting: false });
  });

  test('its pause is ended by its reason, as it has no steps to test', () => {
    const { operations } = advancePatch(rollout(), 0, 'new');
    expect(operations.map(({ path }) => path)).toEqual([
      '/status/currentPodHash',
      '/status/pauseConditions/0/reason',
      '/status/pauseConditions',
    ]);
    expect(operations[1]).toMatchObject({ op: 'test', value: 'BlueGreenPause' });
  });

  test('switching by itself, or other Services, are other steps', () => {
    const hash = view(rollout()).stepsHash;
    expect(view(rollout({ autoPromotionEnabled: true })).stepsHash).not.toBe(hash);
    expect(view(rollout({ activeService: 'another' })).stepsHash).not.toBe(hash);
    expect(view(rollout({ scaleDownDelaySeconds: 5 })).stepsHash).toBe(hash);
  });
});

describe('what a person is told', () => {
  const rest = { currentPodHash: 'old', blueGreen: { activeSelector: 'old' } };
  const { autoPromotionEnabled: _, ...absent } = rollout().spec.strategy?.blueGreen ?? {};

  test.each([
    ['switching by itself', rollout({ autoPromotionEnabled: true }, rest), 'autoPromotionEnabled to false'],
    [
      'switching by itself, which is the default',
      { ...rollout({}, rest), spec: { strategy: { blueGreen: absent } } },
      'autoPromotionEnabled to false',
    ],
    [
      'switching after a while',
      rollout({ autoPromotionSeconds: 30 }, rest),
      'remove blueGreen.autoPromotionSeconds',
    ],
  ])('%s is refused, with its fix', (_, r, says) => {
    const { obstacles } = view(r);
    expect(obstacles.map((o) => o.kind)).toEqual(['Unjudgeable']);
    expect(obstacles[0]?.message).toContain(says);
  });

  test('without a preview Service nothing reaches the new pods before the switch', () => {
    expect(view(rollout({}, rest)).warnings).toEqual([]);
    expect(view(rollout({ previewService: '' }, rest)).warnings[0]).toContain(
      'add one, and send test traffic to it',
    );
  });

  test('how long the old pods are kept', () => {
    expect(view(rollout()).scaleDownDelaySeconds).toBe(30);
    expect(view(rollout({ scaleDownDelaySeconds: 600 })).scaleDownDelaySeconds).toBe(600);
  });
});
