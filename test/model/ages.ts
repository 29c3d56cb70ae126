import { WINDOW_SECONDS } from '../../src/promotion/testing/memory.ts';
import type { World } from '../../src/promotion/testing/world.ts';

/** How a time stands to the deadlines that run from it, milliseconds each. */
export type Age = (time: number | string | undefined, deadlines: readonly number[]) => number | undefined;

/** Ages at this moment. `fine`: each is told apart up to the last deadline; else only which deadlines have passed. */
export function agesAt(now: number, fine: boolean): Age {
  return (time, deadlines) => {
    if (time === undefined) return undefined;
    const age = now - (typeof time === 'number' ? time : Date.parse(time));
    if (fine) return Math.min(age, Math.max(...deadlines));
    return deadlines.filter((d) => age >= d).length;
  };
}

/** Everything that runs from a time in this world, milliseconds. */
export interface Deadlines {
  undecided: readonly number[];
  blind: readonly number[];
  step: readonly number[];
  standing: readonly number[];
  revert: readonly number[];
  bake: number;
  /** Not a time: the passes in a row that are enough. */
  count: number;
}

const ofSpec = new WeakMap<object, Deadlines>();

/** The deadlines that the policies of this world set. */
export function deadlinesOf({ scene, gate }: World): Deadlines {
  const { analysis, rollback } = scene.environment.spec;
  const known = ofSpec.get(scene);
  if (known) return known;
  const [undecided, blind] = [gate.spec.deadlineSeconds * 1000, analysis.maxBlindSeconds * 1000];
  const settle = analysis.settleSeconds * 1000;
  const waves = scene.targets.map((_, i) => (i + 1) * rollback.deadlineSeconds * 1000);
  const made = {
    undecided: [undecided],
    blind: [blind],
    step: [settle, analysis.minStepSeconds * 1000],
    standing: [settle + WINDOW_SECONDS * 1000],
    revert: waves,
    bake: analysis.bakeSeconds * 1000,
    count: gate.spec.count,
  };
  ofSpec.set(scene, made);
  return made;
}
