import type { Verdict } from '../../analysis/sample.ts';
import type { World } from './world.ts';

/**
 * Rounds of half a second, in each of which everybody acts once and every gate answers with `verdict`; none any more
 * once the promotion has ended.
 * @param each what happens besides, at the end of each round.
 */
export function play(world: World, verdict: Verdict, rounds = 400, each: () => void = () => {}): void {
  for (let round = 0; round < rounds && !world.ended; round += 1) {
    world.reconcile();
    world.tick();
    world.sample(verdict);
    world.environmentTick();
    world.now += 500;
    each();
  }
}
