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

  test('is not taken back itself when its pods do not come up: it pages', () => {
    const world = taking();
    world.model.refuse((template) => template?.spec?.containers?.[0]?.image === NEW);
    play(world, 60);
    expect(world.reason).toBe('Holding');
    expect(world.effects).not.toContain('Restore');
    expect(findCondition(world.promotion, 'Succeeded')?.message).toContain('a rollback is not taken back');
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
