import { describe, expect, test } from '@jest/globals';
import { LAWS } from '../../src/promotion/testing/laws/laws.ts';
import * as mutants from '../model/mutants.ts';
import { search, type SmallWorld } from '../model/search.ts';
import { WORLDS } from '../model/worlds.ts';

/*
 * A law that nothing can break is worth nothing: each is asked alone about a product that is broken on
 * purpose, and has to tell. The product itself is asked the same in model-search.test.ts.
 */

interface Broken {
  /** What is wrong with it. */
  that: string;
  decide: mutants.Mutant;
  /** The laws that have to tell, each for itself. */
  laws: readonly string[];
  world?: Omit<SmallWorld, 'name'>;
}

const { canary } = WORLDS;
const BROKEN: readonly Broken[] = [
  { that: 'advances without a pass', decide: mutants.advancesUnproven, laws: ['S1', 'S2'] },
  { that: 'takes no data for a pass', decide: mutants.takesNoDataForAPass, laws: ['S1', 'S2'] },
  { that: 'takes an outage for a fail', decide: mutants.takesAnOutageForAFail, laws: ['S2 cause'] },
  {
    that: 'begins the next wave at once',
    decide: mutants.beginsTheNextWaveAtOnce,
    laws: ['S2'],
    world: WORLDS['two waves, no crash'],
  },
  { that: 'succeeds as soon as it is promoted', decide: mutants.succeedsAtOnce, laws: ['S2'] },
  {
    that: 'forgets that a person holds it',
    decide: mutants.forgetsHolds,
    laws: ['S2 hold'],
    world: WORLDS["canary, a person's orders"],
  },
  {
    that: 'forgets that the Environment is frozen',
    decide: mutants.forgetsFreezes,
    laws: ['S2 pause'],
    world: WORLDS['canary, frozen by a person'],
  },
  {
    that: 'takes whoever asked for it for somebody else',
    decide: mutants.takesAnybodysWord,
    laws: ['S3'],
    world: WORLDS['canary, approved by persons'],
  },
  {
    that: 'takes nobody known to have asked for it for a machine',
    decide: mutants.takesNobodyForAMachine,
    laws: ['S3'],
    world: WORLDS['canary, asked for by nobody known'],
  },
  {
    that: 'counts a person at two levels',
    decide: mutants.countsAnybodyTwice,
    laws: ['S3 distinct', 'S3 levels'],
    world: WORLDS['canary, levels of approval'],
  },
  {
    that: 'forgets by whom a gate has passed',
    decide: mutants.forgetsWhoCounted,
    laws: ['S3 record', 'S3 levels'],
    world: WORLDS['canary, levels of approval'],
  },
  { that: 'advances after a revert has begun', decide: mutants.advancesInARevert, laws: ['S4 wins'] },
  { that: 'forgets that it was going back', decide: mutants.forgetsTheRevert, laws: ['S4 wins'] },
  { that: 'puts the template back twice', decide: mutants.restoresTwice, laws: ['S4 once'] },
  { that: 'records what it has written itself', decide: mutants.recordsWhatItWrote, laws: ['S4 recorded'] },
  { that: 'changes what could be deleted under it', decide: mutants.needsNoFinalizer, laws: ['S4 recorded'] },
  { that: 'takes the command for the proof', decide: mutants.endsBeforeItIsBack, laws: ['S4 back'] },
  { that: 'forgets what it has commanded', decide: mutants.forgetsItsCommands, laws: ['S2 taken'] },
  { that: 'forgets to abort', decide: mutants.forgetsToAbort, laws: ['L2', 'L1'] },
  { that: 'never puts the template back', decide: mutants.forgetsToRestore, laws: ['L1'] },
  { that: 'acts after the end', decide: mutants.actsAfterTheEnd, laws: ['L1 stays'] },
  { that: 'says something new each time', decide: mutants.neverAtRest(), laws: ['Q'] },
  { that: 'looks again at once', decide: mutants.looksAgainAtOnce, laws: ['Q'] },
];

describe('a product that', () => {
  const cases = BROKEN.flatMap((b) => b.laws.map((law) => ({ ...b, law })));
  test.each(cases)('$that breaks $law', ({ that, decide, law, world = canary }) => {
    const laws = LAWS.filter((l) => l.id === law);
    const options = { ...world.options, decide };
    const { violations } = search({ ...world, name: that, options, laws, maxViolations: 1 });
    expect(violations.map((v) => v.law)).toEqual([law]);
    expect(violations[0]?.trace.length).toBeGreaterThan(0);
  });
});

test('every law has something that breaks it', () => {
  const broken = new Set(BROKEN.flatMap((b) => b.laws));
  expect([...broken].toSorted()).toEqual([...LAWS.map((l) => l.id), 'L1'].toSorted());
});
