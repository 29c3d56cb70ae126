import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson } from '../runtime/hash.ts';
import { eventsOf, obeys } from './testing/arbitrary.ts';
import { NEW, World, type WorldOptions } from './testing/world.ts';

/* The laws with several targets: waves, one bake for all, and everything back when one of them fails. */

const WAVES: WorldOptions = { waves: [0, 0, 1] };

/** Plays on, with these verdicts by target, until the promotion has ended or `until` holds. */
function play(
  world: World,
  verdicts: (target: string) => 'Pass' | 'Fail' | 'Error' = () => 'Pass',
  until: () => boolean = () => false,
  rounds = 1500,
): void {
  for (let round = 0; round < rounds && !world.ended && !until(); round += 1) {
    world.reconcile();
    world.tick();
    for (const { target } of world.targets) world.sample(verdicts(target.name), target.name);
    world.environmentTick();
    world.now += 500;
  }
}

const stateOf = (world: World, name: string): string | undefined =>
  world.promotion.status?.targets?.find((t) => t.name === name)?.state;
const runsNew = (world: World, index: number): boolean =>
  world.targets[index]?.model.rollout.spec.template?.spec?.containers?.[0]?.image === NEW;
const declared = (world: World): string[] =>
  world.targets.map((t) => canonicalJson(t.model.rollout.spec.template));
const allBack = (world: World): void => {
  expect(declared(world)).toEqual(world.targets.map(() => world.template));
  for (const { model } of world.targets) {
    expect(model.rollout.status?.phase).toBe('Healthy');
    for (const { template, replicas } of model.pods.values())
      if (template?.spec?.containers?.[0]?.image === NEW) expect(replicas).toBe(0);
  }
};

describe('waves', () => {
  test('a wave begins when every target of the one before is fully promoted and passes there', () => {
    const world = new World(WAVES);
    play(world, undefined, () => stateOf(world, 'target-2') === 'Applying');
    expect(stateOf(world, 'checkout')).toBe('Promoted');
    expect(stateOf(world, 'target-1')).toBe('Promoted');
    expect(world.passed.get('checkout')).toBe(4);
    expect(world.passed.get('target-1')).toBe(4);
    play(world);
    expect(world.reason).toBe('Succeeded');
    expect(world.targets.map((_, i) => runsNew(world, i))).toEqual([true, true, true]);
    expect(world.targets.map((t) => t.recorded)).toEqual([undefined, undefined, undefined]);
  });

  test('the second wave is never touched while the first has not passed', () => {
    const world = new World(WAVES);
    play(world, undefined, () => stateOf(world, 'target-1') === 'Analysing');
    play(world, (name) => (name === 'target-1' ? 'Error' : 'Pass'), undefined, 200);
    expect(stateOf(world, 'target-2')).toBe('Pending');
    expect(runsNew(world, 2)).toBe(false);
    expect(world.reason).toBe('Holding');
  });

  test('the columns speak of the target that is least far, and of one that holds before all', () => {
    const world = new World(WAVES);
    play(world, undefined, () => stateOf(world, 'target-2') === 'Analysing');
    expect(world.promotion.status?.summary).toMatchObject({ target: 'target-2', weight: 20 });
    play(world, (name) => (name === 'checkout' ? 'Error' : 'Pass'), undefined, 10);
    expect(world.promotion.status?.summary).toMatchObject({ target: 'checkout' });
    expect(world.reason).toBe('Holding');
  });
});

describe('one target fails, all go back', () => {
  test('in mid-canary: both are aborted in one pass, and the wave that never began is not touched', () => {
    const world = new World(WAVES);
    play(
      world,
      undefined,
      () => stateOf(world, 'checkout') === 'Analysing' && stateOf(world, 'target-1') === 'Analysing',
    );
    world.sample('Fail', 'target-1');
    const before = world.acted.length;
    world.reconcile();
    expect(world.acted.slice(before).map((e) => [e.kind, e.target])).toEqual([
      ['Abort', 'checkout'],
      ['Abort', 'target-1'],
    ]);
    play(world);
    expect(world.reason).toBe('RolledBack');
    allBack(world);
    expect(stateOf(world, 'target-2')).toBe('Ended');
    expect(world.environment.status?.quarantine?.map((q) => q.target)).toEqual(['target-1']);
  });

  test('after the first wave was fully promoted: the last wave goes back first', () => {
    const world = new World(WAVES);
    play(world, undefined, () => stateOf(world, 'target-2') === 'Analysing');
    const before = world.acted.length;
    play(world, (name) => (name === 'target-2' ? 'Fail' : 'Pass'));
    expect(world.reason).toBe('RolledBack');
    allBack(world);
    const order = world.acted.slice(before).flatMap((e) => (e.kind === 'Restore' ? e.target : []));
    expect(order).toEqual(['target-2', 'checkout', 'target-1']);
  });

  test('a finished target is still under guard, and its failure brings all back', () => {
    const world = new World(WAVES);
    play(world, undefined, () => stateOf(world, 'target-2') === 'Analysing');
    play(world, (name) => (name === 'checkout' ? 'Fail' : 'Pass'));
    expect(world.reason).toBe('RolledBack');
    expect(world.promotion.status?.revert?.target).toBe('checkout');
    allBack(world);
  });

  test('one that cannot be brought back pages, and holds the others only for the deadline', () => {
    const world = new World(WAVES);
    play(world, undefined, () => stateOf(world, 'target-2') === 'Analysing');
    world.forbidden.add('target-2');
    play(world, (name) => (name === 'target-2' ? 'Fail' : 'Pass'), undefined, 400);
    expect(world.reason).toBe('RollbackBlocked');
    expect(stateOf(world, 'checkout')).toBe('RolledBack');
    expect(stateOf(world, 'target-1')).toBe('RolledBack');
    expect(world.ended).toBe(false);
    world.forbidden.clear();
    play(world);
    expect(world.reason).toBe('RolledBack');
    allBack(world);
  });

  test('a stranger on one target is left alone, and the others go back', () => {
    const world = new World(WAVES);
    play(world, undefined, () => stateOf(world, 'target-1') === 'Analysing');
    const theirs = world.targets[1]?.model.rollout;
    if (theirs?.spec.template?.spec?.containers?.[0]) {
      theirs.spec.template.spec.containers[0].image = 'theirs:1';
      theirs.metadata.generation = (theirs.metadata.generation ?? 0) + 1;
    }
    const changed = declared(world)[1];
    play(world);
    expect(world.reason).toBe('StrangerRevision');
    expect(declared(world)).toEqual([world.template, changed, world.template]);
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
  });
});

describe('whatever happens in whatever order', () => {
  const events = eventsOf({
    verdicts: ['Pass', 'Pass', 'Pass', 'Fail', 'Error'],
    targets: ['checkout', 'target-1', 'target-2'],
    minLength: 20,
    maxLength: 250,
  });

  test('it ends with every target on the new revision, or every target back', () => {
    fc.assert(
      fc.property(events, (list) => {
        const world = obeys(new World(WAVES), list);
        const reverting = world.promotion.status?.revert !== undefined;
        play(world);
        expect(world.ended).toBe(true);
        if (reverting) expect(world.reason).toBe('RolledBack');
        if (world.reason === 'RolledBack') allBack(world);
        else expect(world.targets.map((_, i) => runsNew(world, i))).toEqual([true, true, true]);
      }),
      { numRuns: 100 },
    );
  });
});
