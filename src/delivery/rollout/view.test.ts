import { describe, expect, test } from '@jest/globals';
import type { PlannedTarget } from '../../api/v1alpha1/types.ts';
import type { ReplicaSet, Rollout } from './types.ts';
import { viewOf } from './view.ts';

const image = (version: string): string => `checkout:${version}`;
const template = (version: string) => ({
  metadata: { labels: { app: 'checkout' } },
  spec: { containers: [{ name: 'app', image: image(version) }] },
});
const meta = {
  name: 'checkout',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '1',
  generation: 3,
  creationTimestamp: 't',
};
const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];

const rollout = (status: Rollout['status'] = {}, spec: Partial<Rollout['spec']> = {}): Rollout => ({
  metadata: meta,
  spec: { replicas: 5, template: template('v2'), strategy: { canary: { steps } }, ...spec },
  status: {
    observedGeneration: '3',
    phase: 'Healthy',
    currentPodHash: 'h1',
    stableRS: 'h1',
    currentStepIndex: 4,
    ...status,
  },
});
const replicaSet = (hash: string, version: string, replicas: number, owner = 'u'): ReplicaSet => ({
  metadata: {
    ...meta,
    name: hash,
    uid: hash,
    labels: { 'rollouts-pod-template-hash': hash },
    ownerReferences: [
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'checkout', uid: owner, controller: true },
    ],
  },
  spec: { replicas, template: template(version) },
  status: { replicas, readyReplicas: replicas, observedGeneration: 3 },
});
const recorded = { controllerRevision: 'c', hash: 'h1', template: template('v1') };
const planned: PlannedTarget = {
  name: 'checkout',
  wave: 0,
  rollout: { name: 'checkout', uid: 'u' },
  images: [{ container: 'app', image: image('v2'), changed: true }],
  stepsHash: 's',
  steps: 4,
};
const promotion = { namespace: 'shop', name: 'p', uid: 'p-uid', environment: 'prod' };
const seen = (r: Rollout, sets: ReplicaSet[] = []) => viewOf(r, sets, { recorded, planned, promotion });

describe('whether the controller has seen the newest generation', () => {
  test.each([
    ['a string that equals it', { observedGeneration: '3' }, true],
    ['a number that equals it', { observedGeneration: 3 }, true],
    ['an older one', { observedGeneration: '2' }, false],
    ['none', { observedGeneration: '' }, false],
    ['an unpause that is half done', { controllerPause: true }, false],
    [
      'a pause',
      { controllerPause: true, pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 't' }] },
      true,
    ],
  ])('%s', (_, status, observed) => {
    expect(seen(rollout(status)).observed).toBe(observed);
  });
});

describe('whose template is declared', () => {
  test('ours: the recorded one with the planned images, whatever the order of its keys', () => {
    const { spec, metadata } = template('v2');
    const view = seen(rollout({}, { template: { spec, metadata } }));
    expect([view.isOurs, view.isRecorded]).toEqual([true, false]);
  });

  test('the recorded one', () => {
    const view = seen(rollout({}, { template: template('v1') }));
    expect([view.isOurs, view.isRecorded]).toEqual([false, true]);
  });

  test("a stranger's, also if only an annotation was added", () => {
    const theirs = { ...template('v2'), metadata: { labels: { app: 'checkout' }, annotations: { a: 'b' } } };
    const view = seen(rollout({}, { template: theirs }));
    expect([view.isOurs, view.isRecorded]).toEqual([false, false]);
  });
});

describe('what runs', () => {
  test('pods by hash, with what is wanted as well as what exists, of ReplicaSets that the Rollout controls', () => {
    const starting = replicaSet('h2', 'v2', 3);
    starting.status = { replicas: 1, readyReplicas: 0, observedGeneration: 3 };
    const { revisions } = seen(rollout(), [
      replicaSet('h1', 'v1', 5),
      starting,
      replicaSet('h9', 'v9', 5, 'other'),
    ]);
    expect(revisions).toEqual([
      { hash: 'h1', replicas: 5, ready: 5, images: { app: image('v1') } },
      { hash: 'h2', replicas: 3, ready: 0, images: { app: image('v2') } },
    ]);
  });

  test('it is healthy when every pod of the current revision is ready, by counts that speak of now', () => {
    const pods = replicaSet('h1', 'v1', 5);
    expect(seen(rollout(), [pods]).healthy).toBe(true);
    expect(seen(rollout({ phase: 'Progressing' }), [pods]).healthy).toBe(false);
    const short = { ...pods, status: { replicas: 5, readyReplicas: 4, observedGeneration: 3 } };
    expect(seen(rollout(), [short]).healthy).toBe(false);
    const stale = { ...pods, status: { replicas: 5, readyReplicas: 5, observedGeneration: 2 } };
    expect(seen(rollout(), [stale]).healthy).toBe(false);
    expect(seen(rollout(), []).healthy).toBe(false);
  });

  test('it waits for us at a pause of its own, not at any other', () => {
    const canary = {
      currentPodHash: 'h2',
      phase: 'Paused',
      pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 't' }],
    };
    expect(seen(rollout({ ...canary, currentStepIndex: 1 })).waiting).toBe(true);
    expect(seen(rollout({ ...canary, currentStepIndex: 0 })).waiting).toBe(false);
    const other = {
      ...canary,
      currentStepIndex: 1,
      pauseConditions: [{ reason: 'InconclusiveAnalysis', startTime: 't' }],
    };
    expect(seen(rollout(other)).waiting).toBe(false);
  });

  test.each([
    [
      'an invalid spec',
      [{ type: 'InvalidSpec', status: 'True', message: 'bad' }],
      'the Rollout refuses its spec: bad',
    ],
    [
      'pods that are not ready in time',
      [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'late' }],
      'the new pods are not ready in time: late',
    ],
    ['nothing', [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }], undefined],
  ])('%s is why it cannot come up', (_, conditions, failure) => {
    expect(seen(rollout({ conditions })).failure).toBe(failure);
  });
});

/** Every obstacle, a line each. */
const says = (r: Rollout): string =>
  seen(r)
    .obstacles.map((o) => `${o.kind} ${o.message}`)
    .join('\n');

describe('what stands in the way of a promotion', () => {
  test('nothing, at rest', () => {
    expect(says(rollout())).toBe('');
  });

  test.each([
    ['an abort', rollout({ abort: true }), 'Busy Rollout checkout is aborted: restore its previous template'],
    [
      'a canary of somebody else',
      rollout({ currentPodHash: 'h2', phase: 'Paused' }),
      'Busy Rollout checkout is not at rest (Paused)',
    ],
    ['a generation that nobody has seen', rollout({ observedGeneration: '2' }), 'is it running?'],
    ['spec.paused', rollout({}, { paused: true }), 'Unfit Rollout checkout: spec.paused is set'],
    ['no history', rollout({}, { revisionHistoryLimit: 0 }), 'set it to 1 or more'],
    ['a template elsewhere', rollout({}, { workloadRef: {} }), 'move the template into the Rollout'],
    ['no strategy', rollout({}, { strategy: {} }), 'give it spec.strategy.canary or spec.strategy.blueGreen'],
    [
      'steps without a pause',
      rollout({}, { strategy: { canary: { steps: [] } } }),
      'add one after each setWeight',
    ],
  ])('%s, with what to do', (_, r, expected) => {
    expect(says(r)).toContain(expected);
  });
});
