import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson } from '../runtime/hash.ts';
import { eventsOf, obeys } from './testing/arbitrary.ts';
import { BlueGreenModel } from './testing/blue-green-model.ts';
import { World } from './testing/world.ts';

/* The laws of the product once more, for a blue-green: what users get is the active selector. */

type Verdict = 'Pass' | 'Fail' | 'Inconclusive' | 'Error';

const blueGreen = (): World => new World({ model: (template, name) => new BlueGreenModel(template, name) });
const old = blueGreen().model.rollout.status?.stableRS;
const activeOf = ({ model }: World): string | undefined => model.rollout.status?.blueGreen?.activeSelector;
/** Users get what was there before. */
const isBack = (world: World): boolean =>
  activeOf(world) === old && canonicalJson(world.model.rollout.spec.template) === world.template;

/** From here on everything works and answers with `verdict`, until it has ended or `state` is reached. */
function play(world: World, verdict: Verdict, state?: string, rounds = 600): void {
  for (let round = 0; round < rounds && !world.ended; round += 1) {
    if (state !== undefined && world.promotion.status?.targets?.[0]?.state === state) return;
    world.reconcile();
    world.tick();
    world.sample(verdict);
    world.environmentTick();
    world.now += 500;
  }
}

const runs = { numRuns: 150 };

describe('the golden path', () => {
  test('a good revision is judged before the switch and once more after it', () => {
    const world = blueGreen();
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.effects).toEqual(['Record', 'Apply', 'Advance', 'Forget']);
    expect(isBack(world)).toBe(false);
  });

  test('a bad revision is never switched to', () => {
    const world = blueGreen();
    play(world, 'Pass', 'Analysing');
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.effects).toEqual(['Record', 'Apply', 'Abort', 'Restore', 'Forget']);
    expect(isBack(world)).toBe(true);
  });

  test('a failure in the bake is switched back without the pause', () => {
    const world = blueGreen();
    play(world, 'Pass', 'Baking');
    expect(isBack(world)).toBe(false);
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.effects.slice(-3)).toEqual(['Restore', 'PromoteFull', 'Forget']);
    expect(isBack(world)).toBe(true);
  });
});

test('every law holds at each step, whatever happens in whatever order', () => {
  const events = eventsOf({ verdicts: ['Pass', 'Pass', 'Fail', 'Error'], minLength: 30, maxLength: 250 });
  fc.assert(
    fc.property(events, (list) => void obeys(blueGreen(), list)),
    runs,
  );
});

test('law 2: without one conclusive answer nothing is switched and nothing is reverted', () => {
  fc.assert(
    fc.property(eventsOf({ verdicts: ['Inconclusive', 'Error'], maxLength: 250 }), (events) => {
      const world = obeys(blueGreen(), events);
      play(world, 'Error', undefined, 60);
      expect(world.ended).toBe(false);
      expect(activeOf(world)).toBe(old);
      for (const effect of ['Advance', 'Abort', 'Restore']) expect(world.effects).not.toContain(effect);
    }),
    runs,
  );
});

test('laws 3, 4 and 7: once it has failed it ends back where it was, whatever happened and whenever it crashed', () => {
  fc.assert(
    fc.property(
      eventsOf({ verdicts: ['Pass', 'Fail', 'Inconclusive', 'Error'], maxLength: 250 }),
      (events) => {
        const world = obeys(blueGreen(), events);
        const reverting = world.promotion.status?.revert !== undefined;
        play(world, 'Pass');
        expect(world.ended).toBe(true);
        if (reverting) expect(world.reason).toBe('RolledBack');
        expect(['RolledBack', 'Succeeded']).toContain(world.reason);
        expect(isBack(world)).toBe(world.reason === 'RolledBack');
      },
    ),
    runs,
  );
});

test('law 3: what an abort does not switch back, the recorded template does', () => {
  const world = blueGreen();
  play(world, 'Pass', 'Analysing');
  const { pods, rollout } = world.model;
  const { currentPodHash = '' } = rollout.status ?? {};
  // The switch is commanded and made, and a pod dies before the revision is stable.
  while (activeOf(world) === old) {
    world.sample('Pass');
    world.reconcile();
    world.now += 500;
    world.tick();
  }
  const dying = pods.get(currentPodHash);
  if (dying) dying.replicas -= 1;
  world.reconcile();
  world.sample('Fail');
  world.reconcile();
  expect(world.effects.at(-1)).toBe('Abort');
  world.reconcile();
  expect(world.effects.at(-1)).toBe('Restore');
  play(world, 'Pass');
  expect(world.reason).toBe('RolledBack');
  expect(isBack(world)).toBe(true);
});
