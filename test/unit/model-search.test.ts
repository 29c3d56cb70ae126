import { expect, test } from '@jest/globals';
import { problemsOf, runModel, type WorldFigures } from '../model/run.ts';
import type { SmallWorld } from '../model/search.ts';
import { LONG, WORLDS } from '../model/worlds.ts';

/*
 * The short form of the model search. The long one is `SLUICE_FAULTS=long node test/model/main.ts`; what
 * neither covers is said in test/model/README.md.
 */

test('every law holds in every state of the small worlds, and an end can be reached from each', () => {
  const all = runModel('short');
  process.stdout.write(`model search: ${all.states} states, ${all.transitions} transitions\n`);
  expect(all.worlds.flatMap((w) => w.violations)).toEqual([]);
  expect(problemsOf('short', all)).toEqual([]);
  expect(all.complete).toBe(all.states);
  for (const world of all.worlds)
    expect(Object.keys(world.ends)).toEqual(expect.arrayContaining(['RolledBack', 'Succeeded']));
});

test('one of the worlds that are declared complete has two steps, two gates and two targets, with crashes', () => {
  const worlds = LONG.map((name): SmallWorld => ({ name, ...WORLDS[name] }));
  const whole = worlds.filter(
    ({ maxStates, begin, alphabet, options }) =>
      maxStates === undefined &&
      begin === undefined &&
      alphabet.faults &&
      options.gates?.length === 2 &&
      options.waves?.length === 2,
  );
  expect(whole.map((w) => w.name)).toEqual(['two waves, two gates']);
});

const told = (...worlds: WorldFigures[]): string[] =>
  problemsOf('long', { worlds, states: worlds.reduce((sum, w) => sum + w.states, 0) });

test('a search fails that stops before the end of what is declared complete, or that finds too little', () => {
  const world: WorldFigures = {
    name: 'small',
    states: 200_000,
    transitions: 1,
    ends: {},
    violations: [],
    complete: true,
    seconds: 1,
    maxStates: undefined,
  };
  expect(told(world)).toEqual([]);
  expect(told(world, { ...world, complete: false, maxStates: 30_000 })).toEqual([]);
  expect(told({ ...world, complete: false })).toEqual([
    'small: declared complete, and stopped at 200000 states',
  ]);
  expect(told({ ...world, states: 99_999 })).toEqual(['99999 states, there were at least 100000']);
  const broken = { law: 'S1', why: 'too much', trace: [] };
  expect(told({ ...world, violations: [broken] })).toEqual(['small: S1 is broken: too much']);
});
