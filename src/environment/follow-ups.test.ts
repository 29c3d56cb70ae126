import { expect, test } from '@jest/globals';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Decision, Environment, Promotion } from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import { decide } from './decide.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: `${name}-uid`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: toTime(START),
});

const emergency: Promotion = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: meta('hotfix'),
  spec: {
    environment: 'prod',
    requestedBy: 'alice',
    changeType: 'Emergency',
    emergency: { ticket: 'INC-7', justification: 'the shop is down' },
    revision: { images: [] },
  },
  status: {
    startedAt: toTime(START),
    bypassed: [{ what: 'Freeze', by: 'alice', ticket: 'INC-7', reason: 'r', at: toTime(START) }],
  },
};

const approve = (by: string): Decision => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Decision',
  metadata: meta(`by-${by}`),
  spec: {
    by,
    verdict: 'Approve',
    environment: 'prod',
    promotion: { name: 'hotfix', uid: 'hotfix-uid' },
    gate: 'cab',
    revisionDigest: `sha256:${'1'.repeat(64)}`,
  },
});

/** The status after a look at this time, and what was decided by then. */
function after(seconds: number, status: Environment['status'], decisions: Decision[] = []) {
  return decide({
    now: START + seconds * 1000,
    environment: {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Environment',
      metadata: meta('prod'),
      spec: environmentSpec.parse({
        targets: [{ name: 'checkout', rollout: { name: 'checkout' } }],
        emergency: { maySkip: ['Freeze'], followUpSeconds: 60 },
      }),
      status,
    },
    promotions: [emergency],
    decisions,
    freezes: [],
    upstreams: new Map(),
    declared: () => undefined,
    running: () => undefined,
    problems: [],
  });
}

test('an emergency is approved afterwards by somebody else, or shows as overdue', () => {
  const first = after(1, {});
  expect(first.followUps).toEqual([
    { promotion: 'hotfix', uid: 'hotfix-uid', by: 'alice', ticket: 'INC-7', dueAt: toTime(START + 60_000) },
  ]);
  expect(findCondition({ status: first }, 'FollowUpOverdue')).toBeUndefined();

  const own = after(2, first, [approve('alice')]);
  expect(own.followUps).toHaveLength(1);

  const late = after(61, first);
  expect(findCondition({ status: late }, 'FollowUpOverdue')?.message).toContain(
    'emergency hotfix (INC-7) by alice was to be approved afterwards',
  );

  const settled = after(62, late, [approve('bob')]);
  expect(settled.followUps).toBeUndefined();
  expect(findCondition({ status: settled }, 'FollowUpOverdue')).toBeUndefined();
  expect(settled.decisions).toMatchObject([{ verdict: 'Approve', by: 'bob', promotion: 'hotfix' }]);
  // And stays settled.
  expect(after(63, settled).followUps).toBeUndefined();
});
