import { describe, expect, test } from '@jest/globals';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { NEW, World, type WorldOptions } from './testing/world.ts';

/* A person takes a place back: a Promotion that walks no steps and asks nobody. */

function taking(options: WorldOptions = {}): World {
  const world = new World(options);
  world.promotion.spec.rollback = { decision: 'd', uid: 'd-uid', by: 'bob' };
  world.rollback = 'Proven';
  return world;
}

function play(world: World, rounds = 300): void {
  for (let round = 0; round < rounds && !world.ended; round += 1) {
    world.reconcile();
    world.tick();
    world.environmentTick();
    world.now += 500;
  }
}

const message = (world: World): string => findCondition(world.promotion, 'Succeeded')?.message ?? '';
const stalled = (world: World): boolean => findCondition(world.promotion, 'Stalled') !== undefined;

describe('a rollback by a person', () => {
  test('skips every step, measures nothing, and bakes not', () => {
    const world = taking();
    play(world);
    expect(world.reason).toBe('Succeeded');
    expect(world.effects).toEqual(['Record', 'Apply', 'PromoteFull', 'Forget']);
    expect(world.promotion.status?.gates).toBeUndefined();
    expect(world.model.rollout.spec.template?.spec?.containers?.[0]?.image).toBe(NEW);
  });

  test('heeds no freeze, no window, no upstream and no approval', () => {
    const window = {
      name: 'x',
      kind: 'Deny',
      schedule: '0 0 1 1 *',
      durationSeconds: 86400,
      onClose: 'Pause',
    };
    const world = taking({
      environment: {
        freeze: { reason: 'year end' },
        windows: [window],
        upstream: { environments: [{ name: 'staging', soakSeconds: 60 }] },
      },
    });
    play(world);
    expect(world.reason).toBe('Succeeded');
  });

  test("stops at a person's Hold", () => {
    const world = taking();
    for (let i = 0; i < 40 && !world.effects.includes('Apply'); i += 1) play(world, 1);
    const at = Math.floor(world.now / 1000) * 1000;
    world.orders = [{ name: 'h', uid: 'h', by: 'eve', verdict: 'Hold', at, reason: undefined }];
    play(world, 60);
    expect(world.reason).toBe('HeldByPerson');
    expect(world.effects).not.toContain('PromoteFull');
  });

  test('is not taken back itself when its pods do not come up: past its deadline it pages', () => {
    const world = taking();
    world.model.refuse((template) => template?.spec?.containers?.[0]?.image === NEW);
    play(world, 60);
    expect(world.reason).toBe('Holding');
    expect(world.effects).not.toContain('Restore');
    expect(message(world)).toContain('a rollback is not taken back');
    expect(stalled(world)).toBe(false);
    play(world, 240);
    expect(world.reason).toBe('Holding');
    expect(stalled(world)).toBe(true);
    expect(message(world)).toContain('not taken back within 120 s');
    expect(message(world)).toContain('a rollback is not taken back');
  });

  test.each(['Apply', 'PromoteFull'] as const)(
    'whose %s comes to nothing pages, and goes on when it can',
    (kind) => {
      const world = taking();
      while (!world.effects.includes('Record')) play(world, 1);
      if (kind === 'Apply') world.forbidden.add('checkout');
      else while (!world.effects.includes('Apply')) play(world, 1);
      world.forbidden.add('checkout');
      play(world, 200);
      expect(stalled(world)).toBe(false);
      play(world, 60);
      expect(stalled(world)).toBe(true);
      const said = message(world);
      const { writes } = world;
      play(world, 20);
      // It says it once, and the same.
      expect(message(world)).toBe(said);
      expect(world.writes).toBe(writes);
      world.forbidden.clear();
      play(world);
      expect(world.reason).toBe('Succeeded');
      expect(stalled(world)).toBe(false);
    },
  );

  test('has as long again once whoever held it lets it go on', () => {
    const world = taking();
    while (!world.effects.includes('Record')) play(world, 1);
    world.forbidden.add('checkout');
    const order = (verdict: 'Hold' | 'Resume'): void => {
      const at = Math.floor(world.now / 1000) * 1000;
      world.orders = [
        ...world.orders,
        { name: verdict, uid: verdict, by: 'eve', verdict, at, reason: undefined },
      ];
    };
    order('Hold');
    play(world, 300);
    expect(world.reason).toBe('HeldByPerson');
    world.now += 1000;
    order('Resume');
    play(world, 60);
    expect(stalled(world)).toBe(false);
    play(world, 240);
    expect(stalled(world)).toBe(true);
  });

  test('that nothing proves to be one waits, and says what to do', () => {
    const world = taking();
    world.rollback = 'Unproven';
    play(world, 10);
    expect(world.reason).toBe('AwaitingReference');
    expect(world.effects).toEqual([]);
    expect(findCondition(world.promotion, 'Succeeded')?.message).toContain('create a new Decision');
  });
});
