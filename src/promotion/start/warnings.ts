import { samplesWarning } from '../../analysis/estimate.ts';
import type { Input } from '../input.ts';
import { answerOf, type Chosen, gatesFor } from './preflight.ts';
import { committedComplaint } from '../committed.ts';
import { timingOf } from '../timing.ts';

const MOST_WARNINGS = 16;

/** What keeps nothing from beginning, but a person should know of before it does; each says what to do. */
export function warningsOf(input: Input, found: readonly Chosen[]): string[] {
  const committed = committedComplaint(input.promotion.metadata);
  const ofTargets = found.flatMap((c) => [
    ...c.view.warnings,
    ...scaleDown(input, c),
    ...traffic(input, c),
    ...switched(input, c),
    ...bake(input, c),
  ]);
  const all = [...(committed === undefined ? [] : [committed]), ...ofTargets];
  return [...new Set(all)].slice(0, MOST_WARNINGS).map((w) => w.slice(0, 1024));
}

/** Pods of the version before that are gone when the bake fails have to be started again. */
function scaleDown(input: Input, { target, view }: Chosen): string[] {
  const { bakeSeconds } = timingOf(input.environment);
  const { scaleDownDelaySeconds: delay } = view;
  if (delay === undefined || delay >= bakeSeconds) return [];
  return [
    `Rollout ${target.rollout.name}: its old pods go after ${delay} s, before the bake of ${bakeSeconds} s is over, so that a revert has to start them again: set scaleDownDelaySeconds to ${bakeSeconds} or more`,
  ];
}

/** Gates that the traffic of the first step does not fill in time. */
function traffic(input: Input, { target, view }: Chosen): string[] {
  const { firstWeight } = view;
  if (firstWeight === undefined) return [];
  return gatesFor(input, target.name).flatMap((binding) => {
    const gate = input.gates.get(binding.gate);
    const { minSamples } = gate?.spec.prometheus ?? {};
    const samples = answerOf(input, binding, target.name)?.samples;
    if (!gate || !minSamples || samples === undefined || binding.when !== 'During') return [];
    const warning = samplesWarning(
      {
        atLeast: minSamples.atLeast,
        stableCount: samples,
        windowSeconds: Math.max(1, input.windowSeconds(gate, binding)),
        weightPercent: Math.max(firstWeight, binding.fromWeight ?? 0),
      },
      {
        growsWithStep: /\{\{\s*stepSeconds\s*\}\}/.test(minSamples.query),
        deadlineSeconds: gate.spec.deadlineSeconds,
      },
    );
    return warning === undefined ? [] : [`gate ${binding.gate}: ${warning}`];
  });
}

/** Before a switch nobody is served, so a gate that begins at some weight is not asked there. */
function switched(input: Input, { target, view }: Chosen): string[] {
  if (view.firstWeight !== undefined || view.steps !== 1) return [];
  return gatesFor(input, target.name)
    .filter((b) => b.when === 'During' && (b.fromWeight ?? 0) > 0)
    .map(
      (b) =>
        `gate ${b.gate} is asked from ${b.fromWeight} % on, and a blue-green serves nobody before it is switched: leave fromWeight out to ask it before`,
    );
}

/** A comparison has nothing to compare with once everything is promoted. */
function bake(input: Input, { target }: Chosen): string[] {
  const during = gatesFor(input, target.name).filter((b) => b.when === 'During');
  if (during.length === 0 || !during.every((b) => input.gates.get(b.gate)?.spec.compare)) return [];
  return [
    `target ${target.name} is guarded by comparisons only, which have nothing to compare with after full promotion: bind a prometheus gate with a limit as well`,
  ];
}
