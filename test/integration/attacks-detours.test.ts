import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Decision, DecisionSpec, Promotion } from '../../src/api/v1alpha1/types.ts';
import { ApiError, type KubeObject } from '../harness/api.ts';
import { forbidPromotions } from '../harness/forbid.ts';
import { PASSING } from '../harness/gates.ts';
import { decideAs, decisionOf, entitle, fateOf } from '../harness/people.ts';
import { Place, reasonOf, revisionImage, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { type UserName, USERS } from '../harness/users.ts';
import { revisionDigest } from '../../src/promotion/revision.ts';

/* Detours to a decision that is not one's own: other verbs of the API, other headers, other moments. */

const { cluster } = sharedWorld();
const NAMESPACE = 'detours';
const APP = 'prod';
const decisions = sluicePath(NAMESPACE, 'decisions');
const APPLY = { contentType: 'application/apply-patch+yaml' };

let uid = '';
let digest = '';
let made = 0;
const unique = (): string => `detour-${(made += 1)}`;

const approve = (user: UserName, change: Partial<DecisionSpec> = {}): Partial<DecisionSpec> => ({
  by: USERS[user].username,
  verdict: 'Approve',
  environment: APP,
  promotion: { name: 'prod-v2', uid },
  gate: 'cab',
  revisionDigest: digest,
  ...change,
});

async function refusal(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    (answer) => `accepted: ${JSON.stringify(answer)}`,
    (error: unknown) => {
      if (error instanceof ApiError) return `${error.status} ${error.message}`;
      throw error;
    },
  );
}

/** A promotion as alice asks for it. */
const order = (name: string): object => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name },
  spec: { environment: APP, requestedBy: 'alice', revision: { images: [revisionImage(APP, 'v2')] } },
});

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  const place = await new Place(cluster.api, NAMESPACE, APP).prepare({ gate: PASSING });
  await place.apply('Gate', 'cab', { approval: { required: 2 } });
  await place.apply('Environment', APP, {
    targets: [{ name: APP, rollout: { name: APP } }],
    gates: [
      { gate: 'cab', when: 'Before' },
      { gate: APP, when: 'During' },
    ],
  });
  await entitle(cluster, NAMESPACE, 'alice', 'editor', 'approver');
  await entitle(cluster, NAMESPACE, 'bob', 'approver');
  await entitle(cluster, NAMESPACE, 'eve', [
    { apiGroups: ['sluice.dev'], resources: ['decisions'], verbs: ['create', 'patch', 'update'] },
  ]);
  const path = sluicePath(NAMESPACE, 'promotions');
  await cluster.apiAs('alice').create(path, order('prod-v2'));
  const waiting = await place.untilReason('prod-v2', 'AwaitingApproval');
  uid = waiting.metadata.uid;
  digest = waiting.status?.revisionDigest ?? '';
  // What others try to take for theirs.
  await cluster.apiAs('bob').create(decisions, decisionOf('of-bob', approve('bob')));
});

const taken = (name: string): string => `${decisions}/${name}`;
const body = (name: string, spec: object): object => decisionOf(name, spec);

describe('somebody else’s word', () => {
  test.each<[string, () => Promise<unknown>, string[]]>([
    [
      'by a header that a proxy would set',
      () =>
        cluster.apiAs('eve').send('POST', decisions, {
          body: body(unique(), approve('bob')),
          headers: { 'X-Remote-User': 'bob', 'X-Remote-Group': 'release-managers' },
        }),
      ['403', 'spec.by must be you: you are "eve"'],
    ],
    [
      'by impersonation in headers of one’s own',
      () =>
        cluster.apiAs('eve').send('POST', decisions, {
          body: body(unique(), approve('bob')),
          headers: { 'Impersonate-User': 'bob' },
        }),
      ['403', 'cannot impersonate'],
    ],
    [
      'by server-side apply of a new one',
      () => {
        const name = unique();
        return cluster.apiAs('eve').send('PATCH', `${taken(name)}?fieldManager=eve&force=true`, {
          body: body(name, approve('bob')),
          ...APPLY,
        });
      },
      ['403', 'spec.by must be you: you are "eve"'],
    ],
    [
      'by forced server-side apply onto one that is there',
      () =>
        cluster.apiAs('eve').send('PATCH', `${taken('of-bob')}?fieldManager=eve&force=true`, {
          body: body('of-bob', { ...approve('bob'), verdict: 'Reject' }),
          ...APPLY,
        }),
      ['422', 'immutable record'],
    ],
    [
      'by a PUT to a name that is free',
      () => cluster.apiAs('eve').replace(taken('of-nobody'), body('of-nobody', approve('bob'))),
      ['404', 'not found'],
    ],
    [
      'with a name that the API server is to make up',
      () =>
        cluster.apiAs('eve').create(decisions, {
          ...decisionOf('x', approve('bob')),
          metadata: { generateName: 'approve-' },
        }),
      ['403', 'spec.by must be you: you are "eve"'],
    ],
    [
      'as the controllers of Kubernetes, in their own name',
      () =>
        cluster.api.send('POST', decisions, {
          body: body(unique(), { ...approve('admin'), by: 'system:kube-controller-manager' }),
          headers: {
            'Impersonate-User': 'system:kube-controller-manager',
            'Impersonate-Group': 'system:masters',
          },
        }),
      ['403', 'machine accounts do not decide', 'let a person decide'],
    ],
    [
      'as somebody without the group that has the right',
      () =>
        cluster.api.send('POST', decisions, {
          body: body(unique(), { ...approve('admin'), by: 'dora' }),
          headers: { 'Impersonate-User': 'dora', 'Impersonate-Group': 'system:authenticated' },
        }),
      ['403', 'cannot create resource "decisions"'],
    ],
  ])('%s', async (_, attempt, says) => {
    const answer = await refusal(attempt());
    for (const words of says) expect(answer).toContain(words);
  });
});

describe('what is on record', () => {
  const status = { conditions: [] };
  test.each<[string, () => Promise<unknown>, string[]]>([
    [
      'edited by the operator itself',
      () => cluster.apiAs('operator').patch(taken('of-bob'), { spec: { verdict: 'Reject' } }),
      ['403'],
    ],
    [
      'edited through its status',
      () => cluster.api.patch(`${taken('of-bob')}/status`, { spec: { verdict: 'Reject' } }),
      ['403', 'written by the Sluice operator only'],
    ],
    [
      'given a status by forced server-side apply',
      () =>
        cluster.api.send('PATCH', `${taken('of-bob')}/status?fieldManager=me&force=true`, {
          body: { apiVersion: 'sluice.dev/v1alpha1', kind: 'Decision', status },
          ...APPLY,
        }),
      ['403', 'written by the Sluice operator only'],
    ],
    [
      'given a status by PUT',
      async () => {
        const found = await cluster.api.get<Decision & KubeObject>(taken('of-bob'));
        return cluster.api.replace(`${taken('of-bob')}/status`, { ...found, status });
      },
      ['403', 'written by the Sluice operator only'],
    ],
    [
      'deleted on trial',
      () => cluster.api.send('DELETE', `${taken('of-bob')}?dryRun=All`),
      ['403', 'kept as evidence'],
    ],
    [
      'deleted with all others on trial',
      () => cluster.api.send('DELETE', `${decisions}?dryRun=All`),
      ['403', 'kept as evidence'],
    ],
    [
      'of a Promotion: made a rollback later',
      () =>
        cluster.apiAs('alice').patch(sluicePath(NAMESPACE, 'promotions', 'prod-v2'), {
          spec: { rollback: { decision: 'd', uid: 'd', by: 'bob' } },
        }),
      ['422'],
    ],
    [
      'of a Promotion: with another revision later',
      () =>
        cluster.apiAs('alice').patch(sluicePath(NAMESPACE, 'promotions', 'prod-v2'), {
          spec: { revision: { images: [revisionImage(APP, 'v3')] } },
        }),
      ['422'],
    ],
    [
      'of a Promotion: plan and gates by forced server-side apply',
      () =>
        cluster
          .apiAs('argocd')
          .send(
            'PATCH',
            `${sluicePath(NAMESPACE, 'promotions', 'prod-v2')}/status?fieldManager=argocd&force=true`,
            {
              body: { apiVersion: 'sluice.dev/v1alpha1', kind: 'Promotion', status: { gates: [] } },
              ...APPLY,
            },
          ),
      ['403'],
    ],
  ])('%s', async (_, attempt, says) => {
    const answer = await refusal(attempt());
    for (const words of says) expect(answer).toContain(words);
  });

  test('is what it was', async () => {
    const found = await cluster.api.get<Decision & KubeObject>(taken('of-bob'));
    expect(found.spec).toEqual(approve('bob'));
  });
});

describe('decisions that come right after the promotion, before anybody has looked at it', () => {
  test('count if they are right: two persons, and not who asked for it', async () => {
    const path = sluicePath(NAMESPACE, 'promotions');
    await cluster.api.delete(`${path}/prod-v2`);
    await until('it is gone', async () => (await cluster.api.find(`${path}/prod-v2`)) === undefined);
    const name = 'prod-at-once';
    const created = await cluster.apiAs('alice').create<Promotion & KubeObject>(path, order(name));
    const on = { name, uid: created.metadata.uid };
    const now = revisionDigest([revisionImage(APP, 'v2')]);
    const sent = await Promise.all(
      (['alice', 'bob'] as const).map(async (user) => {
        const decision = unique();
        const spec = approve(user, { promotion: on, revisionDigest: now });
        await cluster.apiAs(user).create(decisions, decisionOf(decision, spec));
        return decision;
      }),
    );
    expect(await fateOf(cluster, NAMESPACE, sent[0] ?? '')).toBe('False SelfApproval');
    const waiting = await until('bob is counted, and one more is awaited', async (seen) => {
      const found = await cluster.api.get<Promotion & KubeObject>(`${path}/${name}`);
      const message = found.status?.conditions?.find((c) => c.type === 'Succeeded')?.message ?? '';
      seen(message);
      return message.includes('awaits 1 more, after bob, but not by alice') && found;
    });
    expect(reasonOf(waiting)).toBe('AwaitingApproval');
    expect(waiting.status?.revisionDigest).toBe(now);
  });
});

/** As if something had kept the operator from making what it orders just long enough: only alice can make one. */
const onlyAlice = (prefix: string): Promise<() => Promise<void>> =>
  forbidPromotions(cluster.api, {
    name: 'detours-only-alice',
    namespace: NAMESPACE,
    expression: `!object.metadata.name.startsWith('${prefix}') || request.userInfo.username == 'alice'`,
    message: 'alice is quicker',
    trial: `${prefix}trial`,
  });

describe('a name that the operator is going to use, taken by somebody else', () => {
  const promotions = sluicePath(NAMESPACE, 'promotions');
  const squat = async (name: string, environment: string): Promise<void> => {
    const spec = { environment, dryRun: true, revision: { images: [revisionImage('squat', 'v3')] } };
    await cluster.apiAs('alice').create(promotions, { ...order(name), spec });
  };
  const untilTold = (name: string): Promise<unknown> =>
    until(`an event says that ${name} is not what was ordered`, async () => {
      const { items } = await cluster.api.list<KubeObject & { reason: string; note: string }>(
        `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`,
      );
      return items.some(
        (e) => e.reason === 'PromotionNotMade' && e.note.includes(name) && e.note.includes('delete it'),
      );
    });
  let place: Place;

  beforeAll(async () => {
    await entitle(cluster, NAMESPACE, 'carol', 'release-operator');
    place = await new Place(cluster.api, NAMESPACE, 'squat').prepare();
    for (const version of ['v2', 'v3']) {
      await place.promote(version);
      await place.untilReason(`squat-${version}`, 'Succeeded');
    }
  });

  test('is no rollback: the Decision is not used until its own is made', async () => {
    const lift = await onlyAlice('rollback-');
    const spec = { verdict: 'Rollback', environment: 'squat', target: 'squat' } as const;
    await decideAs(cluster, NAMESPACE, 'carol', 'squat-back', spec);
    const made = await cluster.api.get<Decision & KubeObject>(`${decisions}/squat-back`);
    const name = `rollback-${made.metadata.uid}`;
    await squat(name, 'squat');
    await lift();
    await untilTold(name);
    expect((await place.environment()).status?.decisions ?? []).toEqual([]);
    await cluster.apiAs('alice').delete(`${promotions}/${name}`);
    expect(reasonOf(await place.untilEnded(name))).toBe('Succeeded');
    expect(await fateOf(cluster, NAMESPACE, 'squat-back')).toBe('True Used');
    expect(await place.image()).toContain(revisionImage('squat', 'v2').digest);
  });

  test('does not stop in silence what comes by itself', async () => {
    const revision = revisionDigest([revisionImage('squat', 'v2')]);
    const name = `auto-squatted-${revision.slice(7, 19)}`;
    await squat(name, 'squatted');
    await place.apply('Environment', 'squatted', {
      targets: [
        {
          name: 'squat',
          rollout: { name: 'squat' },
          images: [{ image: revisionImage('squat', 'v2').image, container: 'app' }],
        },
      ],
      upstream: { environments: [{ name: 'squat' }] },
      autoPromote: 'WhenVerifiedUpstream',
    });
    await untilTold(name);
    await cluster.apiAs('alice').delete(`${promotions}/${name}`);
    const made = await until('it comes by itself', async () => {
      const found = await cluster.api.find<Promotion & KubeObject>(`${promotions}/${name}`);
      return found?.spec.dryRun ? undefined : found;
    });
    expect(made.spec.reason).toBe('verified in Environment squat');
  });
});
