import { expect, test } from '@jest/globals';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Decision, Environment, Promotion } from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import { decide } from './decide.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const DIGEST = `sha256:${'1'.repeat(64)}`;
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
    revisionDigest: DIGEST,
    bypassed: [{ what: 'Freeze', by: 'alice', ticket: 'INC-7', reason: 'r', at: toTime(START) }],
  },
};

/** An Approve a second after it began; `change` is what is not as it should be about it. */
const approve = (by: string, change: Partial<Decision['spec']> = {}, at = START + 1000): Decision => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Decision',
  metadata: { ...meta(`by-${by}`), creationTimestamp: toTime(at) },
  spec: {
    by,
    verdict: 'Approve',
    environment: 'prod',
    promotion: { name: 'hotfix', uid: 'hotfix-uid' },
    gate: 'follow-up',
    revisionDigest: DIGEST,
    ...change,
  },
});

/** The status after a look at this time, and what was decided by then. */
function after(
  seconds: number,
  status: Environment['status'],
  decisions: Decision[] = [],
  promotions: Promotion[] = [emergency],
) {
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
    promotions,
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
    {
      promotion: 'hotfix',
      uid: 'hotfix-uid',
      by: 'alice',
      bypassedBy: ['alice'],
      ticket: 'INC-7',
      revisionDigest: DIGEST,
      startedAt: toTime(START),
      dueAt: toTime(START + 60_000),
    },
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

test.each<[string, Decision]>([
  ['on an approval gate', approve('bob', { gate: 'cab' })],
  ['of another promotion', approve('bob', { promotion: { name: 'hotfix', uid: 'other-uid' } })],
  ['of another revision', approve('bob', { revisionDigest: `sha256:${'2'.repeat(64)}` })],
  ['without a revision', approve('bob', { revisionDigest: undefined })],
  ['by a machine', approve('system:serviceaccount:ci:bot')],
  ['made before it began', approve('bob', {}, START - 1000)],
])('an Approve %s settles nothing, though the promotion is gone', (_, decision) => {
  const due = after(1, {});
  for (const promotions of [[emergency], []]) {
    const seen = after(2, due, [decision], promotions);
    expect(seen.followUps).toHaveLength(1);
    expect(seen.decisions).toBeUndefined();
  }
  expect(after(2, due, [approve('bob')], []).followUps).toBeUndefined();
});

test('an Approve in the second in which it began settles it, and it stays settled', () => {
  const { status, ...rest } = emergency;
  const begun: Promotion = { ...rest, status: { ...status, startedAt: toTime(START + 600) } };
  const due = after(1, {}, [], [begun]);
  // The API server says when a Decision was made in whole seconds.
  const settled = after(2, due, [approve('bob', {}, START)], [begun]);
  expect(settled.followUps).toBeUndefined();
  expect(settled.decisions).toMatchObject([{ verdict: 'Approve', by: 'bob', promotion: 'hotfix' }]);
  expect(after(3, settled, [], [begun]).followUps).toBeUndefined();
});

test('whoever let it pass does not settle it, whenever that was', () => {
  const { requestedBy: _, ...spec } = emergency.spec;
  const bypassed = (...by: string[]): Promotion => ({
    ...emergency,
    spec,
    status: {
      ...emergency.status,
      bypassed: by.map((one) => ({
        what: `gate/${one}`,
        by: one,
        ticket: 'INC-7',
        reason: 'r',
        at: toTime(START),
      })),
    },
  });
  const first = after(1, {}, [], [bypassed('bob')]);
  expect(after(2, first, [approve('bob')], [bypassed('bob')]).followUps).toHaveLength(1);
  const second = after(2, first, [approve('carol')], [bypassed('bob', 'carol')]);
  expect(second.followUps).toMatchObject([{ bypassedBy: ['bob', 'carol'] }]);
  expect(after(3, second, [approve('dave')], []).followUps).toBeUndefined();
});

test('an emergency of the same name, later, is due anew', () => {
  const settled = after(2, after(1, {}), [approve('bob')]);
  const again: Promotion = {
    ...emergency,
    metadata: { ...emergency.metadata, uid: 'again-uid' },
    status: { ...emergency.status, startedAt: toTime(START + 10_000) },
  };
  expect(after(11, settled, [approve('bob')], [again]).followUps).toMatchObject([{ uid: 'again-uid' }]);
});

test('it stays settled however much is decided afterwards, with its Approve to be seen and without', () => {
  const accepted = {
    type: 'Accepted',
    status: 'True',
    reason: 'Used',
    message: '',
    lastTransitionTime: '',
  } as const;
  const told = (d: Decision): Decision => ({ ...d, status: { conditions: [accepted] } });
  const resumes = (seconds: number, count = 64): Decision[] =>
    Array.from({ length: count }, (_, n) => {
      const spec = { by: 'bob', environment: 'prod' };
      const metadata = {
        ...meta(`resume-${seconds}-${n}`),
        creationTimestamp: toTime(START + seconds * 1000),
      };
      return { ...approve('bob'), metadata, spec: { ...spec, verdict: 'Resume' } };
    });
  let status: Environment['status'] = after(2, after(1, {}), [approve('bob')]);
  const mine = told(approve('bob'));
  const seen: Decision[] = [];
  for (const seconds of [10, 20, 30]) {
    seen.push(...resumes(seconds));
    // Twice as many as fit are put on record bit by bit, as they are told.
    for (let i = 0; i < 3; i += 1) {
      const names = new Set(status?.decisions?.map((d) => d.name));
      const known = seen.map((d) => (names.has(d.metadata.name) || d.status ? told(d) : d));
      seen.splice(0, seen.length, ...known);
      status = after(seconds + 1 + i, status, [mine, ...seen]);
      expect(status.followUps).toBeUndefined();
    }
    expect(status?.decisions?.some((d) => d.name === `resume-${seconds}-63`)).toBe(true);
  }
  const absent = after(40, status, seen);
  expect(absent.followUps).toBeUndefined();
  expect(after(41, absent, seen)).toEqual(absent);
});

test('of more settled emergencies than the record has room for each is settled by its Approve', () => {
  const accepted = {
    type: 'Accepted',
    status: 'True',
    reason: 'Used',
    message: '',
    lastTransitionTime: '',
  } as const;
  const many = Array.from(
    { length: 70 },
    (_, n): Promotion => ({ ...emergency, metadata: meta(`hotfix-${n}`) }),
  );
  const decisions = many.map(({ metadata: { name, uid } }) => {
    const one = approve('bob', { promotion: { name, uid } });
    return { ...one, metadata: { ...one.metadata, name: `of-${name}`, uid: `of-${uid}` } };
  });
  let status: Environment['status'] = {};
  const written: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    const names = new Set(status?.decisions?.map((d) => d.name));
    for (const d of decisions) if (names.has(d.metadata.name)) d.status = { conditions: [accepted] };
    const next = after(2 + i, status, decisions, many);
    if (JSON.stringify(next) !== JSON.stringify(status)) written.push(i);
    status = next;
  }
  expect(status?.followUps).toBeUndefined();
  expect(written.length).toBeLessThan(8);
});
