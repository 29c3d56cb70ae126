import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { sluice } from '../harness/cli.ts';
import { PASSING, UNDECIDED } from '../harness/gates.ts';
import { entitle, untilProven } from '../harness/people.ts';
import { imageFor, Place, QUICK, reasonOf } from '../harness/promotions.ts';
import type { Ran } from '../harness/ran.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import type { UserName } from '../harness/users.ts';

/* The flags of the plugin's orders, and what it prints for programs, on the real API server with the operator at work. */

const { cluster } = sharedWorld();
const NAMESPACE = 'plugin-orders';
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await entitle(cluster, NAMESPACE, 'alice', 'editor', 'bypasser');
  await entitle(cluster, NAMESPACE, 'carol', 'editor');
  await untilProven(cluster);
});

const as = (user: UserName, ...args: string[]): Promise<Ran> =>
  sluice(cluster, [...args, '-n', NAMESPACE], { user });
const placed = (app: string, gate: object = PASSING): Promise<Place> =>
  new Place(cluster.api, NAMESPACE, app).prepare({ gate });
/** The promotion that a command with `-o name` has made. */
const named = ({ stdout }: Ran): string => stdout.trim().split('/')[1] ?? '';

/** Lets nothing in, but what an emergency passes over. */
const freeze = (place: Place): Promise<unknown> =>
  place.apply('Environment', place.app, {
    targets: [{ name: place.app, rollout: { name: place.app } }],
    gates: [{ gate: place.app, when: 'During' }],
    freeze: { reason: 'year end' },
    emergency: { maySkip: ['Freeze'] },
    analysis: QUICK,
  });

describe('promote', () => {
  test('--from brings what is good there, and --committed-at says how old it is', async () => {
    await placed('first');
    const next = await placed('second');
    await next.apply('Environment', 'second', {
      targets: [
        {
          name: 'second',
          rollout: { name: 'second' },
          images: [{ image: 'registry.test/first', container: 'app' }],
        },
      ],
      analysis: QUICK,
    });
    const committed = '2026-01-02T03:04:05+01:00';
    const entry = ['promote', 'first', '--image', imageFor('first', 'v2'), '--committed-at', committed];
    expect(await as('alice', ...entry, '--wait', '--timeout=2m')).toMatchObject({ code: 0, stderr: '' });
    const risen = await as('alice', 'promote', 'environment/second', '--from', 'first', '--wait');
    expect(risen).toMatchObject({ code: 0, stderr: '' });
    expect(await next.image()).toBe(imageFor('first', 'v2'));
    const { status } = await next.environment();
    expect(status?.history?.[0]?.changedAt).toBe('2026-01-02T02:04:05.000Z');
  });

  test('--emergency passes over what the Environment lets it, for whoever may', async () => {
    const place = await placed('hotfix');
    await freeze(place);
    const order = ['promote', 'hotfix', '--image', imageFor('hotfix', 'v2'), '--emergency'];
    const why = ['--ticket', 'INC-7', '--justification', 'the shop is down'];
    const refused = await as('carol', ...order, ...why);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('Forbidden')]);
    const made = await as('alice', ...order, ...why, '-o', 'name');
    const ended = await place.untilEnded(named(made));
    expect([reasonOf(ended), ended.spec.emergency]).toEqual([
      'Succeeded',
      { ticket: 'INC-7', justification: 'the shop is down' },
    ]);
    expect(ended.status?.conditions?.find((c) => c.type === 'Bypassed')?.message).toContain(
      'Freeze by alice',
    );
  });

  test('--timeout gives up on one that goes on', async () => {
    const place = await placed('slow', UNDECIDED);
    const order = ['promote', 'slow', '--image', imageFor('slow', 'v2'), '--name', 'slow-1'];
    const { code, stderr } = await as('alice', ...order, '--wait', '--timeout', '5s');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: timed out waiting for promotion\.sluice\.dev\/slow-1, which goes on/);
    await place.untilReason('slow-1', 'Analysing');
  });
});

test('bypass --constraint lets one promotion through', async () => {
  const place = await placed('frozen');
  await freeze(place);
  const name = named(
    await as('alice', 'promote', 'frozen', '--image', imageFor('frozen', 'v2'), '-o', 'name'),
  );
  await place.untilReason(name, 'Frozen');
  const why = ['--ticket', 'INC-8', '--reason', 'fixes the outage'];
  const passed = await as('alice', 'bypass', name, '--constraint', 'Freeze', ...why);
  expect(passed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Used: ') });
  expect(reasonOf(await place.untilEnded(name))).toBe('Succeeded');
});

test('status --watch draws what changes until it is interrupted', async () => {
  await placed('watched');
  const args = [MAIN, 'status', 'watched', '--watch', '-n', NAMESPACE];
  const watching = spawn(process.execPath, args, {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfigFor('alice') },
  });
  let drawn = '';
  watching.stdout.on('data', (chunk: Buffer) => {
    drawn += chunk.toString();
  });
  const ended = once(watching, 'exit');
  await until('it is drawn', async () => drawn.includes('watched'));
  const done = await as('alice', 'promote', 'watched', '--image', imageFor('watched', 'v2'), '--wait');
  expect(done).toMatchObject({ code: 0, stderr: '' });
  await until('it is drawn again', async (seen) => {
    seen(drawn);
    return /● watched\n {4}watched +watched:v2 /.test(drawn);
  });
  watching.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
});

describe('for programs', () => {
  test('diff says what would change', async () => {
    await placed('compared');
    const image = imageFor('compared', 'v2');
    const { code, stdout } = await as('alice', 'diff', 'compared', '--image', image, '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      environment: 'compared',
      reason: 'Planned',
      message: expect.any(String),
      targets: [
        {
          target: 'compared',
          rollout: 'compared',
          steps: expect.any(Number),
          // alice may read no Rollouts.
          changes: [{ container: 'app', after: image }],
        },
      ],
      gates: [{ gate: 'compared', when: 'During' }],
      blockedBy: [],
      warnings: [expect.stringContaining('rollbackWindow')],
    });
  });

  test('explain has the records, each verdict judged again', async () => {
    await placed('told');
    const order = ['promote', 'told', '--image', imageFor('told', 'v2'), '--name', 'told-1', '--wait'];
    expect(await as('alice', ...order)).toMatchObject({ code: 0 });
    const { code, stdout } = await as('alice', 'explain', 'told-1', '-o', 'json');
    expect(code).toBe(0);
    const { records, ...rest } = JSON.parse(stdout);
    expect(rest).toMatchObject({ namespace: NAMESPACE, promotion: 'told-1', disagreed: 0, faults: [] });
    expect(records[0]).toMatchObject({ seq: 1, kind: 'Order', requestedBy: 'alice' });
    expect(records).toContainEqual(
      expect.objectContaining({ kind: 'Verdict', rejudged: expect.objectContaining({ agrees: true }) }),
    );
  });
});
