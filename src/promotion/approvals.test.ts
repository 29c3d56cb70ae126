import { describe, expect, test } from '@jest/globals';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { gateSpec } from '../api/v1alpha1/gate.ts';
import type { Gate } from '../api/v1alpha1/types.ts';
import { type Approval, oldestFirst } from './approvals.ts';
import type { Bypass } from './bypass.ts';
import { imagesOf, revisionDigest } from './revision.ts';
import { play } from './testing/play.ts';
import { World } from './testing/world.ts';

/* Persons as gates: who counts, when they are asked, and what stays of it. */

interface Level {
  approval?: object;
  when?: 'Before' | 'During' | 'After';
  fromWeight?: number;
  targets?: readonly string[];
}

/** A world in which besides `error-rate` persons are asked; by default Before, one of them. */
function asking(
  levels: Record<string, Level | readonly Level[]>,
  { requester = 'alice', waves }: { requester?: string; waves?: readonly number[] } = {},
): World {
  const world = new World({
    ...(waves && { waves }),
    environment: {
      gates: [
        { gate: 'error-rate', when: 'During' },
        ...Object.entries(levels).flatMap(([gate, bound]) =>
          [bound].flat().map(({ when = 'Before', fromWeight, targets }) => ({
            gate,
            when,
            ...(fromWeight !== undefined && { fromWeight }),
            ...(targets && { targets }),
          })),
        ),
      ],
    },
  });
  const gates = world.scene.gates as Map<string, Gate>;
  for (const [name, bound] of Object.entries(levels)) {
    const approval = [bound].flat()[0]?.approval ?? {};
    gates.set(name, {
      ...world.gate,
      metadata: { ...world.gate.metadata, name, uid: `${name}-uid` },
      spec: gateSpec.parse({ approval }),
    });
  }
  world.requester = requester;
  return world;
}

function say(
  world: World,
  by: string,
  verdict: Approval['verdict'] = 'Approve',
  change: Partial<Approval> = {},
): void {
  const name = `d${world.approvals.length}`;
  world.approvals = [
    ...world.approvals,
    {
      name,
      uid: `${name}-uid`,
      by,
      verdict,
      gate: 'cab',
      revisionDigest: revisionDigest(imagesOf(world.promotion)),
      at: Math.floor(world.now / 1000) * 1000,
      reason: undefined,
      ...change,
    },
  ];
}

function bypassOf({ now }: World): Bypass {
  const one = { name: 'b', uid: 'b', by: 'eve', verdict: 'Bypass', constraint: undefined } as const;
  return { ...one, gate: 'cab', ticket: 'INC-7', reason: 'the shop is down', at: now };
}

/** It is an emergency, which may skip freezes and approvals here. */
function hotfix({ environment, promotion }: World): void {
  environment.spec.emergency = { maySkip: ['Freeze', 'Approval'], followUpSeconds: 60 };
  const emergency = { ticket: 'INC-8', justification: 'the shop is down' };
  Object.assign(promotion.spec, { changeType: 'Emergency', emergency });
}

const message = (world: World): string => findCondition(world.promotion, 'Succeeded')?.message ?? '';
const used = (world: World): string[] =>
  (world.promotion.status?.decisions ?? []).map((d) => `${d.verdict} ${d.gate ?? ''} ${d.by}`);

test('of the same second a Revoke comes after the Approve, whatever their names', () => {
  const one = { by: 'bob', gate: 'cab', revisionDigest: undefined, at: 1000, reason: undefined };
  const approve: Approval = { ...one, name: 'z', uid: 'z', verdict: 'Approve' };
  const revoke: Approval = { ...one, name: 'a', uid: 'a', verdict: 'Revoke' };
  const later: Approval = { ...approve, uid: 'b', at: 2000 };
  for (const said of [
    [approve, revoke, later],
    [later, revoke, approve],
  ])
    expect(oldestFirst(said)).toEqual([approve, revoke, later]);
});

describe('before anything is changed', () => {
  test('it says what is awaited, from whom and how to give it, and touches nothing', () => {
    const world = asking({ cab: { approval: { required: 2 } } });
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    expect(world.effects).toEqual([]);
    expect(message(world)).toBe(
      `gate cab awaits 2 approvals, but not by alice, who asked for it: create a Decision with verdict Approve, gate cab and revisionDigest ${world.promotion.status?.revisionDigest ?? ''}, as whoever has the verb approve on that Gate and on Environment prod may`,
    );
    expect(world.promotion.status?.blockedBy).toMatchObject([{ reason: 'Approval' }]);
  });

  test('of each gate that is open it says what is awaited, until when, and what then', () => {
    const world = asking({
      peer: { approval: { required: 2, expiresAfterSeconds: 600 } },
      cab: { approval: { escalateAfterSeconds: 60 } },
    });
    say(world, 'bob', 'Approve', { gate: 'peer' });
    play(world, 'Pass', 20);
    const not = 'but not by alice, who asked for it';
    const peer = `gate peer awaits 1 more, after bob, ${not}; the approval by bob expires at 2026-01-01T00:10:00.000Z`;
    const cab = `gate cab awaits 1 approval, ${not}; it pages from 2026-01-01T00:01:00.000Z`;
    expect(message(world)).toContain(
      `${peer}; ${cab}: create a Decision with verdict Approve, one of these gates`,
    );
    expect(world.promotion.status?.blockedBy).toEqual([
      {
        reason: 'Approval',
        message: expect.stringContaining(`${peer}: create a Decision with verdict Approve, gate peer`),
        until: '2026-01-01T00:10:00.000Z',
      },
      {
        reason: 'Approval',
        message: expect.stringContaining(`${cab}: create a Decision with verdict Approve, gate cab`),
        until: '2026-01-01T00:01:00.000Z',
      },
    ]);
    play(world, 'Pass', 120);
    expect(message(world)).toContain('it pages since 2026-01-01T00:01:00.000Z');
    expect(findCondition(world.promotion, 'Stalled')?.status).toBe('True');
  });

  test('enough persons let it begin, and stand in its status', () => {
    const world = asking({ cab: { approval: { required: 2 } } });
    say(world, 'bob');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    expect(message(world)).toContain('gate cab awaits 1 more, after bob, but not by alice');
    expect(used(world)).toEqual([]);
    say(world, 'carol');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve cab bob', 'Approve cab carol']);
    expect(world.promotion.status?.gates?.find((g) => g.gate === 'cab')).toMatchObject({
      verdict: 'Pass',
      target: '*',
      message: 'approved by bob, carol',
    });
  });

  test.each<[string, (world: World) => unknown]>([
    ['whoever asked for it', (w) => say(w, 'alice')],
    ['the same person twice', (w) => say(w, 'dave')],
    ['a machine', (w) => say(w, 'system:serviceaccount:ci:bot')],
    ['another revision', (w) => say(w, 'bob', 'Approve', { revisionDigest: `sha256:${'e'.repeat(64)}` })],
    ['another gate', (w) => say(w, 'bob', 'Approve', { gate: 'peer' })],
    ['one that was withdrawn', (w) => [say(w, 'bob'), say(w, 'bob', 'Revoke')]],
    ['one that is too old', (w) => say(w, 'bob', 'Approve', { at: w.now - 86_400_000 })],
  ])('%s does not count', (_, act) => {
    const world = asking({ cab: { approval: { required: 2 } } });
    say(world, 'dave');
    act(world);
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
  });

  test('whoever asked for it counts where the gate says so', () => {
    const world = asking({ cab: { approval: { requesterMayApprove: true } } });
    say(world, 'alice');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('where nobody is known to have asked for it, one more is needed: any of them may have', () => {
    const world = asking({ cab: { approval: { required: 2 } } });
    world.requester = undefined;
    say(world, 'alice');
    say(world, 'bob');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    expect(message(world)).toContain('gate cab awaits 1 more, after alice, bob, and one more than 2, since');
    say(world, 'carol');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('who is named and not proven to have asked for it never counts, and one more is needed', () => {
    const world = asking({ cab: {} });
    world.requester = undefined;
    world.promotion.spec.requestedBy = 'alice';
    say(world, 'alice');
    say(world, 'bob');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    say(world, 'carol');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve cab bob', 'Approve cab carol']);
  });

  test.each([
    [1, 2],
    [3, 3],
  ])('a gate that asks for %d needs %d where a machine has asked for it', (required, needed) => {
    const world = asking({ cab: { approval: { required } } });
    world.requester = undefined;
    world.byMachine = true;
    const persons = ['bob', 'carol', 'dave'].slice(0, needed);
    for (const by of persons.slice(1)) say(world, by);
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    for (const by of persons.slice(0, 1)) say(world, by);
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('where the requester may approve, as many as the gate says are enough, whoever asked for it', () => {
    const world = asking({ cab: { approval: { requesterMayApprove: true } } });
    world.requester = undefined;
    say(world, 'alice');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test.each<[string | undefined, string]>([
    ['alice', ', but not by alice, and one more than 1, since it is not proven that alice has asked for it'],
    [
      'system:serviceaccount:argocd:controller',
      ', and one more than 1, since it is not proven that system:serviceaccount:argocd:controller has asked for it',
    ],
    [undefined, ', and one more than 1, since nobody is known to have asked for it'],
  ])('it says why two are needed where %s is named', (requestedBy, why) => {
    const world = asking({ cab: {} });
    world.requester = undefined;
    if (requestedBy !== undefined) world.promotion.spec.requestedBy = requestedBy;
    play(world, 'Pass', 20);
    expect(message(world)).toContain(`gate cab awaits 2 approvals${why}`);
  });

  test('it says why two are needed where a machine has asked for it', () => {
    const world = asking({ cab: {} });
    world.requester = undefined;
    world.byMachine = true;
    play(world, 'Pass', 20);
    expect(message(world)).toContain('gate cab awaits 2 approvals, since a machine has asked for it');
  });

  test('levels by distinct persons: who has approved one does not count at the other', () => {
    const world = asking({ peer: {}, cab: { approval: { persons: 'Distinct' } } });
    say(world, 'bob', 'Approve', { gate: 'peer' });
    say(world, 'bob');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    expect(message(world)).toContain('gate cab awaits 1 approval');
    say(world, 'carol');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve peer bob', 'Approve cab carol']);
  });

  test('levels by distinct persons: all pass where everybody is counted at one', () => {
    const world = asking({ peer: {}, cab: { approval: { persons: 'Distinct' } } });
    // Whoever takes them in order takes bob for peer, and has nobody for cab.
    say(world, 'bob', 'Approve', { gate: 'peer' });
    say(world, 'dave', 'Approve', { gate: 'peer' });
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve peer dave', 'Approve cab bob']);
  });

  test('levels by distinct persons: what passed stays passed, and the message names who does not count', () => {
    const world = asking({ peer: {}, cab: { approval: { persons: 'Distinct' } } });
    say(world, 'bob', 'Approve', { gate: 'peer' });
    play(world, 'Pass', 20);
    expect(used(world)).toEqual(['Approve peer bob']);
    say(world, 'dave', 'Approve', { gate: 'peer' });
    say(world, 'bob');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    expect(message(world)).toContain(
      'gate cab awaits 1 approval, but not by alice, who asked for it, and not by bob, who has approved gate peer: create',
    );
  });

  test('who counts at a gate of distinct persons does not count at another one that comes later', () => {
    const world = asking({ cab: { approval: { persons: 'Distinct' } }, peer: { when: 'After' } });
    say(world, 'bob');
    say(world, 'bob', 'Approve', { gate: 'peer' });
    play(world, 'Pass');
    expect(world.reason).toBe('AwaitingApproval');
    expect(message(world)).toContain('not by bob, who has approved gate cab');
    say(world, 'carol', 'Approve', { gate: 'peer' });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('one who withdraws can approve again', () => {
    const world = asking({ cab: {} });
    say(world, 'bob');
    say(world, 'bob', 'Revoke');
    play(world, 'Pass', 10);
    expect(world.reason).toBe('AwaitingApproval');
    expect(used(world)).toEqual(['Revoke cab bob']);
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('a Reject ends it, by whoever', () => {
    const world = asking({ cab: {} });
    play(world, 'Pass', 5);
    say(world, 'bob', 'Reject', { reason: 'not on a Friday' });
    play(world, 'Pass');
    expect(world.reason).toBe('Rejected');
    expect(world.effects).toEqual([]);
    expect(message(world)).toContain('rejected by bob at 2026-01-01');
    expect(message(world)).toContain('(not on a Friday)');
    expect(used(world)).toEqual(['Reject cab bob']);
  });

  test('a tag that may be anything tomorrow is not approved', () => {
    const world = asking({ cab: {} });
    world.promotion.spec.revision = { images: [{ image: 'ghcr.io/acme/checkout', tag: '2' }] };
    play(world, 'Pass', 5);
    expect(world.reason).toBe('AwaitingReference');
    expect(message(world)).toContain('add the digest in a new Promotion');
  });

  test('asked for too long it pages, and goes on asking', () => {
    const world = asking({ cab: { approval: { escalateAfterSeconds: 60 } } });
    play(world, 'Pass', 100);
    expect(findCondition(world.promotion, 'Stalled')).toBeUndefined();
    play(world, 'Pass', 40);
    expect(world.reason).toBe('AwaitingApproval');
    expect(findCondition(world.promotion, 'Stalled')?.status).toBe('True');
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('what was used does not expire', () => {
    const world = asking({ cab: { approval: { expiresAfterSeconds: 60 } } });
    say(world, 'bob');
    play(world, 'Pass', 10);
    expect(used(world)).toEqual(['Approve cab bob']);
    world.now += 120_000;
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('a Bypass lets it pass without them, and an emergency where the Environment lets it', () => {
    const world = asking({ cab: {} });
    world.bypasses = [bypassOf(world)];
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.gates?.find((g) => g.gate === 'cab')?.message).toBe(
      'bypassed by eve (INC-7): the shop is down',
    );
    const other = asking({ cab: {} });
    hotfix(other);
    play(other, 'Pass');
    expect(other.reason).toBe('Succeeded');
    expect(other.promotion.status?.bypassed).toMatchObject([
      { what: 'gate/cab', by: 'alice', ticket: 'INC-8' },
    ]);
  });

  test.each<[string, (world: World) => void]>([
    ['a Bypass', (world) => void (world.bypasses = [bypassOf(world)])],
    ['an emergency', hotfix],
  ])('%s needs no digest: nobody is asked what it is', (_, pass) => {
    const world = asking({ cab: {} });
    world.promotion.spec.revision = { images: [{ image: 'ghcr.io/acme/checkout', tag: '2' }] };
    world.digests = { app: [`sha256:${'2'.repeat(64)}`] };
    pass(world);
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test.each<[string, (world: World) => void, string]>([
    ['is a dry run', (w) => void (w.promotion.spec.dryRun = true), 'Planned'],
    [
      'is taken back before it begins',
      (w) =>
        (w.orders = [{ name: 'a', uid: 'a', by: 'bob', verdict: 'Abort', at: w.now, reason: undefined }]),
      'Aborted',
    ],
  ])('an emergency that %s passes over nothing', (_, how, reason) => {
    const world = asking({ cab: {} });
    hotfix(world);
    world.environment.spec.freeze = { reason: 'year end' };
    how(world);
    play(world, 'Pass');
    expect(world.reason).toBe(reason);
    expect(world.promotion.status?.bypassed).toBeUndefined();
    expect(findCondition(world.promotion, 'Bypassed')).toBeUndefined();
  });

  test('an emergency passes over a gate when that is asked, and over nothing on its way back', () => {
    const world = asking({ cab: {}, late: { when: 'During', fromWeight: 60 } });
    hotfix(world);
    const passed = (): string[] => world.promotion.status?.bypassed?.map((b) => b.what) ?? [];
    while (!world.promotion.status?.plan) play(world, 'Pass', 1);
    expect(passed()).toEqual(['gate/cab']);
    play(world, 'Pass', 20);
    expect(passed()).toEqual(['gate/cab', 'gate/late']);
    while (!world.promotion.status?.revert) play(world, 'Fail', 1);
    world.environment.spec.freeze = { reason: 'year end' };
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(passed()).toEqual(['gate/cab', 'gate/late']);
  });

  test('a dry run asks nobody', () => {
    const world = asking({ cab: {} });
    world.promotion.spec.dryRun = true;
    play(world, 'Pass', 20);
    expect(world.reason).toBe('Planned');
  });
});

describe('on the way', () => {
  test('from a weight on: asked before the step that serves so much, and not before', () => {
    const world = asking({ cab: { when: 'During', fromWeight: 50 } });
    play(world, 'Pass');
    expect(world.reason).toBe('AwaitingApproval');
    const [target] = world.promotion.status?.targets ?? [];
    expect(target?.state).toBe('Analysing');
    expect(target?.weight).toBeLessThan(50);
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('a Gate that is gone lets nothing rise to where it would be asked, and is asked when it is back', () => {
    const world = asking({ cab: { when: 'During', fromWeight: 60 } });
    play(world, 'Pass', 40, () => {
      if (world.promotion.status?.targets?.[0]?.state === 'Settling') world.away = new Set(['cab']);
    });
    play(world, 'Pass', 40);
    expect(world.effects).not.toContain('Advance');
    expect(world.reason).toBe('Holding');
    expect(message(world)).toContain('Gate cab does not exist: apply it');
    world.away = new Set();
    play(world, 'Pass', 40);
    expect(world.reason).toBe('AwaitingApproval');
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.gates?.filter((g) => g.gate === 'cab')).toMatchObject([
      { target: '*', verdict: 'Pass' },
    ]);
  });

  test('a Gate that has passed may go: what was used stays used', () => {
    const world = asking({ cab: { when: 'During', fromWeight: 60 }, last: { when: 'After' } });
    say(world, 'bob');
    play(world, 'Pass', 400, () => {
      if (used(world).includes('Approve cab bob')) world.away = new Set(['cab']);
    });
    expect(world.reason).toBe('AwaitingApproval');
    expect(message(world)).toContain('gate last awaits');
    say(world, 'bob', 'Approve', { gate: 'last' });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('guards go on meanwhile', () => {
    const world = asking({ cab: { when: 'During', fromWeight: 50 } });
    play(world, 'Pass');
    play(world, 'Fail', 100);
    expect(world.reason).toBe('RolledBack');
  });

  test('without a weight it is asked before anybody is served', () => {
    const world = asking({ cab: { when: 'During' } });
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    expect(world.effects).toEqual([]);
  });

  test('a Reject goes back, and says nothing of the images', () => {
    const world = asking({ cab: { when: 'During', fromWeight: 50 } });
    play(world, 'Pass');
    say(world, 'bob', 'Reject');
    play(world, 'Pass');
    expect(world.reason).toBe('Rejected');
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
    expect(used(world)).toEqual(['Reject cab bob']);
  });

  test('After: asked when the bake is over, and before it counts as good', () => {
    const world = asking({ cab: { when: 'After' } });
    play(world, 'Pass');
    expect(world.reason).toBe('AwaitingApproval');
    expect(world.promotion.status?.targets?.[0]?.state).toBe('Verifying');
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve cab bob']);
  });
});

describe('a gate of other targets', () => {
  test.each(['Before', 'During', 'After'] as const)('is not asked, %s', (when) => {
    const world = asking({ cab: { when, targets: ['target-1'] } }, { waves: [0, 0] });
    world.promotion.spec.targets = ['checkout'];
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.plan?.gates.map((g) => g.gate)).toEqual(['error-rate']);
  });

  test.each([0, 60])('a Reject on it is of no promotion but theirs, said after %d rounds', (rounds) => {
    const world = asking(
      { cab: { when: 'After', targets: ['target-1'] }, peer: { when: 'After' } },
      { waves: [0, 0] },
    );
    world.promotion.spec.targets = ['checkout'];
    play(world, 'Pass', rounds);
    say(world, 'bob', 'Reject');
    play(world, 'Pass');
    expect(world.reason).toBe('AwaitingApproval');
    say(world, 'bob', 'Reject', { gate: 'peer' });
    play(world, 'Pass');
    expect(world.reason).toBe('Rejected');
  });

  test('that is asked of one of several targets is asked of the promotion', () => {
    const world = asking({ cab: { when: 'After', targets: ['target-1'] } }, { waves: [0, 0] });
    play(world, 'Pass');
    expect(world.reason).toBe('AwaitingApproval');
  });
});

describe('a gate that is asked more than once', () => {
  test.each<[string, Level]>([
    ['After', { when: 'After' }],
    ['on the way', { when: 'During', fromWeight: 60 }],
  ])('is asked anew %s: what has let it begin is used', (_, later) => {
    const world = asking({ cab: [{ when: 'Before' }, later] });
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('AwaitingApproval');
    expect(message(world)).toContain('gate cab awaits 1 approval');
    expect(message(world)).toContain('what was approved Before is used');
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve cab bob', 'Approve cab bob']);
  });

  test('is asked once where both times are the same: before it begins', () => {
    const world = asking({ cab: [{ when: 'Before' }, { when: 'During' }] });
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve cab bob']);
  });

  test('by several targets at once counts once', () => {
    const world = asking({ cab: { when: 'During', fromWeight: 60 } }, { waves: [0, 0] });
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve cab bob']);
  });

  test('a person may approve again before it is asked again', () => {
    const world = asking({ cab: [{ when: 'Before' }, { when: 'After' }] });
    say(world, 'bob');
    play(world, 'Pass', 40);
    expect(used(world)).toEqual(['Approve cab bob']);
    say(world, 'bob');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});
