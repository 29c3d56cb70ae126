import { randomInt } from 'node:crypto';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { eventsOf, obeys } from './testing/arbitrary.ts';
import { isBack, isThere } from './testing/facts.ts';
import { World } from './testing/world.ts';

/*
 * Every law over worlds that are too big to be searched: three to five targets in up to three waves, three
 * gates, crashes, old looks, late writes, other people's hands. SLUICE_FAULTS=long plays twenty times as many;
 * SLUICE_SEED plays the same once more.
 */

const GATES = ['errors', 'latency', 'saturation'];
const waves = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 5 });
const seed = Number(process.env['SLUICE_SEED'] ?? randomInt(2 ** 31));
const runs = { numRuns: process.env['SLUICE_FAULTS'] === 'long' ? 1200 : 60, seed };
const names = (of: readonly number[]): string[] => of.map((_, i) => (i === 0 ? 'checkout' : `target-${i}`));

/** From here on everything works, every gate passes, and nobody meddles. */
function play(world: World): void {
  for (let round = 0; round < 3000 && !world.ended; round += 1) {
    world.reconcile();
    world.tick();
    world.sample('Pass');
    world.environmentTick();
    world.now += 500;
  }
}

const told = (list: readonly number[]): World => new World({ waves: list, gates: GATES });

test(`whatever happens, every law holds, and it ends on one side or the other (seed ${seed})`, () => {
  const lives = waves.chain((list) => {
    const verdicts = ['Pass', 'Pass', 'Pass', 'Pass', 'Fail', 'Error', 'Inconclusive'] as const;
    const chances = { verdicts, targets: names(list), gates: GATES, minLength: 40, maxLength: 400 };
    return fc.tuple(fc.constant(list), eventsOf(chances));
  });
  fc.assert(
    fc.property(lives, ([list, events]) => {
      const world = obeys(told(list), events);
      const reverting = world.promotion.status?.revert !== undefined;
      play(world);
      expect(world.reason).toMatch(reverting ? /^RolledBack$/ : /^(RolledBack|Succeeded)$/);
      const isEnd = world.reason === 'RolledBack' ? isBack : isThere;
      for (const target of world.targets) expect(isEnd(world, target)).toBe(true);
    }),
    runs,
  );
});

test(`whatever people do besides, every law holds (seed ${seed})`, () => {
  const lives = waves.chain((list) => {
    const chances = {
      verdicts: ['Pass', 'Pass', 'Pass', 'Fail', 'Error'] as const,
      targets: names(list),
      gates: GATES,
      meddling: ['abort', 'retry', 'promote', 'pause', 'unpause'] as const,
      orders: ['Hold', 'Resume', 'Abort'] as const,
      minLength: 40,
      maxLength: 300,
    };
    return fc.tuple(fc.constant(list), eventsOf(chances));
  });
  fc.assert(
    fc.property(lives, ([list, events]) => void obeys(told(list), events)),
    runs,
  );
});
