import { expect, test } from '@jest/globals';
import { World } from './testing/world.ts';

/* A status that the API server refuses: what it would have said is said again, and later. */

test('a step whose beginning was not written down does not pass by samples of before that', () => {
  const world = new World({
    environment: { analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 1 } },
  });
  for (
    let round = 0;
    round < 100 && world.promotion.status?.targets?.[0]?.reachedAt === undefined;
    round += 1
  ) {
    world.tick();
    world.sample('Pass');
    world.now += 500;
    world.reconcile();
  }
  const { targets, ...said } = world.promotion.status ?? {};
  // As it stood before the step was reached.
  const before = {
    ...said,
    targets: targets?.map(({ name, since }) => ({ name, since, state: 'Applying' as const })),
  };
  for (let n = 0; n < 10; n += 1) {
    world.now += 1000;
    world.sample('Pass');
  }
  world.now += 1000;
  world.promotion.status = before;
  const effects = world.effects.length;
  world.reconcile();
  expect(world.effects.slice(effects)).toEqual([]);
  expect(world.promotion.status?.gates?.[0]?.verdict).not.toBe('Pass');
});
