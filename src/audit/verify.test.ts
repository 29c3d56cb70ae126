import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Environment, EnvironmentStatus, Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { placeTrail } from '../environment/trail.ts';
import { trailOf } from './trail.ts';
import { verifyCluster } from './verify.ts';

const AT = '2026-01-01T00:00:00.000Z';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: `${name}-uid`,
  resourceVersion: '1',
  creationTimestamp: AT,
});
const decision = { name: 'd', uid: 'd-uid', by: 'bob', verdict: 'Freeze', at: AT };
const entry = {
  target: 'checkout',
  image: 'shop',
  digest: DIGEST,
  reason: 'bad',
  promotion: 'two',
  since: AT,
};
const release = {
  target: 'checkout',
  revisionDigest: DIGEST,
  decision: 'r',
  uid: 'r-uid',
  by: 'bob',
  at: AT,
};

function place(status: EnvironmentStatus): Environment {
  const environment: Environment = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Environment',
    metadata: meta('prod'),
    spec: environmentSpec.parse({ targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] }),
  };
  const trail = placeTrail({ environment, promotions: [], decisions: [] }, status, AT);
  return { ...environment, status: { ...status, ...(trail && { audit: trail.audit }) } };
}

function promotion(status: PromotionStatus): Promotion {
  const one: Promotion = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: meta('two'),
    spec: { environment: 'prod', revision: { images: [] } },
  };
  const trail = trailOf(one, status, [], AT);
  return { ...one, status: { ...status, ...(trail && { audit: trail.audit }) } };
}
const ended: PromotionStatus = {
  startedAt: AT,
  completedAt: AT,
  decisions: [decision],
  conditions: [
    { type: 'Succeeded', status: 'True', reason: 'Succeeded', message: 'm', lastTransitionTime: AT },
  ],
};

const faults = (promotions: Promotion[], environments: Environment[]): string[] =>
  verifyCluster(promotions, environments).flatMap((f) => f.faults);
const historyOf = ({ status }: Promotion): EnvironmentStatus => ({
  history: [
    {
      promotion: 'two',
      target: 'checkout',
      outcome: 'Succeeded',
      completedAt: AT,
      audit: status?.audit?.records.at(-1)?.hash,
    },
  ],
});

describe('the trails of a cluster', () => {
  test('hold as they were written', () => {
    const two = promotion(ended);
    const prod = place({
      ...historyOf(two),
      decisions: [decision],
      quarantine: [entry],
      released: [release],
    });
    expect(verifyCluster([two], [prod])).toMatchObject([
      { about: 'shop/two', faults: [] },
      { about: 'environment shop/prod', records: 4, faults: [] },
    ]);
    expect(verifyCluster([], [prod])).toMatchObject([
      { about: 'environment shop/prod', faults: [] },
      { about: 'shop/two', faults: [], notes: [expect.stringContaining('deleted')] },
    ]);
  });

  test.each<[string, EnvironmentStatus]>([
    ['a Decision', { decisions: [decision, { ...decision, uid: 'forged' }] }],
    ['a Decision by somebody else', { decisions: [{ ...decision, by: 'carol' }] }],
    ['a release', { released: [release] }],
    ['a refusal', { quarantine: [entry, { ...entry, image: 'other' }] }],
    [
      'a history entry',
      { history: [{ promotion: 'p', target: 't', outcome: 'Succeeded', completedAt: AT }] },
    ],
    ['a refusal that was taken away', { quarantine: [] }],
  ])('show %s that no record tells of', (_, change) => {
    const prod = place({ decisions: [decision], quarantine: [entry] });
    expect(faults([], [prod])).toEqual([]);
    expect(faults([], [{ ...prod, status: { ...prod.status, ...change } }])).toHaveLength(1);
  });

  test('show a Decision of a promotion that no record tells of, and a trail that is gone', () => {
    const two = promotion(ended);
    expect(faults([two], [])).toEqual([]);
    const forged = {
      ...two,
      status: { ...two.status, decisions: [decision, { ...decision, uid: 'forged' }] },
    };
    expect(faults([forged], [])).toHaveLength(1);
    const { audit: _, ...bare } = two.status ?? {};
    expect(faults([{ ...two, status: bare }], [])).toEqual(['it was looked at, and has no trail']);
  });

  test('show a promotion and its history that were both made anew, by the trail of the place', () => {
    const prod = place(historyOf(promotion(ended)));
    const anew = promotion({ ...ended, decisions: [] });
    const status = { ...prod.status, ...historyOf(anew) };
    expect(faults([anew], [{ ...prod, status }])).toHaveLength(1);
  });

  test('of what is younger than the oldest record that was kept each has one', () => {
    const many = Array.from({ length: 180 }, (_, i) => ({ ...entry, image: `i${i}` }));
    const prod = place({ quarantine: many });
    expect(prod.status?.audit?.cut).toBeDefined();
    expect(faults([], [prod])).toEqual([]);
    const late = { ...entry, image: 'forged', since: '2026-01-02T00:00:00.000Z' };
    expect(faults([], [{ ...prod, status: { ...prod.status, quarantine: [...many, late] } }])).toHaveLength(
      1,
    );
  });
});
