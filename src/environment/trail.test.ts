import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Decision, DecisionSpec, Environment, EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { readRecord } from '../audit/chain.ts';
import { faultsOf } from '../audit/kept.ts';
import type { Input } from './input.ts';
import { onRecord, placeTrail } from './trail.ts';

const AT = '2026-01-01T00:00:00.000Z';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: `${name}-uid`,
  resourceVersion: '1',
  creationTimestamp: AT,
});

const place = (status?: EnvironmentStatus): Environment => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Environment',
  metadata: meta('prod'),
  spec: environmentSpec.parse({ targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] }),
  status,
});

const decision = (spec: Partial<DecisionSpec> & Pick<DecisionSpec, 'verdict'>): Decision => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Decision',
  metadata: meta('d'),
  spec: { by: 'bob', environment: 'prod', ...spec },
});
const used = { name: 'd', uid: 'd-uid', by: 'bob', at: AT };

const told = (after: EnvironmentStatus, before: EnvironmentStatus = {}, decisions: Decision[] = []) => {
  const trail = placeTrail({ environment: place(before), promotions: [], decisions }, after, AT);
  return (trail?.fresh ?? []).map((link) => {
    const { seq: _, at: __, ...record } = readRecord(link) ?? { seq: 0, at: '' };
    return record;
  });
};

const entry = {
  target: 'checkout',
  image: 'checkout',
  digest: DIGEST,
  revisionDigest: DIGEST,
  reason: 'too many',
  promotion: 'two',
  since: AT,
};
const good = { revisionDigest: DIGEST, images: ['checkout@x'], promotion: 'two', since: AT };
const drift = { expected: 'a', found: 'b', since: AT };
const freeze = { by: 'bob', reason: 'incident 7', until: AT };
const ended = {
  promotion: 'two',
  target: 'checkout',
  outcome: 'Succeeded',
  revisionDigest: DIGEST,
  completedAt: AT,
  audit: 'h',
};
const candidate = { revisionDigest: DIGEST, promotion: 'two' };

const many = (n: number): EnvironmentStatus => ({
  quarantine: Array.from({ length: n }, (_, i) => ({ ...entry, digest: `sha256:${i}` })),
});

describe('the trail of an Environment', () => {
  test.each<[string, Decision, object]>([
    [
      'a Freeze',
      decision({ verdict: 'Freeze', until: AT, reason: 'incident 7', ticket: 'INC-7' }),
      { until: AT, reason: 'incident 7', ticket: 'INC-7' },
    ],
    ['a Thaw', decision({ verdict: 'Thaw' }), {}],
    ['a Resume', decision({ verdict: 'Resume', reason: 'fixed' }), { reason: 'fixed' }],
    [
      'a Rollback, with the Promotion that it orders',
      decision({ verdict: 'Rollback', target: 'checkout', revisionDigest: DIGEST }),
      { target: 'checkout', revisionDigest: DIGEST, promotion: 'rollback-d-uid' },
    ],
    [
      'an Approve after an emergency',
      decision({
        verdict: 'Approve',
        gate: 'follow-up',
        promotion: { name: 'hotfix', uid: 'u' },
        revisionDigest: DIGEST,
      }),
      { gate: 'follow-up', promotion: 'hotfix', revisionDigest: DIGEST },
    ],
  ])('has %s', (_, d, says) => {
    const { verdict } = d.spec;
    const one = { ...used, verdict, ...(verdict === 'Approve' && { promotion: 'hotfix' }) };
    expect(told({ decisions: [one] }, {}, [d])).toEqual([
      { kind: 'Decision', name: 'd', uid: 'd-uid', by: 'bob', verdict, ...says },
    ]);
    expect(told({ decisions: [one] }, { decisions: [one], audit: { records: [] } }, [d])).toEqual([]);
  });

  test('has what is refused, and who let it out again', () => {
    const { since: _, ...says } = entry;
    expect(told({ quarantine: [entry] })).toEqual([{ kind: 'Quarantined', ...says }]);
    const d = decision({
      verdict: 'Release',
      target: 'checkout',
      revisionDigest: DIGEST,
      reason: 'false alarm',
    });
    const release = {
      target: 'checkout',
      revisionDigest: DIGEST,
      decision: 'd',
      uid: 'd-uid',
      by: 'bob',
      at: AT,
    };
    const before = { quarantine: [entry], audit: { records: [] } };
    expect(told({ released: [release] }, before, [d])).toEqual([
      {
        kind: 'Decision',
        name: 'd',
        uid: 'd-uid',
        by: 'bob',
        verdict: 'Release',
        target: 'checkout',
        revisionDigest: DIGEST,
        reason: 'false alarm',
      },
      { kind: 'Released', target: 'checkout', image: 'checkout', digest: DIGEST, revisionDigest: DIGEST },
    ]);
  });

  test.each<[string, EnvironmentStatus, EnvironmentStatus, object[]]>([
    [
      'what is good now',
      {},
      { targets: [{ name: 'checkout', lastGood: good }] },
      [
        {
          kind: 'LastGood',
          target: 'checkout',
          revisionDigest: DIGEST,
          promotion: 'two',
          images: ['checkout@x'],
        },
      ],
    ],
    [
      'drift that begins',
      {},
      { targets: [{ name: 'checkout', drift }] },
      [{ kind: 'Drift', target: 'checkout', over: false, expected: 'a', found: 'b' }],
    ],
    [
      'drift that is over',
      { targets: [{ name: 'checkout', drift }] },
      { targets: [{ name: 'checkout' }] },
      [{ kind: 'Drift', target: 'checkout', over: true }],
    ],
    [
      'drift that goes on',
      { targets: [{ name: 'checkout', drift }] },
      { targets: [{ name: 'checkout', drift: { ...drift, found: 'c' } }] },
      [],
    ],
    ['a freeze', {}, { freeze }, [{ kind: 'Frozen', over: false, ...freeze }]],
    ['its end', { freeze }, {}, [{ kind: 'Frozen', over: true, reason: 'incident 7' }]],
    [
      'what begins',
      {},
      {
        targets: [
          { name: 'checkout', candidate },
          { name: 'admin', candidate },
        ],
      },
      [{ kind: 'Begun', promotion: 'two', revisionDigest: DIGEST }],
    ],
    [
      'what has ended, with the head of its trail',
      {},
      { history: [ended, { ...ended, target: 'admin' }] },
      [
        {
          kind: 'Ended',
          promotion: 'two',
          outcome: 'Succeeded',
          revisionDigest: DIGEST,
          completedAt: AT,
          audit: 'h',
          targets: ['checkout', 'admin'],
        },
      ],
    ],
  ])('has %s', (_, before, after, records) => {
    expect(told(after, { audit: { records: [] }, ...before })).toEqual(records);
  });

  test('says by what a promotion came that nobody has applied', () => {
    const promotion = {
      apiVersion: 'sluice.dev/v1alpha1' as const,
      kind: 'Promotion' as const,
      metadata: meta('two'),
      spec: { environment: 'prod', revision: { images: [] }, reason: 'verified in Environment staging' },
    };
    const after = { targets: [{ name: 'checkout', candidate }] };
    const input = { environment: place(), promotions: [promotion], decisions: [] };
    const [link] = placeTrail(input, after, AT)?.fresh ?? [];
    expect(link && readRecord(link)).toMatchObject({
      promotion: 'two',
      uid: 'two-uid',
      requestedBy: null,
      reason: 'verified in Environment staging',
    });
  });

  test('begins with what stood there before there was one, holds, and keeps within its bound', () => {
    let status: EnvironmentStatus = many(3);
    for (let n = 4; n < 190; n += 1) {
      const after = many(n);
      const trail = placeTrail({ environment: place(status), promotions: [], decisions: [] }, after, AT);
      status = { ...after, ...(trail && { audit: trail.audit }) };
      if (n === 4) expect(trail?.fresh).toHaveLength(4);
    }
    expect(faultsOf('prod-uid', status.audit)).toEqual([]);
    expect(status.audit?.cut).toBeDefined();
    expect(status.audit?.records.length).toBeLessThanOrEqual(100);
    expect(Buffer.byteLength(JSON.stringify(status.audit))).toBeLessThan(65 * 1024);
  });

  test('is left alone where nothing happened, so that nothing is written', () => {
    expect(told({ targets: [{ name: 'checkout' }] })).toEqual([]);
    const audit = { records: [] };
    const before = { quarantine: [entry], audit };
    const input = { environment: place(before), promotions: [], decisions: [] };
    expect(placeTrail(input, { quarantine: [entry] }, AT)).toEqual({ audit, fresh: [] });
  });
});

const input = (status?: EnvironmentStatus): Input => ({
  now: Date.parse(AT),
  environment: place(status),
  promotions: [],
  decisions: [],
  upstreams: new Map(),
  freezes: [],
  declared: () => undefined,
  running: () => undefined,
  problems: [],
});

describe('the status of an Environment', () => {
  test('is written with the records of what it says', () => {
    const { status, fresh } = onRecord(input(), { quarantine: [entry] });
    expect(status).toMatchObject({ quarantine: [entry], audit: { records: fresh } });
    expect(fresh).toHaveLength(1);
    expect(onRecord(input(status), { quarantine: [entry] })).toEqual({ status, fresh: [] });
  });

  test('is not written for the sake of a trail alone', () => {
    const old = { quarantine: [entry] };
    expect(onRecord(input(old), { quarantine: [entry] })).toEqual({ status: old, fresh: [] });
    expect(onRecord(input(old), { quarantine: [entry], freeze }).fresh).toHaveLength(2);
  });
});
