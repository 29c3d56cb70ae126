import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Environment, EnvironmentStatus, Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { decide } from './decide.ts';

const digest = (n: number): string => `sha256:${String(n % 10).repeat(64)}`;
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: name,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const environment = (status?: EnvironmentStatus): Environment => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Environment',
  metadata: meta('prod'),
  spec: environmentSpec.parse({ targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] }),
  status,
});

const promotion = (n: number, status: Partial<PromotionStatus>, place: object = {}): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: meta(`p${n}`),
  spec: { environment: 'prod', revision: { images: [{ image: 'checkout', digest: digest(n) }] } },
  status: {
    revisionDigest: digest(n),
    plan: {
      version: 1,
      hash: 'h',
      bakeSeconds: 1,
      gates: [],
      targets: [
        {
          name: 'checkout',
          wave: 0,
          rollout: { name: 'checkout', uid: 'u' },
          images: [{ container: 'app', image: `checkout@${digest(n)}`, changed: true }],
          stepsHash: 's',
          steps: 2,
        },
      ],
    },
    targets: [
      {
        name: 'checkout',
        state: 'Succeeded',
        since: 't',
        step: 2,
        steps: 2,
        reachedAt: `2026-01-0${n}T00:00:00Z`,
        ...place,
      },
    ],
    ...status,
  },
});
const ended = { completedAt: '2026-01-09T00:00:00Z' };
const revert = {
  reason: 'error-rate',
  message: 'too many',
  target: 'checkout',
  quarantine: true,
  detectedAt: '2026-01-02T00:00:01Z',
};

const decided = (
  promotions: Promotion[],
  before?: EnvironmentStatus,
  problems: string[] = [],
): EnvironmentStatus => decide({ now: 0, environment: environment(before), promotions, problems });
const truth = (status: EnvironmentStatus) => {
  const target = status.targets?.[0];
  return [target?.current?.promotion, target?.lastGood?.promotion, target?.candidate?.promotion];
};

describe('the truth about a target', () => {
  test('the newest success is current and last good', () => {
    expect(truth(decided([promotion(1, ended), promotion(2, ended)]))).toEqual(['p2', 'p2', undefined]);
  });

  test('what bakes is current and candidate, and not yet good', () => {
    const baking = promotion(2, {}, { state: 'Baking' });
    expect(truth(decided([promotion(1, ended), baking]))).toEqual(['p2', 'p1', 'p2']);
  });

  test('what went back in its bake is current no more', () => {
    const before = decided([promotion(1, ended), promotion(2, {}, { state: 'Baking' })]);
    const after = decided(
      [promotion(1, ended), promotion(2, { revert, ...ended }, { state: 'RolledBack' })],
      before,
    );
    expect(truth(after)).toEqual(['p1', 'p1', undefined]);
  });

  test('it outlasts the promotions that it came from', () => {
    const before = decided([promotion(1, ended)]);
    expect(truth(decided([], before))).toEqual(['p1', 'p1', undefined]);
  });
});

describe('the quarantine', () => {
  const failed = promotion(2, { revert });

  test('has what a failed promotion changed, once, and keeps it after the promotion is gone', () => {
    const first = decided([failed]);
    expect(first.quarantine).toEqual([
      {
        target: 'checkout',
        image: 'checkout',
        digest: digest(2),
        reason: 'too many',
        promotion: 'p2',
        since: revert.detectedAt,
      },
    ]);
    expect(decided([failed], first).quarantine).toHaveLength(1);
    expect(decided([], first).quarantine).toHaveLength(1);
  });

  test('has nothing of an abort, and no image that was there before', () => {
    expect(decided([promotion(2, { revert: { ...revert, quarantine: false } })]).quarantine).toBeUndefined();
    const unchanged = promotion(2, { revert });
    for (const image of unchanged.status?.plan?.targets[0]?.images ?? []) image.changed = false;
    expect(decided([unchanged]).quarantine).toBeUndefined();
  });

  test('drops nothing when it is full: what is new stays out, and its promotion waits', () => {
    const full = Array.from({ length: 200 }, (_, i) => ({
      target: 'checkout',
      image: `i${i}`,
      digest: digest(1),
      reason: '',
      promotion: '',
      since: '',
    }));
    expect(decided([failed], { quarantine: full }).quarantine).toEqual(full);
  });
});

test('it is ready when everything that it names exists, else it says what to do', () => {
  expect(decided([]).conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
  expect(decided([], undefined, ['Gate g does not exist: apply it']).conditions?.[0]).toMatchObject({
    status: 'False',
    message: 'Gate g does not exist: apply it',
  });
});
