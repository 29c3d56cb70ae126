import { describe, expect, test } from '@jest/globals';
import type { CanaryStrategy, Rollout, TrafficWeights } from './types.ts';
import { viewOf } from './view.ts';

const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
const ROUTED = { trafficRouting: {} };

const rollout = (
  canary: CanaryStrategy = {},
  status: Rollout['status'] = {},
  spec: Partial<Rollout['spec']> = {},
): Rollout => ({
  metadata: {
    name: 'checkout',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: 't',
  },
  spec: {
    replicas: 5,
    rollbackWindow: { revisions: 3 },
    strategy: { canary: { steps: STEPS, ...canary } },
    ...spec,
  },
  status: {
    observedGeneration: '1',
    phase: 'Healthy',
    currentPodHash: 'old',
    stableRS: 'old',
    currentStepIndex: 4,
    ...status,
  },
});
const promotion = { namespace: 'shop', name: 'p', uid: 'p-uid', environment: 'prod' };
const view = (r: Rollout) => viewOf(r, [], { recorded: undefined, planned: undefined, promotion });
/** It stands at the pause behind 20 %, and the router says this. */
const at20 = (weight: number, more: Partial<TrafficWeights> = {}): Rollout['status'] => ({
  phase: 'Paused',
  currentPodHash: 'new',
  currentStepIndex: 1,
  controllerPause: true,
  pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 't' }],
  canary: {
    weights: {
      canary: { weight, podTemplateHash: 'new' },
      stable: { weight: 100 - weight, podTemplateHash: 'old' },
      ...more,
    },
  },
});

describe('with a router a canary waits at a pause only when the router has what the steps ask for', () => {
  test.each([
    ['it has', ROUTED, at20(20), undefined],
    ['it has confirmed it', ROUTED, at20(20, { verified: true }), undefined],
    [
      'it has not confirmed it yet',
      ROUTED,
      at20(20, { verified: false }),
      'does not confirm the weight of 20 %',
    ],
    ['it lags behind', ROUTED, at20(0), 'sends 0 % to the new revision and not 20 %'],
    [
      'it counts to 1000',
      { trafficRouting: { maxTrafficWeight: 1000 } },
      at20(200),
      'sends 20 % to the new revision and not 2 %',
    ],
    ['nobody reports weights', ROUTED, { ...at20(0), canary: {} }, undefined],
    ['there is no router any more', {}, at20(0), undefined],
  ])('%s', (_, canary, status, misrouted) => {
    const seen = view(rollout(canary, status));
    expect(seen.waiting).toBe(misrouted === undefined);
    if (misrouted === undefined) expect(seen.misrouted).toBeUndefined();
    else expect(seen.misrouted).toContain(misrouted);
  });

  test('weights are percent, whatever the router counts to', () => {
    const steps = [{ setWeight: 200 }, { pause: {} }, { setWeight: 1000 }];
    const seen = view(rollout({ trafficRouting: { maxTrafficWeight: 1000 }, steps }, at20(200)));
    expect(seen).toMatchObject({ waiting: true, weight: 20, obstacles: [{ kind: 'Busy' }] });
    expect(seen.traffic?.shares[0]).toEqual({ hash: 'new', percent: 20 });
  });
});

test('where traffic goes is what the router reports, experiments included; without one it is not said', () => {
  const additional = [{ weight: 5, podTemplateHash: 'experiment' }];
  expect(view(rollout(ROUTED, at20(20, { additional }))).traffic).toEqual({
    by: 'Router',
    shares: [
      { hash: 'new', percent: 20 },
      { hash: 'old', percent: 80 },
      { hash: 'experiment', percent: 5 },
    ],
    verified: true,
  });
  expect(view(rollout({}, at20(20))).traffic).toBeUndefined();
});

test('old pods are kept only where a router directs traffic away from them', () => {
  expect(view(rollout()).scaleDownDelaySeconds).toBeUndefined();
  expect(view(rollout(ROUTED)).scaleDownDelaySeconds).toBe(30);
  expect(view(rollout({ ...ROUTED, scaleDownDelaySeconds: 600 })).scaleDownDelaySeconds).toBe(600);
});

describe('what a person is told', () => {
  test('an abort that would never end is refused, with its fix', () => {
    const dynamic = { ...ROUTED, dynamicStableScale: true };
    expect(view(rollout(dynamic)).obstacles).toEqual([]);
    const [obstacle] = view(rollout({ ...dynamic, abortScaleDownDelaySeconds: 30 })).obstacles;
    expect(obstacle?.message).toContain('remove canary.abortScaleDownDelaySeconds');
  });

  test.each([
    ['nothing', rollout(), undefined],
    [
      'no rollbackWindow',
      rollout({}, {}, { rollbackWindow: {} }),
      'set rollbackWindow.revisions to 1 or more',
    ],
    [
      'a weight that pods cannot express',
      rollout({ steps: [{ setWeight: 10 }, { pause: {} }] }),
      '5 replicas cannot express a weight of 10',
    ],
    [
      'a weight that a router can',
      rollout({ ...ROUTED, steps: [{ setWeight: 10 }, { pause: {} }] }),
      undefined,
    ],
  ])('%s is a warning', (_, r, says) => {
    const { warnings } = view(r);
    if (says === undefined) expect(warnings).toEqual([]);
    else expect(warnings).toEqual([expect.stringContaining(says)]);
  });
});
