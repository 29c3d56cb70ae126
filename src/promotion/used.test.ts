import { describe, expect, test } from '@jest/globals';
import { gateSpec } from '../api/v1alpha1/gate.ts';
import type { Gate } from '../api/v1alpha1/types.ts';
import { type Approval, withdrawing } from './approvals.ts';
import type { Order } from './input.ts';
import { imagesOf, revisionDigest } from './revision.ts';
import { play } from './testing/play.ts';
import { World } from './testing/world.ts';

/* What stands on record of the Decisions that a promotion has used, when there are more than it has room for. */

function levels(): World {
  return new World({
    persons: { peer: { persons: 'Distinct' }, cab: { persons: 'Distinct' } },
    requester: 'alice',
  });
}

const used = (world: World): string[] =>
  (world.promotion.status?.decisions ?? []).map((d) => `${d.verdict} ${d.gate ?? ''} ${d.by}`);

function say(world: World, by: string, gate: string, verdict: Approval['verdict'] = 'Approve'): void {
  const n = world.approvals.length;
  world.approvals = [
    ...world.approvals,
    {
      name: `a${n}`,
      uid: `a${n}`,
      by,
      verdict,
      gate,
      revisionDigest: revisionDigest(imagesOf(world.promotion)),
      at: world.now + n,
      reason: undefined,
    },
  ];
}

function order(world: World, verdict: Order['verdict'], times = 1): void {
  for (let i = 0; i < times; i += 1) {
    const uid = `o${world.orders.length}`;
    world.orders = [
      ...world.orders,
      { name: uid, uid, by: 'bob', verdict, at: world.now + world.orders.length, reason: undefined },
    ];
  }
}

describe('one person counts at one of two levels', () => {
  test('however many Revokes they make first', () => {
    const world = levels();
    for (let i = 0; i < 64; i += 1) say(world, 'bob', 'peer', 'Revoke');
    play(world, 'Pass', 3);
    say(world, 'bob', 'peer');
    play(world, 'Pass', 3);
    say(world, 'bob', 'cab');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
    expect(used(world)).toEqual(['Approve peer bob']);
  });

  test('however often they approve and withdraw', () => {
    const world = levels();
    for (let i = 0; i < 70; i += 1) {
      say(world, 'bob', 'peer');
      say(world, 'bob', 'peer', 'Revoke');
    }
    play(world, 'Pass', 3);
    expect(used(world)).toHaveLength(64);
    say(world, 'bob', 'peer');
    play(world, 'Pass', 3);
    expect(used(world)).toContain('Approve peer bob');
    say(world, 'bob', 'cab');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
  });

  test('however their name is spaced', () => {
    const world = levels();
    const spaced = 'bob \u00a0smith';
    say(world, spaced, 'peer');
    play(world, 'Pass', 3);
    expect(used(world)).toEqual(['Approve peer bob smith']);
    say(world, spaced, 'cab');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('AwaitingApproval');
  });
});

/** Two targets that reach their steps together, each with gates of its own before half of its users. */
function abreast(levels: Record<string, string[] | undefined>): World {
  const bound = Object.entries(levels).map(([gate, targets]) => ({
    gate,
    when: 'During' as const,
    fromWeight: 50,
    ...(targets && { targets }),
  }));
  const world = new World({
    waves: [0, 0],
    requester: 'alice',
    environment: { gates: [{ gate: 'error-rate', when: 'During' }, ...bound] },
  });
  const gates = world.scene.gates as Map<string, Gate>;
  for (const name of Object.keys(levels))
    gates.set(name, {
      ...world.gate,
      metadata: { ...world.gate.metadata, name },
      spec: gateSpec.parse({ approval: { persons: 'Distinct' } }),
    });
  return world;
}

describe('two targets at once', () => {
  test('ask their gates for different persons', () => {
    const world = abreast({ peer: ['checkout'], cab: ['target-1'] });
    say(world, 'bob', 'peer');
    say(world, 'bob', 'cab');
    play(world, 'Pass');
    expect(used(world)).toEqual(['Approve peer bob']);
    expect(world.promotion.status?.blockedBy?.[0]?.message).toContain(
      'and not by bob, who has approved gate peer',
    );
    say(world, 'carol', 'cab');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('ask one gate once: who has approved it stands on record once', () => {
    const world = abreast({ cab: undefined });
    say(world, 'bob', 'cab');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(used(world)).toEqual(['Approve cab bob']);
  });
});

describe('a full record', () => {
  test('has the Abort that it goes back by', () => {
    const world = new World();
    play(world, 'Pass', 10);
    order(world, 'Resume', 64);
    world.reconcile();
    expect(used(world)).toHaveLength(64);
    order(world, 'Abort');
    world.reconcile();
    expect(world.promotion.status?.revert).toBeDefined();
    expect(used(world)).toContain('Abort  bob');
  });

  test('has the order that is in force, and the others when there is room', () => {
    const world = new World();
    play(world, 'Pass', 10);
    order(world, 'Resume', 70);
    order(world, 'Hold');
    world.reconcile();
    const uids = (): string[] => (world.promotion.status?.decisions ?? []).map((d) => d.uid);
    expect(uids()).toContain('o70');
    expect(uids()).toHaveLength(64);
    expect(uids()).not.toContain('o69');
    // Nobody has told the others yet: nothing changes.
    const { writes } = world;
    world.reconcile();
    expect(world.writes).toBe(writes);
    world.told = new Set(uids());
    world.reconcile();
    expect(uids()).toEqual(expect.arrayContaining(['o63', 'o69', 'o70']));
    expect(uids()).toHaveLength(64);
  });
});

test('a gate does not pass by persons whom the record has no room for', () => {
  const persons = Object.fromEntries(Array.from({ length: 4 }, (_, n) => [`level-${n}`, { required: 16 }]));
  const world = new World({ persons, requester: 'alice' });
  for (const gate of Object.keys(persons)) for (let n = 0; n < 16; n += 1) say(world, `p${n}`, gate);
  play(world, 'Pass', 20);
  expect(world.reason).toBe('AwaitingApproval');
  expect(used(world)).toHaveLength(48);
  expect(world.promotion.status?.blockedBy?.[0]?.message).toContain(
    'gate level-3 has enough approvals, and status.decisions room for 48',
  );
});

test('a Revoke withdraws what its author has approved there before, once', () => {
  const one = { name: '', revisionDigest: undefined, at: 0, reason: undefined };
  const said = [
    'bob Revoke cab',
    'bob Approve cab',
    'carol Revoke cab',
    'bob Revoke peer',
    'bob Revoke cab',
    'bob Revoke cab',
  ];
  const all = said.map((words, n): Approval => {
    const [by = '', verdict, gate = ''] = words.split(' ');
    return { ...one, uid: `${n}`, by, verdict: verdict as Approval['verdict'], gate };
  });
  expect(withdrawing(all).map((a) => a.uid)).toEqual(['4']);
});
