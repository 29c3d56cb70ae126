import { beforeAll, describe, expect, test } from '@jest/globals';
import { sluice } from '../harness/cli.ts';
import { PASSING, UNDECIDED } from '../harness/gates.ts';
import { entitle } from '../harness/people.ts';
import { imageFor, Place, QUICK } from '../harness/promotions.ts';
import type { Ran } from '../harness/ran.ts';
import { sharedWorld } from '../harness/shared.ts';
import type { UserName } from '../harness/users.ts';

/* Each role of the chart for people, bound alone: its holder comes to the end with kubectl and with the plugin. */

const { cluster } = sharedWorld();
const NAMESPACE = 'roles';
/** Where two of the cast have another role. */
const ELSEWHERE = 'roles-elsewhere';

const plugin = (user: UserName, ...args: string[]): Promise<Ran> =>
  sluice(cluster, [...args, '-n', NAMESPACE], { user });

/** `kubectl apply -f -`, which reads before it writes. */
const apply = (user: UserName, namespace: string, kind: string, name: string, spec: object): Promise<Ran> =>
  cluster.kubectl(['apply', '-n', namespace, '-f', '-'], {
    user,
    input: JSON.stringify({ apiVersion: 'sluice.dev/v1alpha1', kind, metadata: { name }, spec }),
  });

const DONE = { code: 0, stderr: '' };

/** A promotion of alice's that stands so. */
async function ordered(place: Place, reason: string): Promise<string> {
  const made = await plugin(
    'alice',
    'promote',
    place.app,
    '--image',
    imageFor(place.app, 'v2'),
    '-o',
    'name',
  );
  expect(made).toMatchObject(DONE);
  const name = made.stdout.trim().split('/')[1] ?? '';
  await place.untilReason(name, reason);
  return name;
}

beforeAll(async () => {
  for (const namespace of [NAMESPACE, ELSEWHERE]) await cluster.createNamespace(namespace);
  await entitle(cluster, NAMESPACE, 'alice', 'editor');
  await entitle(cluster, NAMESPACE, 'bob', 'approver');
  await entitle(cluster, NAMESPACE, 'carol', 'release-operator');
  await entitle(cluster, NAMESPACE, 'eve', 'bypasser');
  await entitle(cluster, ELSEWHERE, 'alice', 'policy-owner');
  await entitle(cluster, ELSEWHERE, 'bob', 'viewer');
});

test('an editor applies a promotion, again, waits for its end, and orders the next', async () => {
  const place = await new Place(cluster.api, NAMESPACE, 'shipped').prepare({ gate: PASSING });
  const order = (): Promise<Ran> => apply('alice', NAMESPACE, 'Promotion', 'shipped-v2', place.orderOf('v2'));
  expect(await order()).toMatchObject({ ...DONE, stdout: expect.stringContaining('created') });
  expect(await order()).toMatchObject({ ...DONE, stdout: expect.stringContaining('unchanged') });
  const wait = [
    'wait',
    'promotion/shipped-v2',
    '--for=condition=Succeeded',
    '--timeout=120s',
    '-n',
    NAMESPACE,
  ];
  expect(await cluster.kubectl(wait, { user: 'alice' })).toMatchObject(DONE);
  const next = await plugin('alice', 'promote', 'shipped', '--image', imageFor('shipped', 'v3'), '--wait');
  expect(next).toMatchObject(DONE);
});

test('an approver approves', async () => {
  const place = await new Place(cluster.api, NAMESPACE, 'asked').prepare({ gate: PASSING });
  await place.apply('Gate', 'board', { approval: { required: 1 } });
  await place.apply('Environment', 'asked', {
    targets: [{ name: 'asked', rollout: { name: 'asked' } }],
    gates: [{ gate: 'board', when: 'Before' }],
    analysis: QUICK,
  });
  const approved = await plugin('bob', 'approve', await ordered(place, 'AwaitingApproval'));
  expect(approved).toMatchObject({ ...DONE, stdout: expect.stringContaining('Used: ') });
});

test('a release operator holds, resumes, aborts, freezes and thaws', async () => {
  const place = await new Place(cluster.api, NAMESPACE, 'steered').prepare({ gate: UNDECIDED });
  const name = await ordered(place, 'Analysing');
  const used = { ...DONE, stdout: expect.stringContaining('Used: ') };
  for (const verb of ['hold', 'resume', 'abort'])
    expect(await plugin('carol', verb, name)).toMatchObject(used);
  const freeze = ['freeze', 'steered', '--until', '1h', '--reason', 'migration'];
  expect(await plugin('carol', ...freeze)).toMatchObject(used);
  expect(await plugin('carol', 'thaw', 'steered')).toMatchObject(DONE);
  expect(await plugin('carol', 'history', 'steered')).toMatchObject(DONE);
});

test('a bypasser lets it pass over a gate', async () => {
  const place = await new Place(cluster.api, NAMESPACE, 'passed').prepare({ gate: UNDECIDED });
  const name = await ordered(place, 'Analysing');
  const why = ['--ticket', 'INC-1', '--reason', 'checked by hand'];
  const passed = await plugin('eve', 'bypass', name, '--gate', 'passed', ...why);
  expect(passed).toMatchObject({ ...DONE, stdout: expect.stringContaining('Used: ') });
});

describe('elsewhere', () => {
  test('a policy owner applies Gates and Environments, again', async () => {
    for (const [kind, spec] of [
      ['Gate', PASSING],
      [
        'Environment',
        { targets: [{ name: 'a', rollout: { name: 'a' } }], gates: [{ gate: 'own', when: 'During' }] },
      ],
    ] as const)
      for (const said of [/created/, /unchanged|configured/])
        expect(await apply('alice', ELSEWHERE, kind, 'own', spec)).toMatchObject({
          ...DONE,
          stdout: expect.stringMatching(said),
        });
  });

  test('a viewer sees all of it, and changes nothing', async () => {
    const kinds = 'environments,gates,promotions,decisions';
    const seen = await cluster.kubectl(['get', kinds, '-n', ELSEWHERE, '-o', 'name'], { user: 'bob' });
    expect([seen.code, seen.stdout]).toEqual([0, 'environment.sluice.dev/own\ngate.sluice.dev/own\n']);
    expect(await sluice(cluster, ['status', '-n', ELSEWHERE], { user: 'bob' })).toMatchObject(DONE);
    const order = ['promote', 'own', '--image', 'a/b:1', '-n', ELSEWHERE];
    expect(await sluice(cluster, order, { user: 'bob' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Forbidden'),
    });
  });
});
