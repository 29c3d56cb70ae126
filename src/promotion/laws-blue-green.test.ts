import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson } from '../runtime/hash.ts';
import { BlueGreenModel } from './testing/blue-green-model.ts';
import { World } from './testing/world.ts';

/* The laws of the product once more, for a blue-green: what users get is the active selector. */

type Verdict = 'Pass' | 'Fail' | 'Inconclusive' | 'Error';

class BlueGreenWorld extends World {
  readonly old = this.model.active;

  constructor() {
    super({ model: (template) => new BlueGreenModel(template) });
  }

  override get model(): BlueGreenModel {
    return super.model as BlueGreenModel;
  }

  /** Users get what was there before. */
  get isBack(): boolean {
    return (
      this.model.active === this.old && canonicalJson(this.model.rollout.spec.template) === this.template
    );
  }
}

type Happening = (world: BlueGreenWorld) => void;

/** Whatever can happen, in any order: passes of the operator, crashes in it, controller steps, time, samples. */
function happenings(...verdicts: Verdict[]): fc.Arbitrary<Happening[]> {
  const always = (happening: Happening): fc.Arbitrary<Happening> => fc.constant(happening);
  const crashes = fc.constantFrom(
    'before status' as const,
    'before effect' as const,
    'after effect' as const,
  );
  const happening = fc.oneof(
    { weight: 6, arbitrary: always((w) => void w.reconcile()) },
    {
      weight: 1,
      arbitrary: crashes.map(
        (crash): Happening =>
          (w) =>
            void w.reconcile(crash),
      ),
    },
    { weight: 8, arbitrary: always((w) => w.tick()) },
    { weight: 1, arbitrary: always((w) => w.environmentTick()) },
    {
      weight: 3,
      arbitrary: fc.integer({ min: 100, max: 3000 }).map(
        (ms): Happening =>
          (w) =>
            void (w.now += ms),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom(...verdicts).map(
        (v): Happening =>
          (w) =>
            w.sample(v),
      ),
    },
  );
  return fc.array(happening, { minLength: 30, maxLength: 250 });
}

/** From here on everything works and answers with `verdict`, until it has ended or `state` is reached. */
function play(world: BlueGreenWorld, verdict: Verdict, state?: string, rounds = 600): void {
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
    const world = new BlueGreenWorld();
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.effects).toEqual(['Record', 'Apply', 'Advance', 'Forget']);
    expect(world.isBack).toBe(false);
  });

  test('a bad revision is never switched to', () => {
    const world = new BlueGreenWorld();
    play(world, 'Pass', 'Analysing');
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.effects).toEqual(['Record', 'Apply', 'Abort', 'Restore', 'Forget']);
    expect(world.isBack).toBe(true);
  });

  test('a failure in the bake is switched back without the pause', () => {
    const world = new BlueGreenWorld();
    play(world, 'Pass', 'Baking');
    expect(world.isBack).toBe(false);
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.effects.slice(-3)).toEqual(['Restore', 'PromoteFull', 'Forget']);
    expect(world.isBack).toBe(true);
  });
});

test('law 1: users get the new revision only when the gate passed before the switch', () => {
  fc.assert(
    fc.property(happenings('Pass', 'Pass', 'Inconclusive', 'Error'), (events) => {
      const world = new BlueGreenWorld();
      for (const happen of events) {
        happen(world);
        if (world.model.active !== world.old)
          expect(world.passed.get('checkout') ?? -1).toBeGreaterThanOrEqual(0);
      }
    }),
    runs,
  );
});

test('law 2: without one conclusive answer nothing is switched and nothing is reverted', () => {
  fc.assert(
    fc.property(happenings('Inconclusive', 'Error'), (events) => {
      const world = new BlueGreenWorld();
      for (const happen of events) happen(world);
      play(world, 'Error', undefined, 60);
      expect(world.ended).toBe(false);
      expect(world.model.active).toBe(world.old);
      for (const effect of ['Advance', 'Abort', 'Restore']) expect(world.effects).not.toContain(effect);
    }),
    runs,
  );
});

test('laws 3, 4 and 7: once it has failed it ends back where it was, whatever happened and whenever it crashed', () => {
  fc.assert(
    fc.property(happenings('Pass', 'Fail', 'Inconclusive', 'Error'), (events) => {
      const world = new BlueGreenWorld();
      for (const happen of events) happen(world);
      const reverting = world.promotion.status?.revert !== undefined;
      play(world, 'Pass');
      expect(world.ended).toBe(true);
      if (reverting) expect(world.reason).toBe('RolledBack');
      expect(['RolledBack', 'Succeeded']).toContain(world.reason);
      expect(world.isBack).toBe(world.reason === 'RolledBack');
    }),
    runs,
  );
});

test('law 3: what an abort does not switch back, the recorded template does', () => {
  const world = new BlueGreenWorld();
  play(world, 'Pass', 'Analysing');
  const { pods, rollout } = world.model;
  const { currentPodHash = '' } = rollout.status ?? {};
  // The switch is commanded and made, and a pod dies before the revision is stable.
  while (world.model.active === world.old) {
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
  expect(world.isBack).toBe(true);
});
