import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Decision, DecisionSpec, Promotion } from '../../src/api/v1alpha1/types.ts';
import { ApiError, type KubeObject } from '../harness/api.ts';
import { PASSING } from '../harness/gates.ts';
import { decisionOf, entitle, fateOf } from '../harness/people.ts';
import { digestFor, Place, reasonOf, revisionImage, sluicePath } from '../harness/promotions.ts';
import type { Rule } from '../harness/rights.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { type UserName, USERS } from '../harness/users.ts';

/*
 * Everything that we could think of to make Sluice take for a person's word what is not: on the real API server, as real
 * users. A promotion that alice has asked for awaits two approvals of gate cab; at the end it still does.
 */

const { cluster } = sharedWorld();
const NAMESPACE = 'attacks';
const ANEW = 'anew';
const ELSEWHERE = 'attacks-elsewhere';
const APP = 'prod';
const PROMOTION = 'prod-v2';
const decisions = sluicePath(NAMESPACE, 'decisions');

let uid = '';
let revisionDigest = '';

const rule = (resource: string, verbs: string[], ...resourceNames: string[]): Rule => ({
  apiGroups: ['sluice.dev'],
  resources: [resource],
  verbs,
  ...(resourceNames.length > 0 && { resourceNames }),
});
const create = rule('decisions', ['create']);

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await cluster.createNamespace(ELSEWHERE);
  const place = await new Place(cluster.api, NAMESPACE, APP).prepare({ gate: PASSING });
  for (const gate of ['cab', 'docs-ok']) await place.apply('Gate', gate, { approval: { required: 2 } });
  await place.apply('Environment', APP, {
    targets: [{ name: APP, rollout: { name: APP } }],
    gates: [
      { gate: 'cab', when: 'Before' },
      { gate: APP, when: 'During' },
    ],
  });
  // alice ships and may approve; bob approves; carol aborts on staging only, and approves docs-ok only.
  await entitle(cluster, NAMESPACE, 'alice', 'editor', 'approver');
  await entitle(cluster, NAMESPACE, 'bob', 'approver');
  await entitle(cluster, NAMESPACE, 'carol', [
    rule('environments', ['abort'], 'staging'),
    rule('environments', ['approve']),
    rule('gates', ['approve'], 'docs-ok'),
    create,
  ]);
  await entitle(cluster, NAMESPACE, 'eve', [create]);
  // As Argo CD's controller often has it: everything.
  await entitle(cluster, NAMESPACE, 'argocd', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
  await cluster.apiAs('alice').create(sluicePath(NAMESPACE, 'promotions'), {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name: PROMOTION },
    spec: { environment: APP, requestedBy: 'alice', revision: { images: [revisionImage(APP, 'v2')] } },
  });
  const waiting = await place.untilReason(PROMOTION, 'AwaitingApproval');
  uid = waiting.metadata.uid;
  revisionDigest = waiting.status?.revisionDigest ?? '';
});

type Spec = Partial<DecisionSpec>;
let made = 0;
const unique = (): string => `attempt-${(made += 1)}`;

/** A valid Approve by this user, with changes. */
const approve = (user: UserName, change: object = {}): Spec => ({
  by: USERS[user].username,
  verdict: 'Approve',
  environment: APP,
  promotion: { name: PROMOTION, uid },
  gate: 'cab',
  revisionDigest,
  ...change,
});
/** Any other verdict on the promotion. */
const order = (user: UserName, verdict: DecisionSpec['verdict'], change: object = {}): Spec => ({
  by: USERS[user].username,
  verdict,
  environment: APP,
  promotion: { name: PROMOTION, uid },
  ...change,
});
const onPlace = (user: UserName, verdict: DecisionSpec['verdict'], change: object = {}): Spec => ({
  by: USERS[user].username,
  verdict,
  environment: APP,
  ...change,
});

async function refusal(attempt: Promise<unknown>): Promise<ApiError> {
  return attempt.then(
    (answer) => {
      throw new Error(`it was accepted: ${JSON.stringify(answer)}`);
    },
    (error: unknown) => {
      if (error instanceof ApiError) return error;
      throw error;
    },
  );
}

interface Attempt {
  by: UserName;
  spec: () => Spec;
  metadata?: object;
  code: number;
  says: string;
}

const YOU = 'spec.by must be you';
const tomorrow = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

const REFUSED: Record<string, Attempt> = {
  'in the name of somebody else': { by: 'eve', spec: () => approve('bob'), code: 403, says: YOU },
  'without the right': {
    by: 'eve',
    spec: () => approve('eve'),
    code: 403,
    says: 'Approve needs the verb "approve" on environments.sluice.dev "prod" in namespace "attacks": ask its owner for a Role',
  },
  'in other letters': { by: 'bob', spec: () => approve('bob', { by: 'Bob' }), code: 403, says: YOU },
  'with a space behind': { by: 'bob', spec: () => approve('bob', { by: 'bob ' }), code: 403, says: YOU },
  'with a space of no width': {
    by: 'eve',
    spec: () => approve('eve', { by: 'bob\u200b' }),
    code: 403,
    says: YOU,
  },
  'in letters that look the same': {
    by: 'eve',
    spec: () => approve('eve', { by: '\uFF42ob' }),
    code: 403,
    says: YOU,
  },
  'as nobody': { by: 'eve', spec: () => approve('eve', { by: '' }), code: 422, says: 'spec.by' },
  'an administrator for another': { by: 'admin', spec: () => approve('bob'), code: 403, says: YOU },
  'the operator in its own name': {
    by: 'operator',
    spec: () => approve('operator'),
    code: 403,
    says: 'machine accounts do not decide',
  },
  'the operator for a person': { by: 'operator', spec: () => approve('bob'), code: 403, says: YOU },
  'Argo CD, which may do everything': {
    by: 'argocd',
    spec: () => approve('argocd'),
    code: 403,
    says: 'machine accounts do not decide',
  },
  'Argo CD for a person': { by: 'argocd', spec: () => approve('bob'), code: 403, says: YOU },
  'a node': {
    by: 'kubelet',
    spec: () => approve('kubelet'),
    code: 403,
    says: 'machine accounts do not decide',
  },
  'an Abort with the right for another Environment': {
    by: 'carol',
    spec: () => order('carol', 'Abort'),
    code: 403,
    says: 'Abort needs the verb "abort" on environments.sluice.dev "prod"',
  },
  'with the right on another Gate': {
    by: 'carol',
    spec: () => approve('carol'),
    code: 403,
    says: 'Approve needs the verb "approve" on gates.sluice.dev "cab"',
  },
  'a Reject with the right on another Gate': {
    by: 'carol',
    spec: () => order('carol', 'Reject', { gate: 'cab' }),
    code: 403,
    says: 'Reject needs the verb "approve" on gates.sluice.dev "cab"',
  },
  'a Hold by an approver': {
    by: 'bob',
    spec: () => order('bob', 'Hold'),
    code: 403,
    says: 'needs the verb "operate"',
  },
  'a Resume by an approver': {
    by: 'bob',
    spec: () => order('bob', 'Resume'),
    code: 403,
    says: 'needs the verb "operate"',
  },
  'an Abort by an approver': {
    by: 'bob',
    spec: () => order('bob', 'Abort'),
    code: 403,
    says: 'needs the verb "abort"',
  },
  'a Bypass by an approver': {
    by: 'bob',
    spec: () => order('bob', 'Bypass', { gate: 'cab', ticket: 'INC-1', reason: 'it has to go out' }),
    code: 403,
    says: 'needs the verb "bypass"',
  },
  'a Rollback by an approver': {
    by: 'bob',
    spec: () => onPlace('bob', 'Rollback', { target: APP }),
    code: 403,
    says: 'needs the verb "rollback"',
  },
  'a Release by an approver': {
    by: 'bob',
    spec: () => onPlace('bob', 'Release', { target: APP, revisionDigest }),
    code: 403,
    says: 'needs the verb "release"',
  },
  'a Freeze by an approver': {
    by: 'bob',
    spec: () => onPlace('bob', 'Freeze', { until: tomorrow(1), reason: 'x' }),
    code: 403,
    says: 'needs the verb "freeze"',
  },
  'a Thaw by an approver': {
    by: 'bob',
    spec: () => onPlace('bob', 'Thaw'),
    code: 403,
    says: 'needs the verb "freeze"',
  },
  'a Freeze of 31 days': {
    by: 'admin',
    spec: () => onPlace('admin', 'Freeze', { until: tomorrow(31), reason: 'x' }),
    code: 422,
    says: 'a Freeze lasts 30 days at most',
  },
  'a Gate by a star': { by: 'bob', spec: () => approve('bob', { gate: '*' }), code: 422, says: 'spec.gate' },
  'a Gate without a name': {
    by: 'bob',
    spec: () => approve('bob', { gate: '' }),
    code: 422,
    says: 'spec.gate',
  },
  'no Gate at all': {
    by: 'bob',
    spec: () => approve('bob', { gate: undefined }),
    code: 422,
    says: 'set gate',
  },
  'an Environment by a star': {
    by: 'bob',
    spec: () => approve('bob', { environment: '*' }),
    code: 422,
    says: 'spec.environment',
  },
  'a verdict in small letters': {
    by: 'bob',
    spec: () => approve('bob', { verdict: 'approve' }),
    code: 422,
    says: 'Unsupported value: "approve"',
  },
  'an Approve of nothing in particular': {
    by: 'bob',
    spec: () => approve('bob', { revisionDigest: undefined }),
    code: 422,
    says: 'an Approve names what it approves',
  },
  'a Bypass without a ticket': {
    by: 'admin',
    spec: () => order('admin', 'Bypass', { gate: 'cab', reason: 'it has to go out' }),
    code: 422,
    says: 'a Bypass is on the record',
  },
  'evidence that goes when its owner goes': {
    by: 'bob',
    spec: () => approve('bob'),
    metadata: {
      ownerReferences: [{ apiVersion: 'sluice.dev/v1alpha1', kind: 'Promotion', name: PROMOTION, uid: 'u' }],
    },
    code: 403,
    says: 'it must outlive whatever you own',
  },
  'evidence that somebody else keeps': {
    by: 'bob',
    spec: () => approve('bob'),
    metadata: { finalizers: ['example.com/mine'] },
    code: 403,
    says: 'without ownerReferences and finalizers',
  },
  'for another namespace than the address': {
    by: 'bob',
    spec: () => approve('bob'),
    metadata: { namespace: ELSEWHERE },
    code: 400,
    says: 'namespace',
  },
};

const input = (by: UserName): string => JSON.stringify(decisionOf(unique(), approve(by)));

describe('a Decision is refused', () => {
  test.each(Object.entries(REFUSED))('%s', async (_, { by, spec, metadata, code, says }) => {
    const error = await refusal(cluster.apiAs(by).create(decisions, decisionOf(unique(), spec(), metadata)));
    expect(error.message).toContain(says);
    expect(error.status).toBe(code);
  });

  test('in a namespace where one has no right', async () => {
    const path = sluicePath(ELSEWHERE, 'decisions');
    const error = await refusal(cluster.apiAs('bob').create(path, decisionOf(unique(), approve('bob'))));
    expect(error.status).toBe(403);
  });

  test('with a key that comes twice: the last one counts, for the policy too', async () => {
    const body = JSON.stringify(decisionOf(unique(), approve('eve'))).replace(
      '"by":"eve"',
      '"by":"bob","by":"eve"',
    );
    const twice = JSON.stringify(decisionOf(unique(), approve('eve'))).replace(
      '"by":"eve"',
      '"by":"eve","by":"bob"',
    );
    for (const [input, says] of [
      [body, 'needs the verb'],
      [twice, YOU],
    ] as const) {
      const { code, stderr } = await cluster.kubectl(['create', '--raw', decisions, '-f', '-'], {
        user: 'eve',
        input,
      });
      expect(code).not.toBe(0);
      expect(stderr).toContain(says);
    }
  });

  test('by impersonation without the right to it, and with it in the wrong name', async () => {
    const create = ['create', '--raw', decisions, '-f', '-', '--as', 'bob'];
    const without = await cluster.kubectl(create, { user: 'eve', input: input('bob') });
    expect(without.stderr).toContain('cannot impersonate');
    const wrong = await cluster.kubectl(create, { input: input('admin') });
    expect(wrong.stderr).toContain(YOU);
  });
});

/** A Decision that the API server takes, and that is not used. */
async function stored(user: UserName, spec: Spec, metadata: object = {}): Promise<string> {
  const name = unique();
  await cluster.apiAs(user).create(decisions, decisionOf(name, spec, metadata));
  return name;
}

describe('a Decision is taken, and not used', () => {
  test.each<[string, UserName, () => Spec, string]>([
    ['by whoever asked for the promotion', 'alice', () => approve('alice'), 'False SelfApproval'],
    [
      'for another revision',
      'bob',
      () => approve('bob', { revisionDigest: digestFor('another') }),
      'False DigestMismatch',
    ],
    [
      'for another promotion of that name',
      'bob',
      () => approve('bob', { promotion: { name: PROMOTION, uid: 'u' } }),
      'False WrongUID',
    ],
    [
      'for a promotion that does not exist',
      'bob',
      () => approve('bob', { promotion: { name: 'nothing', uid } }),
      'False WrongUID',
    ],
    [
      'an Abort that lies about the Environment',
      'carol',
      () => order('carol', 'Abort', { environment: 'staging' }),
      'False WrongEnvironment',
    ],
    [
      'with the right on another Gate, and honest about it',
      'carol',
      () => approve('carol', { gate: 'docs-ok' }),
      'False WrongGate',
    ],
    [
      'a Reject on a Gate that it does not ask',
      'carol',
      () => order('carol', 'Reject', { gate: 'docs-ok' }),
      'False WrongGate',
    ],
    ['an approval of a Gate that measures', 'bob', () => approve('bob', { gate: APP }), 'False WrongGate'],
  ])('%s', async (_, user, spec, fate) => {
    expect(await fateOf(cluster, NAMESPACE, await stored(user, spec()))).toBe(fate);
  });

  test('with a uid, a time and a status of its own: the API server writes those', async () => {
    const name = await stored('bob', approve('bob', { onBehalfOf: 'carol' }), {
      uid: '00000000-0000-0000-0000-000000000000',
      creationTimestamp: '2020-01-01T00:00:00Z',
      generation: 7,
    });
    const found = await cluster.api.get<Decision & KubeObject>(sluicePath(NAMESPACE, 'decisions', name));
    expect(found.metadata.uid).not.toMatch(/^0{8}/);
    expect(Date.parse(found.metadata.creationTimestamp ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(found.spec).not.toHaveProperty('onBehalfOf');
    expect(found.metadata.generation).toBe(1);
  });
});

describe('what was decided stays as it was', () => {
  let path = '';
  beforeAll(async () => {
    // One of two: bob's word counts, and is not enough.
    path = sluicePath(NAMESPACE, 'decisions', await stored('bob', approve('bob')));
  });

  test('the same person twice is one person', async () => {
    await stored('bob', approve('bob'));
    const path = sluicePath(NAMESPACE, 'promotions', PROMOTION);
    const waiting = until('one of two has approved', async (seen) => {
      const { status } = await cluster.api.get<Promotion & KubeObject>(path);
      const message = status?.conditions?.find((c) => c.type === 'Succeeded')?.message ?? '';
      seen(message);
      return message.includes('after bob') && message;
    });
    await expect(waiting).resolves.toContain('gate cab awaits 1 more, after bob, but not by alice');
  });

  test.each<[string, UserName, () => Promise<unknown>, number, string]>([
    [
      'edited',
      'admin',
      () => cluster.api.patch(path, { spec: { verdict: 'Reject' } }),
      422,
      'immutable record',
    ],
    [
      'without its spec',
      'admin',
      () => cluster.api.patch(path, [{ op: 'remove', path: '/spec' }], 'json'),
      422,
      'spec',
    ],
    [
      'labelled',
      'admin',
      () => cluster.api.patch(path, { metadata: { labels: { a: 'b' } } }),
      403,
      'belong to the operator',
    ],
    [
      'given an owner',
      'admin',
      () =>
        cluster.api.patch(path, {
          metadata: {
            ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }],
          },
        }),
      403,
      'belong to the operator',
    ],
    [
      'given a finalizer',
      'admin',
      () => cluster.api.patch(path, { metadata: { finalizers: ['example.com/mine'] } }),
      403,
      'belong to the operator',
    ],
    ['deleted by an administrator', 'admin', () => cluster.api.send('DELETE', path), 403, 'kept as evidence'],
    [
      'deleted by Argo CD',
      'argocd',
      () => cluster.apiAs('argocd').send('DELETE', path),
      403,
      'kept as evidence',
    ],
    [
      'deleted with all others',
      'admin',
      () => cluster.api.send('DELETE', decisions),
      403,
      'kept as evidence',
    ],
    [
      'with a status by an administrator',
      'admin',
      () => cluster.api.patch(`${path}/status`, { status: { conditions: [] } }),
      403,
      'written by the Sluice operator only',
    ],
    [
      'with a status by Argo CD',
      'argocd',
      () => cluster.apiAs('argocd').patch(`${path}/status`, { status: { conditions: [] } }),
      403,
      'written by the Sluice operator only',
    ],
    [
      'the status of the Promotion',
      'admin',
      () =>
        cluster.api.patch(`${sluicePath(NAMESPACE, 'promotions', PROMOTION)}/status`, {
          status: { gates: [] },
        }),
      403,
      'written by the Sluice operator only',
    ],
    [
      'the status of the Environment',
      'argocd',
      () =>
        cluster.apiAs('argocd').patch(`${sluicePath(NAMESPACE, 'environments', APP)}/status`, {
          status: { quarantine: null },
        }),
      403,
      'written by the Sluice operator only',
    ],
  ])('%s', async (_, __, attempt, code, says) => {
    const error = await refusal(attempt());
    expect(error.message).toContain(says);
    expect(error.status).toBe(code);
  });
});

const promotionOf = (spec: object): object => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name: unique() },
  spec: { environment: APP, revision: { images: [revisionImage(APP, 'v3')] }, ...spec },
});

const ROLLBACK = { decision: 'd', uid: 'd', by: 'bob' };
const EMERGENCY = { ticket: 'INC-1', justification: 'it cannot wait' };

describe('a Promotion', () => {
  const promotions = sluicePath(NAMESPACE, 'promotions');
  test.each<[string, UserName, object, number, string]>([
    [
      'in the name of somebody else',
      'alice',
      { requestedBy: 'bob' },
      403,
      'spec.requestedBy must be you ("alice")',
    ],
    [
      'by the operator in the name of a person',
      'operator',
      { requestedBy: 'alice' },
      403,
      'spec.requestedBy must be you',
    ],
    [
      'that claims to be a rollback',
      'alice',
      { rollback: ROLLBACK },
      403,
      'written by the Sluice operator only',
    ],
    [
      'that claims to be a rollback, by an administrator',
      'admin',
      { rollback: ROLLBACK },
      403,
      'written by the Sluice operator only',
    ],
    [
      'as an emergency without the right',
      'alice',
      { changeType: 'Emergency', emergency: EMERGENCY },
      403,
      'needs the verb "emergency"',
    ],
    [
      'as an emergency without a word why',
      'admin',
      { changeType: 'Emergency' },
      422,
      'an Emergency says why',
    ],
    [
      'by Argo CD in the name of a person',
      'argocd',
      { requestedBy: 'alice' },
      403,
      'spec.requestedBy must be you',
    ],
  ])('%s is refused', async (_, user, spec, code, says) => {
    const error = await refusal(cluster.apiAs(user).create(promotions, promotionOf(spec)));
    expect(error.message).toContain(says);
    expect(error.status).toBe(code);
  });

  test('gets no other requester later', async () => {
    const path = sluicePath(NAMESPACE, 'promotions', PROMOTION);
    const error = await refusal(cluster.apiAs('alice').patch(path, { spec: { requestedBy: 'bob' } }));
    expect(error.status).toBe(422);
  });

  test('made anew under its name is not approved by what was said of the one before', async () => {
    const place = await new Place(cluster.api, NAMESPACE, ANEW).prepare({ gate: PASSING });
    await place.apply('Environment', ANEW, {
      targets: [{ name: ANEW, rollout: { name: ANEW } }],
      gates: [{ gate: 'cab', when: 'Before' }],
    });
    const path = sluicePath(NAMESPACE, 'promotions', 'again');
    const body = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Promotion',
      metadata: { name: 'again' },
      spec: { environment: ANEW, requestedBy: 'alice', revision: { images: [revisionImage(ANEW, 'v2')] } },
    };
    await cluster.apiAs('alice').create(promotions, body);
    const first = await place.untilReason('again', 'AwaitingApproval');
    const old = { environment: ANEW, promotion: { name: 'again', uid: first.metadata.uid } };
    await cluster.api.delete(path);
    await until('it is gone', async () => (await cluster.api.find(path)) === undefined);
    await cluster.apiAs('alice').create(promotions, body);
    await place.untilReason('again', 'AwaitingApproval');
    expect(await fateOf(cluster, NAMESPACE, await stored('bob', approve('bob', old)))).toBe('False WrongUID');
    await cluster.api.delete(path);
  });
});

test('after all of that it still waits, and nothing was touched', async () => {
  const place = new Place(cluster.api, NAMESPACE, APP);
  const promotion = await place.promotion(PROMOTION);
  expect(reasonOf(promotion)).toBe('AwaitingApproval');
  expect(promotion.status?.decisions).toBeUndefined();
  expect(promotion.status?.startedAt).toBeUndefined();
  expect(await place.image()).toContain(':v1@');
});
