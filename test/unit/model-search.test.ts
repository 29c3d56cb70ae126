import { expect, test } from '@jest/globals';
import { runModel } from '../model/run.ts';

/*
 * The short form of the model search. The long one is `SLUICE_FAULTS=long node test/model/main.ts`; what
 * neither covers is said in test/model/README.md.
 */

test('every law holds in every state of the small worlds, and an end can be reached from each', () => {
  const all = runModel('short');
  process.stdout.write(`model search: ${all.states} states, ${all.transitions} transitions\n`);
  expect(all.worlds.flatMap((w) => w.violations)).toEqual([]);
  expect(all.complete).toBe(all.states);
  // What was there when this was written; far fewer would mean that some event cannot happen any more.
  expect(all.states).toBeGreaterThan(10_000);
  for (const world of all.worlds)
    expect(Object.keys(world.ends)).toEqual(expect.arrayContaining(['RolledBack', 'Succeeded']));
});
