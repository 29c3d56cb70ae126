import { describe, expect, test } from '@jest/globals';
import type { TargetState } from '../api/v1alpha1/types.ts';
import { World } from './testing/world.ts';

/* The wall clock is set back while a promotion is under way: it waits for no time that was written before. */

const HOUR = 3_600_000;

/** One round in which everything works, and every gate answers with `verdict`. */
function round(world: World, verdict: 'Pass' | 'Fail'): void {
  world.reconcile();
  world.tick();
  world.sample(verdict);
  world.environmentTick();
  world.now += 500;
}

/** Plays on until the first target stands so, or `rounds` are over. */
function until(world: World, state: TargetState, verdict: 'Pass' | 'Fail', rounds = 400): World {
  for (let n = 0; n < rounds && world.promotion.status?.targets?.[0]?.state !== state; n += 1)
    round(world, verdict);
  expect(world.promotion.status?.targets?.[0]?.state).toBe(state);
  return world;
}

/** What it comes to within 200 s of the clock that was set back. */
function ending(world: World, verdict: 'Pass' | 'Fail'): string {
  world.now -= HOUR;
  for (let n = 0; n < 400 && !world.ended; n += 1) round(world, verdict);
  return world.reason;
}

describe('the clock is set back by an hour', () => {
  test.each<TargetState>(['Applying', 'Advancing', 'Settling', 'Analysing', 'Baking'])(
    'while a good one is %s, and it succeeds in its time',
    (state) => {
      expect(ending(until(new World(), state, 'Pass'), 'Pass')).toBe('Succeeded');
    },
  );

  test.each([[[0]], [[0, 1]]])('while a bad one is on its way back, with targets in waves %j', (waves) => {
    const world = until(new World({ waves }), 'Reverting', 'Fail');
    expect(ending(world, 'Fail')).toBe('RolledBack');
  });
});
