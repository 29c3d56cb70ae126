import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Decision, Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { sluice } from '../harness/cli.ts';
import { PASSING, UNDECIDED } from '../harness/gates.ts';
import { decideAs, entitle, fateOf } from '../harness/people.ts';
import { imageFor, Place, QUICK, reasonOf, revisionImage, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* Windows, freezes, chains, approvals, emergencies and rollbacks on the real servers. */

const { cluster } = sharedWorld();
const NAMESPACE = 'policy';

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await entitle(cluster, NAMESPACE, 'alice', 'editor', 'bypasser');
  for (const user of ['bob', 'carol'] as const)
    await entitle(cluster, NAMESPACE, user, 'approver', 'release-operator');
});

const placed = (app: string, gate: object = PASSING): Promise<Place> =>
  new Place(cluster.api, NAMESPACE, app).prepare({ gate });

/** The Environment of a place with more in its spec. */
function edit(place: Place, spec: object): Promise<KubeObject> {
  const { app } = place;
  return place.apply('Environment', app, {
    targets: [{ name: app, rollout: { name: app } }],
    gates: [{ gate: app, when: 'During' }],
    analysis: QUICK,
    ...spec,
  });
}

const untilEnvironment = (
  place: Place,
  what: string,
  holds: (status: NonNullable<Environment['status']>) => boolean,
): Promise<Environment> =>
  until(what, async (seen) => {
    const found = await place.environment();
    seen(found.status);
    return found.status && holds(found.status) && found;
  });

const inTwoHours = (): string => new Date(Date.now() + 2 * 3_600_000).toISOString();

describe('windows', () => {
  test('a promotion waits while it is closed, says until when, and begins when it is open', async () => {
    const place = await placed('window');
    // This hour and the next, whatever the time.
    const hour = new Date().getUTCHours();
    const closed = { name: 'now', kind: 'Deny', schedule: `0 ${hour} * * *`, durationSeconds: 7200 };
    await edit(place, { windows: [closed] });
    await place.promote('v2');
    const waiting = await place.untilReason('window-v2', 'WindowClosed');
    expect(waiting.status?.blockedBy?.[0]).toMatchObject({
      reason: 'Window',
      until: expect.any(String),
      message: expect.stringContaining('window now keeps it closed'),
    });
    await untilEnvironment(place, 'it says that it is closed', (s) => s.window?.open === false);
    expect(await place.image()).toBe(imageFor('window', 'v1'));
    await edit(place, {});
    expect(reasonOf(await place.untilEnded('window-v2'))).toBe('Succeeded');
  });

  test('a window that cannot be read says so on the Environment, with what to write', async () => {
    const place = await placed('typo');
    await edit(place, {
      windows: [{ name: 'typo', kind: 'Allow', schedule: '61 9 * * 1-5', durationSeconds: 60 }],
    });
    const found = await untilEnvironment(place, 'it is not ready', (s) =>
      Boolean(s.conditions?.some((c) => c.type === 'Ready' && c.reason === 'InvalidWindow')),
    );
    expect(JSON.stringify(found.status?.conditions)).toContain('write five cron fields');
    await expect(
      edit(place, { windows: [{ name: 'x', kind: 'Allow', schedule: '@daily', durationSeconds: 60 }] }),
    ).rejects.toThrow('spec.windows[0].schedule');
  });
});

describe('a freeze by a person', () => {
  test('stops what is in flight until a Thaw, and stands in the status of the place', async () => {
    const place = await placed('freeze', UNDECIDED);
    await place.promote('v2');
    await place.untilReason('freeze-v2', 'Analysing');
    await decideAs(cluster, NAMESPACE, 'bob', 'freeze-1', {
      verdict: 'Freeze',
      environment: 'freeze',
      until: inTwoHours(),
      reason: 'incident 7',
    });
    await place.untilReason('freeze-v2', 'Frozen');
    expect(await fateOf(cluster, NAMESPACE, 'freeze-1')).toBe('True Used');
    const frozen = await untilEnvironment(place, 'it is frozen', (s) => s.freeze !== undefined);
    expect(frozen.status?.freeze).toMatchObject({ by: 'bob', reason: 'incident 7' });
    await place.apply('Gate', 'freeze', PASSING);
    // Of the same second the Freeze counts.
    await delay(1100);
    await decideAs(cluster, NAMESPACE, 'carol', 'thaw-1', { verdict: 'Thaw', environment: 'freeze' });
    expect(reasonOf(await place.untilEnded('freeze-v2'))).toBe('Succeeded');
    expect((await place.environment()).status?.freeze).toBeUndefined();
  });
});

/** The Promotion that Sluice makes by itself, once it is there. */
const untilAuto = (environment: string): Promise<Promotion & KubeObject> =>
  until(`a promotion to ${environment} comes by itself`, async () => {
    const { items } = await cluster.api.list<Promotion & KubeObject>(sluicePath(NAMESPACE, 'promotions'));
    return items.find((p) => p.metadata.name.startsWith(`auto-${environment}-`));
  });

describe('a chain', () => {
  test('what is good in one place soaks there, comes to the next by itself, and asks two persons', async () => {
    const dev = await placed('dev');
    const prod = await placed('live');
    await prod.apply('Gate', 'cab', { approval: { required: 2 } });
    await edit(prod, {
      upstream: { environments: [{ name: 'dev', soakSeconds: 3 }] },
      autoPromote: 'WhenVerifiedUpstream',
      gates: [
        { gate: 'cab', when: 'Before' },
        { gate: 'live', when: 'During' },
      ],
    });
    // One image for both, as in a real chain.
    await cluster.api.patch(sluicePath(NAMESPACE, 'environments', 'live'), {
      spec: {
        targets: [
          {
            name: 'live',
            wave: 0,
            rollout: { name: 'live' },
            images: [{ image: 'registry.test/dev', container: 'app' }],
          },
        ],
      },
    });
    await dev.promote('v2');
    const good = await dev.untilEnded('dev-v2');
    expect(reasonOf(good)).toBe('Succeeded');
    const auto = await untilAuto('live');
    const waited = Date.parse(auto.metadata.creationTimestamp) - Date.parse(good.status?.completedAt ?? '');
    expect(waited).toBeGreaterThan(1500);
    const { name } = auto.metadata;
    const asked = await prod.untilReason(name, 'AwaitingApproval');
    // Nobody asked for it: two persons.
    for (const user of ['bob', 'carol'] as const)
      await decideAs(cluster, NAMESPACE, user, `${user}-approves`, {
        verdict: 'Approve',
        environment: 'live',
        promotion: { name, uid: asked.metadata.uid },
        gate: 'cab',
        revisionDigest: asked.status?.revisionDigest ?? '',
      });
    const ended = await prod.untilEnded(name);
    expect(reasonOf(ended)).toBe('Succeeded');
    expect(ended.status?.decisions?.map((d) => [d.verdict, d.by, d.gate]).toSorted()).toEqual([
      ['Approve', 'bob', 'cab'],
      ['Approve', 'carol', 'cab'],
    ]);
    expect(await prod.image()).toContain('registry.test/dev:v2@');
    expect(await fateOf(cluster, NAMESPACE, 'bob-approves')).toBe('True Used');
  });

  test('one by hand soaks as long, and says until when', async () => {
    const place = await placed('soak');
    await edit(place, {
      upstream: { environments: [{ name: 'dev', soakSeconds: 3600 }] },
      targets: [
        {
          name: 'soak',
          rollout: { name: 'soak' },
          images: [{ image: 'registry.test/dev', container: 'app' }],
        },
      ],
    });
    const body = { environment: 'soak', revision: { images: [revisionImage('dev', 'v2')] } };
    await place.apply('Promotion', 'soak-v2', body);
    const waiting = await place.untilReason('soak-v2', 'Soaking');
    expect(waiting.status?.blockedBy?.[0]).toMatchObject({ reason: 'Soak', until: expect.any(String) });
    await cluster.api.delete(sluicePath(NAMESPACE, 'promotions', 'soak-v2'));
  });

  test('one by hand waits until it is good upstream', async () => {
    const place = await placed('later');
    await edit(place, { upstream: { environments: [{ name: 'dev' }] } });
    await place.promote('v9');
    const waiting = await place.untilReason('later-v9', 'AwaitingUpstream');
    expect(waiting.status?.blockedBy?.[0]?.message).toContain('promote it there first');
    await cluster.api.delete(sluicePath(NAMESPACE, 'promotions', 'later-v9'));
  });
});

describe('a Reject', () => {
  test('ends a promotion that has not begun, and says by whom and why', async () => {
    const place = await placed('refused');
    await place.apply('Gate', 'board', { approval: { required: 1 } });
    await edit(place, {
      gates: [
        { gate: 'board', when: 'Before' },
        { gate: 'refused', when: 'During' },
      ],
    });
    await place.promote('v2');
    const { metadata } = await place.untilReason('refused-v2', 'AwaitingApproval');
    await decideAs(cluster, NAMESPACE, 'bob', 'no', {
      verdict: 'Reject',
      environment: 'refused',
      promotion: { name: 'refused-v2', uid: metadata.uid },
      gate: 'board',
      reason: 'not before the sale',
    });
    const ended = await place.untilEnded('refused-v2');
    expect(reasonOf(ended)).toBe('Rejected');
    expect(JSON.stringify(ended.status?.conditions)).toContain('not before the sale');
    expect(ended.status?.decisions).toMatchObject([{ verdict: 'Reject', by: 'bob' }]);
    expect(await place.image()).toBe(imageFor('refused', 'v1'));
  });
});

describe('an emergency', () => {
  test('passes over a freeze, on the record, and is approved afterwards by somebody else', async () => {
    const place = await placed('hotfix');
    await place.promote('v1b');
    await place.untilEnded('hotfix-v1b');
    await edit(place, {
      freeze: { reason: 'year end' },
      emergency: { maySkip: ['Freeze'], followUpSeconds: 3600 },
    });
    await place.promote('v2');
    await place.untilReason('hotfix-v2', 'Frozen');
    await cluster.apiAs('alice').create(sluicePath(NAMESPACE, 'promotions'), {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Promotion',
      metadata: { name: 'hotfix-now' },
      spec: {
        environment: 'hotfix',
        requestedBy: 'alice',
        changeType: 'Emergency',
        emergency: { ticket: 'INC-7', justification: 'the shop is down' },
        revision: { images: [revisionImage('hotfix', 'v3')] },
      },
    });
    const ended = await place.untilEnded('hotfix-now');
    expect(reasonOf(ended)).toBe('Succeeded');
    expect(ended.status?.conditions?.find((c) => c.type === 'Bypassed')?.message).toContain(
      'Freeze by alice (INC-7)',
    );
    const due = await untilEnvironment(place, 'a follow-up is due', (s) => s.followUps !== undefined);
    expect(due.status?.followUps).toMatchObject([{ promotion: 'hotfix-now', by: 'alice', ticket: 'INC-7' }]);
    await decideAs(cluster, NAMESPACE, 'bob', 'afterwards', {
      verdict: 'Approve',
      environment: 'hotfix',
      promotion: { name: 'hotfix-now', uid: ended.metadata.uid },
      gate: 'follow-up',
      revisionDigest: ended.status?.revisionDigest ?? '',
    });
    expect(await fateOf(cluster, NAMESPACE, 'afterwards')).toBe('True Used');
    expect((await place.environment()).status?.followUps).toBeUndefined();
    const { stdout } = await cluster.kubectl([
      'get',
      'events',
      '-n',
      NAMESPACE,
      '--field-selector=reason=Bypassed',
    ]);
    expect(stdout).toContain('Freeze is passed over by alice (INC-7)');
  });
});

describe('a rollback by a person', () => {
  test('brings back what was good before, skips the canary, and shows as a Promotion', async () => {
    const place = await placed('back');
    await place.promote('v2');
    const good = await place.untilEnded('back-v2');
    await place.promote('v3');
    expect(reasonOf(await place.untilEnded('back-v3'))).toBe('Succeeded');
    await edit(place, { freeze: { reason: 'year end' } });
    await decideAs(cluster, NAMESPACE, 'bob', 'back-1', {
      verdict: 'Rollback',
      environment: 'back',
      target: 'back',
      revisionDigest: good.status?.revisionDigest ?? '',
      reason: 'customers complain',
    });
    expect(await fateOf(cluster, NAMESPACE, 'back-1')).toBe('True Used');
    const decision = await cluster.api.get<KubeObject & { status: { promotion: string } }>(
      sluicePath(NAMESPACE, 'decisions', 'back-1'),
    );
    const ended = await place.untilEnded(decision.status.promotion);
    expect(reasonOf(ended)).toBe('Succeeded');
    expect(ended.spec.rollback).toMatchObject({ decision: 'back-1', by: 'bob' });
    expect(await place.image()).toBe(imageFor('back', 'v2'));
    const found = await untilEnvironment(
      place,
      'it counts as a failed change',
      (s) => s.dora?.changeFailureRate === 0.5 && s.dora.restoreSeconds !== undefined,
    );
    expect(found.status?.autoPromote).toMatchObject({ heldBy: 'bob' });
    expect(found.status?.dora).toMatchObject({ deployments: 2 });
  });
});

/** What became of a Decision: the condition's reason and message. */
const saidOf = async (name: string): Promise<string> => {
  const accepted = await fateOf(cluster, NAMESPACE, name);
  const { status } = await cluster.api.get<Decision & KubeObject>(sluicePath(NAMESPACE, 'decisions', name));
  return `${accepted}: ${status?.conditions?.find((c) => c.type === 'Accepted')?.message}`;
};

describe('a rollback that names no revision', () => {
  const rollback = { verdict: 'Rollback', environment: 'undo', target: 'undo' } as const;

  test('goes to what was good before, then further back, and says where, and why not', async () => {
    const place = await placed('undo');
    for (const version of ['v2', 'v3', 'v4']) {
      await place.promote(version);
      expect(reasonOf(await place.untilEnded(`undo-${version}`))).toBe('Succeeded');
    }
    for (const [name, version] of [
      ['undo-1', 'v3'],
      ['undo-2', 'v2'],
    ] as const) {
      await decideAs(cluster, NAMESPACE, 'bob', name, rollback);
      expect(await saidOf(name)).toMatch(
        new RegExp(
          `^True Used: used by Environment undo: Promotion rollback-\\S+ brings back undo:${version} `,
        ),
      );
      const { status } = await cluster.api.get<Decision & KubeObject>(
        sluicePath(NAMESPACE, 'decisions', name),
      );
      expect(reasonOf(await place.untilEnded(status?.promotion ?? ''))).toBe('Succeeded');
      expect(await place.image()).toBe(imageFor('undo', version));
      await untilEnvironment(place, 'it is what is good', (s) =>
        Boolean(
          s.targets?.[0]?.lastGood?.promotion.startsWith('rollback-') && s.history?.[0]?.rollback === name,
        ),
      );
    }
    await decideAs(cluster, NAMESPACE, 'bob', 'undo-3', rollback);
    expect(await saidOf('undo-3')).toMatch(
      /^False DigestMismatch: target undo runs what was last good, undo:v2 .* knows nothing that was good there before/,
    );
    expect((await place.environment()).status?.dora).toMatchObject({ deployments: 3 });
  });
});

describe('the trail', () => {
  test('holds for every promotion, tells what happened, and each verdict follows from its record', async () => {
    const verified = await sluice(cluster, ['audit', 'verify', '-n', NAMESPACE]);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    expect(verified.stdout).toMatch(/policy\/back-v3: \d+ records, the chain holds/);
    expect(verified.stdout).toMatch(/\d+ promotions, \d+ environments, 0 broken/);
    const { items } = await cluster.api.list<Promotion & KubeObject>(sluicePath(NAMESPACE, 'promotions'));
    for (const { metadata, status } of items.filter((p) => p.status?.completedAt)) {
      const told = await sluice(cluster, ['explain', `promotion/${metadata.name}`, '-n', NAMESPACE]);
      expect([metadata.name, told.code, told.stderr]).toEqual([metadata.name, 0, '']);
      expect(told.stdout).toMatch(/every verdict (that can be judged again )?follows from its record/);
      for (const { by, verdict } of status?.decisions ?? [])
        expect(told.stdout).toContain(`${by} decided ${verdict}`);
    }
    const unknown = await sluice(cluster, ['explain', 'promotion/nothing', '-n', NAMESPACE]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('"nothing" not found');
  });
});
