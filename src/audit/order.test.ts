import { describe, expect, test } from '@jest/globals';
import type { Decision, Promotion, PromotionSpec, PromotionStatus } from '../api/v1alpha1/types.ts';
import { readRecord } from './chain.ts';
import { trailOf } from './trail.ts';

const AT = '2026-01-01T00:00:00.000Z';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGES = [{ image: 'ghcr.io/acme/checkout', tag: '1.4.2', digest: DIGEST }];

const ordered = (spec: Partial<PromotionSpec>, status?: PromotionStatus): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name: 'two', namespace: 'shop', uid: 'two-uid', resourceVersion: '1', creationTimestamp: AT },
  spec: { environment: 'prod', revision: { images: IMAGES }, ...spec },
  status,
});

const saying = (reason: string, more: Partial<PromotionStatus> = {}): PromotionStatus => ({
  revision: { images: IMAGES },
  revisionDigest: DIGEST,
  conditions: [{ type: 'Succeeded', status: 'False', reason, message: 'm', lastTransitionTime: AT }],
  ...more,
});

function records(promotion: Promotion, after: PromotionStatus, decisions: Decision[] = []): unknown[] {
  const decided = (uid: string): Decision | undefined => decisions.find((d) => d.metadata.uid === uid);
  return (trailOf(promotion, after, [], AT, { decided })?.fresh ?? []).map((link) => readRecord(link));
}

describe('the first record of a promotion', () => {
  test('says who asked for what, before anything is planned', () => {
    const [first, second] = records(
      ordered({ requestedBy: 'alice', reason: 'release 1.4.2', targets: ['checkout'] }),
      saying('Rejected'),
    );
    expect(first).toEqual({
      kind: 'Order',
      seq: 1,
      at: AT,
      namespace: 'shop',
      name: 'two',
      environment: 'prod',
      requestedBy: 'alice',
      changeType: 'Normal',
      revisionDigest: DIGEST,
      images: [`ghcr.io/acme/checkout:1.4.2@${DIGEST}`],
      targets: ['checkout'],
      reason: 'release 1.4.2',
    });
    expect(second).toMatchObject({ kind: 'State', reason: 'Rejected' });
  });

  test('says that nobody in particular asked for it', () => {
    expect(records(ordered({}), saying('Queued'))[0]).toMatchObject({ kind: 'Order', requestedBy: null });
  });

  test('says by whose Decision it goes back, and why an emergency cannot wait', () => {
    const rollback = { decision: 'back', uid: 'back-uid', by: 'bob' };
    expect(records(ordered({ rollback }), saying('Queued'))[0]).toMatchObject({
      decision: 'back',
      decisionUid: 'back-uid',
      orderedBy: 'bob',
    });
    const emergency = { ticket: 'INC-7', justification: 'the shop is down' };
    expect(records(ordered({ changeType: 'Emergency', emergency }), saying('Queued'))[0]).toMatchObject({
      changeType: 'Emergency',
      ticket: 'INC-7',
      justification: 'the shop is down',
    });
  });

  test('comes once, and a revision that becomes known later is a record of its own', () => {
    const from = { environment: 'staging' };
    const before = { conditions: saying('Queued').conditions };
    const first = trailOf(ordered({ revision: undefined, from }), before, [], AT);
    expect(readRecord(first?.fresh[0] ?? { record: '' })).toMatchObject({ from: 'staging', images: [] });
    const later = ordered({ revision: undefined, from }, { ...before, audit: first?.audit });
    expect(records(later, saying('Queued'))).toEqual([
      {
        kind: 'Revision',
        seq: 3,
        at: AT,
        revisionDigest: DIGEST,
        images: [`ghcr.io/acme/checkout:1.4.2@${DIGEST}`],
      },
    ]);
  });
});

test('the record of a Decision says what was decided on, and why', () => {
  const decision: Decision = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Decision',
    metadata: { name: 'd', namespace: 'shop', uid: 'd-uid', resourceVersion: '1', creationTimestamp: AT },
    spec: {
      by: 'bob',
      verdict: 'Bypass',
      environment: 'prod',
      promotion: { name: 'two', uid: 'two-uid' },
      constraint: 'Window',
      revisionDigest: DIGEST,
      ticket: 'CHG-1',
      reason: 'customers\nwait',
    },
  };
  const used = { name: 'd', uid: 'd-uid', by: 'bob', verdict: 'Bypass', at: AT };
  const after = saying('Queued', { decisions: [used] });
  expect(records(ordered({}), after, [decision])[1]).toEqual({
    kind: 'Decision',
    seq: 2,
    at: AT,
    name: 'd',
    uid: 'd-uid',
    by: 'bob',
    verdict: 'Bypass',
    constraint: 'Window',
    revisionDigest: DIGEST,
    ticket: 'CHG-1',
    reason: 'customers wait',
  });
});
