import { isDeepStrictEqual } from 'node:util';
import type { Probe } from '../analysis/sampler.ts';
import { reasonOf } from '../api/v1alpha1/reasons.ts';
import type { GateResult, PromotionStatus, TargetState, TargetStatus } from '../api/v1alpha1/types.ts';

/*
 * What a status says for people alone: that a stage of the way forward was reached, or that a gate begins to pass.
 * No effect follows from it by itself, and after a restart it is seen again. So it may wait a little for the write
 * that comes with the next effect: a promotion whose steps are quick costs one status a step, rather than two.
 */

/** Of reasons and of targets: what comes between the first write and the last one, when all goes well. */
const ON_THE_WAY: readonly string[] = [
  'Applying',
  'Advancing',
  'Settling',
  'Analysing',
  'Promoted',
  'Baking',
] satisfies TargetState[];

/** What samples say when nothing follows from it. */
const CALM = new Set(['Pass', 'Inconclusive']);

/** Whether all that is new is news that may wait. */
export function mayWait(before: PromotionStatus | undefined, after: PromotionStatus): boolean {
  return (
    isOnTheWay(after) &&
    isDeepStrictEqual(weighty(before), weighty(after)) &&
    !isEdited(before?.gates, after.gates)
  );
}

/** How long it takes at least until the next effect, in milliseconds: while that is long, waiting would spare nothing. */
export function lastsMs(status: PromotionStatus, probes: readonly Probe[], now: number): number {
  // Between two steps gates only guard, and it is the Rollouts controller that takes its time.
  const passes = probes.flatMap(({ passFrom, rules }) =>
    passFrom === undefined ? [] : [passFrom + (rules.count - 1) * rules.intervalMs - now],
  );
  const bakes = status.targets?.some(({ state }) => state === 'Baking') ?? false;
  return Math.max(0, ...passes, ...(bakes ? [(status.plan?.bakeSeconds ?? 0) * 1000] : []));
}

/** All of a status but the places on the way, and what follows from them. */
function weighty(status: PromotionStatus | undefined): unknown {
  const { summary: _, conditions = [], targets, gates, ...rest } = status ?? {};
  return {
    ...rest,
    isOnTheWay: isOnTheWay(status),
    conditions: conditions.map(({ type, status: value }) => [type, value]),
    targets: targets?.map(placeless),
    gates: (gates ?? []).flatMap(said),
  };
}

function isOnTheWay(status: PromotionStatus | undefined): boolean {
  return ON_THE_WAY.includes(reasonOf({ status }) ?? '');
}

const place = (word: string | undefined): string | undefined =>
  word !== undefined && ON_THE_WAY.includes(word) ? 'on the way' : word;

function placeless({ name, state, reason, recorded, digests, restores }: TargetStatus): unknown {
  return { name, state: place(state), reason, recorded, digests, restores };
}

/** What is to be known after a restart: a Fail, what cannot be seen, samples that failed, and that one has begun to count. */
function said({ gate, when, target, step, verdict, failures = 0, state }: GateResult): unknown[] {
  const isCalm = CALM.has(verdict);
  const counts = state !== undefined;
  return isCalm && failures === 0 && !counts
    ? []
    : [{ gate, when, target, step, failures, counts, ...(!isCalm && { verdict }) }];
}

/** Whether a gate was edited meanwhile: that it counts anew is told of the step at which it was. */
function isEdited(before: readonly GateResult[] = [], after: readonly GateResult[] = []): boolean {
  return after.some(({ gate, when, target, step, gateGeneration }) => {
    const old = before.find((g) => g.gate === gate && g.when === when && g.target === target);
    return old?.step === step && old?.gateGeneration !== gateGeneration && old !== undefined;
  });
}
