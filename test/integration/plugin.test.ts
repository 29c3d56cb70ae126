import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../harness/api.ts';
import { sluice } from '../harness/cli.ts';
import { FAILING, PASSING, UNDECIDED } from '../harness/gates.ts';
import { entitle } from '../harness/people.ts';
import { imageFor, Place, QUICK, reasonOf, sluicePath } from '../harness/promotions.ts';
import { type Ran, ran } from '../harness/ran.ts';
import { sharedWorld } from '../harness/shared.ts';
import { buildShipped } from '../harness/shipped.ts';
import type { UserName } from '../harness/users.ts';
import { until } from '../harness/until.ts';

/* Every command of kubectl-sluice on the real API server, with the operator at work. */

const { cluster, prometheus } = sharedWorld();
const NAMESPACE = 'plugin';

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  // Whoever may read Rollouts is shown what they run now.
  const rollouts = [{ apiGroups: ['argoproj.io'], resources: ['rollouts'], verbs: ['get'] }];
  await entitle(cluster, NAMESPACE, 'alice', rollouts, 'viewer', 'editor', 'bypasser', 'release-operator');
  for (const user of ['bob', 'carol'] as const)
    await entitle(cluster, NAMESPACE, user, 'viewer', 'approver', 'release-operator');
});

/** Runs a command in the namespace. */
const as = (user: UserName, ...args: string[]): Promise<Ran> =>
  sluice(cluster, [...args, '-n', NAMESPACE], { user });

const placed = (app: string, gate: object = PASSING): Promise<Place> =>
  new Place(cluster.api, NAMESPACE, app).prepare({ gate });

/** Its name, of a command with `-o name`. */
const named = ({ stdout }: Ran): string => stdout.trim().split('/')[1] ?? '';

/** A promotion that a person orders, once it stands so. */
async function ordered(place: Place, version: string, reason: string): Promise<string> {
  const name = named(
    await as('alice', 'promote', place.app, '--image', imageFor(place.app, version), '-o', 'name'),
  );
  await place.untilReason(name, reason);
  return name;
}

/** Asks one person before it begins. */
async function withBoard(place: Place): Promise<void> {
  await place.apply('Gate', 'board', { approval: { required: 1 } });
  await place.apply('Environment', place.app, {
    targets: [{ name: place.app, rollout: { name: place.app } }],
    gates: [
      { gate: 'board', when: 'Before' },
      { gate: place.app, when: 'During' },
    ],
    analysis: QUICK,
  });
}

describe('promote, diff, status and history', () => {
  test('a revision is looked at before, ordered in the name of who asks, and followed to its end', async () => {
    const place = await placed('front');
    const image = imageFor('front', 'v2');
    const before = await as('alice', 'diff', 'front', '--image', image);
    expect(before).toMatchObject({ code: 1, stderr: '' });
    expect(before.stdout).toContain(
      `-   app: ${imageFor('front', 'v1')}\n+   app: ${image}\n  gates: front (During)\n`,
    );
    expect(before.stdout).toContain('Planned: it would begin now');
    const tried = await as('alice', 'promote', 'front', '--image', image, '--dry-run');
    expect(tried.stdout).toMatch(/^promotion\.sluice\.dev\/front-v2-front-\w+ created \(server dry run\)\n$/);
    expect((await cluster.api.list(sluicePath(NAMESPACE, 'promotions'))).items).toEqual([]);

    const done = await as('alice', 'promote', 'front', '--image', image, '--reason', 'first', '--wait');
    expect([done.code, done.stderr]).toEqual([0, '']);
    const [, name = ''] = /promotion\.sluice\.dev\/(\S+) created/.exec(done.stdout) ?? [];
    expect(done.stdout).toContain('Succeeded: ');
    expect((await place.promotion(name)).spec).toMatchObject({ requestedBy: 'alice', reason: 'first' });

    expect(await as('alice', 'diff', 'front', '--image', image)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('AlreadyDone: '),
    });
    const { stdout } = await as('bob', 'status', 'front');
    expect(stdout).toMatch(/^plugin\n● front\n {4}front {10}front:v2 {2}good for \d+s\n$/);
    const shown = await as('bob', 'history', 'front');
    expect(shown.stdout).toMatch(/^ENDED +PROMOTION +TARGET +OUTCOME +REVISION +DIGEST +TOOK\n/);
    expect(shown.stdout).toMatch(new RegExp(`${name} +front +Succeeded +front:v2 +\\w{12} +\\d+s`));
  });

  test('one that fails ends with 1, and the picture says so', async () => {
    await placed('worse', FAILING);
    const failed = await as(
      'alice',
      'promote',
      'worse',
      '--image',
      imageFor('worse', 'v2'),
      '--name',
      'worse-1',
      '--wait',
    );
    expect([failed.code, failed.stderr]).toEqual([1, '']);
    expect(failed.stdout).toContain('RolledBack: ');
    const { stdout } = await as('bob', 'status');
    expect(stdout).toMatch(/✖ worse\n/);
    expect(stdout).toMatch(/worse-1: RolledBack \d+s ago: /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const json: { kind: string; items: KubeObject[] } = JSON.parse(
      (await as('bob', 'status', '-o', 'json')).stdout,
    );
    expect(json.kind).toBe('List');
    expect(json.items.map((o) => o.metadata.name)).toContain('worse-1');
  });

  test('what cannot be promoted is told, and leaves nothing behind', async () => {
    const nowhere = await as('alice', 'diff', 'nowhere', '--image', 'registry.test/x:1', '--timeout', '2s');
    expect(nowhere).toMatchObject({ code: 2, stdout: '' });
    expect(nowhere.stderr).toMatch(/^error: it would wait: AwaitingReference: /);
    const left = await cluster.api.list(sluicePath(NAMESPACE, 'promotions'));
    expect(left.items.filter((p) => p.metadata.name.startsWith('diff-'))).toEqual([]);
  });
});

describe('approve, reject and revoke', () => {
  test('find the gate that asks, bind to the digest, and say what became of it', async () => {
    const place = await placed('asked');
    await withBoard(place);
    const name = await ordered(place, 'v2', 'AwaitingApproval');
    const own = await as('alice', 'approve', name);
    expect(own.code).toBe(2);
    expect(own.stderr).toContain('Error from server (Forbidden)');
    const approved = await as('bob', 'approve', `promotion/${name}`, '--reason', 'looks good');
    expect([approved.code, approved.stderr]).toEqual([0, '']);
    expect(approved.stdout).toContain(`gate board of ${name}, to asked: ${imageFor('asked', 'v2')}\n`);
    expect(approved.stdout).toContain('Used: ');
    expect(reasonOf(await place.untilEnded(name))).toBe('Succeeded');
    const late = await as('carol', 'approve', name);
    expect(late.code).toBe(2);
    expect(late.stderr).toContain('no approval gate');
    expect(await as('carol', 'approve', name, '--gate', 'board')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('TooLate: '),
    });
  });

  test('Reject ends it', async () => {
    const place = await placed('unwanted');
    await withBoard(place);
    const name = await ordered(place, 'v2', 'AwaitingApproval');
    expect(await as('bob', 'reject', name, '--reason', 'not now')).toMatchObject({ code: 0 });
    expect(reasonOf(await place.untilEnded(name))).toBe('Rejected');
  });

  test('Revoke takes back what did not suffice yet', async () => {
    const place = await placed('doubtful');
    await withBoard(place);
    await place.apply('Gate', 'board', { approval: { required: 2 } });
    const name = await ordered(place, 'v2', 'AwaitingApproval');
    expect(await as('bob', 'approve', name, '--timeout', '0')).toMatchObject({ code: 0 });
    expect(await as('bob', 'revoke', name)).toMatchObject({ code: 0 });
    expect(await as('carol', 'reject', name)).toMatchObject({ code: 0 });
    expect(reasonOf(await place.untilEnded(name))).toBe('Rejected');
  });
});

describe('orders on what is under way', () => {
  test('hold, resume, abort', async () => {
    const place = await placed('orders', UNDECIDED);
    const name = await ordered(place, 'v2', 'Analysing');
    expect(await as('bob', 'hold', name)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Used: '),
    });
    await place.untilReason(name, 'HeldByPerson');
    expect(await as('bob', 'resume', name)).toMatchObject({ code: 0 });
    await place.untilReason(name, 'Analysing');
    const { stdout } = await as('bob', 'status', 'orders');
    expect(stdout).toMatch(/◐ orders\n.*\n +─► orders:v2 {2}[█░]{10} \d+ % {2}step \d of \d {2}Analysing\n/);
    expect(await as('bob', 'abort', name, '--reason', 'enough')).toMatchObject({ code: 0 });
    expect(reasonOf(await place.untilEnded(name))).toBe('Aborted');
    expect(await as('bob', 'abort', name)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('TooLate'),
    });
  });

  test('bypass lets it pass over a gate', async () => {
    const place = await placed('undecided', UNDECIDED);
    const name = await ordered(place, 'v2', 'Analysing');
    const passed = await as(
      'alice',
      'bypass',
      name,
      '--gate',
      'undecided',
      '--ticket',
      'INC-1',
      '--reason',
      'checked by hand',
    );
    expect([passed.code, passed.stderr]).toEqual([0, '']);
    expect(reasonOf(await place.untilEnded(name))).toBe('Succeeded');
  });
});

describe('decisions on a place', () => {
  test('rollback to what was good before, and resume of autoPromote', async () => {
    const place = await placed('back');
    for (const version of ['v2', 'v3'])
      expect(
        await as('alice', 'promote', 'back', '--image', imageFor('back', version), '--wait'),
      ).toMatchObject({ code: 0 });
    expect(await as('bob', 'rollback', 'back', '--to', 'back:v9')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('back:v9 is no revision in the history of back'),
    });
    expect(await as('bob', 'rollback', 'back', '--to', 'back:v2', '--reason', 'INC-2')).toMatchObject({
      code: 0,
    });
    await until('v2 is back', async () => (await place.image()) === imageFor('back', 'v2'));
    await until('and good', async () => {
      const { status } = await place.environment();
      return status?.history?.[0]?.rollback !== undefined;
    });
    expect(await as('alice', 'promote', 'back', '--image', imageFor('back', 'v4'), '--wait')).toMatchObject({
      code: 0,
    });
    expect(await as('bob', 'rollback', 'back', '--reason', 'INC-42')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('brings back back:v2 ('),
    });
    await until('v2 is back again', async () => (await place.image()) === imageFor('back', 'v2'));
    expect(await as('bob', 'resume', 'environment/back')).toMatchObject({ code: 0 });
    const { stdout } = await as('bob', 'dora', 'back');
    expect(stdout).toMatch(
      /^ENVIRONMENT +DAYS +DEPLOYMENTS +A DAY +LEAD TIME +CHANGE FAILURES +TIME TO RESTORE\nback +/,
    );
  });

  test('release from quarantine, freeze and thaw', async () => {
    const place = await placed('cold', FAILING);
    await ordered(place, 'v2', 'RolledBack');
    await until('it is in quarantine', async () =>
      Boolean((await place.environment()).status?.quarantine?.length),
    );
    expect(await as('bob', 'release', 'cold', '--reason', 'a false alarm')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Used: '),
    });
    expect(await as('bob', 'release', 'cold')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing of that'),
    });
    expect(await as('bob', 'freeze', 'cold', '--until', '2h', '--reason', 'migration')).toMatchObject({
      code: 0,
    });
    expect((await as('bob', 'status', 'cold')).stdout).toContain('FROZEN until ');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await as('bob', 'thaw', 'cold')).toMatchObject({ code: 0 });
    await until('it is thawed', async () => (await place.environment()).status?.freeze === undefined);
  });
});

describe('what is on record', () => {
  test('holds, and each verdict follows from it', async () => {
    const place = await placed('told');
    const name = await ordered(place, 'v2', 'Succeeded');
    const verified = await as('bob', 'audit', 'verify');
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    expect(verified.stdout).toMatch(new RegExp(`${name}: \\d+ records, the chain holds`));
    const told = await as('bob', 'explain', name);
    expect([told.code, told.stderr]).toEqual([0, '']);
    expect(told.stdout).toContain('every verdict follows from its record');
    expect(place.app).toBe('told');
  });
});

/** A manifest of a Gate that asks this. */
const gate = (query: string): string =>
  JSON.stringify({
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Gate',
    metadata: { name: 'g' },
    spec: { prometheus: { query, pass: 'value > 0' } },
  });

const lint = (query: string): Promise<Ran> =>
  sluice(cluster, ['lint', '-', '--address', prometheus.url], { input: gate(query) });

describe('who asks, and how', () => {
  test('impersonation with several groups, as the API server sees it', async () => {
    const place = await placed('other', UNDECIDED);
    await place.promote('v2');
    await place.untilReason('other-v2', 'Analysing');
    const flags = ['--as', 'dora', '--as-group', 'one', '--as-group', 'two'];
    const refused = await as('admin', 'hold', 'other-v2', ...flags);
    expect(refused.stderr).toMatch(/^Error from server \(Forbidden\): .*User "dora" cannot get/);
    const bound = await as('admin', 'hold', 'other-v2', '--as', 'bob');
    expect([bound.code, bound.stderr]).toEqual([0, '']);
    const held = await place.untilReason('other-v2', 'HeldByPerson');
    expect(held.status?.decisions).toMatchObject([{ verdict: 'Hold', by: 'bob' }]);
  });

  test('errors in the words of kubectl', async () => {
    const nothing = await as('bob', 'explain', 'nothing');
    const { stderr } = await cluster.kubectl(['get', 'promotion', 'nothing', '-n', NAMESPACE], {
      user: 'bob',
    });
    expect(nothing).toEqual({ code: 2, stdout: '', stderr });
    const forbidden = await as('eve', 'status');
    expect(forbidden.code).toBe(2);
    expect(forbidden.stderr).toMatch(
      /^Error from server \(Forbidden\): environments\.sluice\.dev is forbidden: User "eve"/,
    );
  });

  test('lint asks a Prometheus whether it understands each query', async () => {
    expect(await lint('sum(up{namespace="{{ targetNamespace }}"})')).toMatchObject({ code: 0 });
    const wrong = await lint('vector("text")');
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('error: ');
  });
});

describe('by kubectl', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-plugin-'));
  let env: Record<string, string>;

  beforeAll(async () => {
    await buildShipped(dir);
    for (const name of ['kubectl-sluice', 'kubectl_complete-sluice'])
      symlinkSync(join(dir, 'kubectl-sluice.js'), join(dir, name));
    const path = [dir, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
    env = { ...process.env, KUBECONFIG: cluster.kubeconfigFor('bob'), PATH: path };
  }, 60_000);

  afterAll(() => rmSync(dir, { recursive: true }));

  const kubectl = (...args: string[]): Promise<Ran> => ran(cluster.facts.kubectl, args, { env });

  test('it is a command like any other', async () => {
    const shown = await kubectl('sluice', 'history', 'front', '-n', NAMESPACE);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toContain('front:v2');
    expect((await kubectl('sluice', 'explain', 'nothing', '-n', NAMESPACE)).code).toBe(2);
  });

  test('and completes as one', async () => {
    expect((await kubectl('__complete', 'sluice', 'rol')).stdout).toMatch(/^rollback\t.*\n:4\n/);
    const names = await kubectl('__complete', 'sluice', 'history', '-n', NAMESPACE, 'fr');
    expect(names.stdout).toMatch(/^front\n:4\n/);
  });

  test('and completes by itself in bash', async () => {
    const script = `source <(kubectl-sluice completion bash)
COMP_WORDS=(kubectl-sluice history -n ${NAMESPACE} fr) COMP_CWORD=4
_kubectl_sluice
echo "\${COMPREPLY[@]}"`;
    expect(await ran('bash', ['-c', script], { env })).toMatchObject({ stdout: 'front\n' });
  });
});
