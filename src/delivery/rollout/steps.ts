import type { CanaryStep } from './types.ts';

/**
 * A pause without a duration: the Rollout waits there until it is told to go on. `duration: 0` is
 * not one: the controller sees it expired at once (argo-rollouts rollout/pause.go).
 */
function waitsForUs(step: CanaryStep): boolean {
  return step.pause !== undefined && step.pause.duration === undefined;
}

/** Indices of the steps that wait for us. */
export function pauseIndices(steps: readonly CanaryStep[]): number[] {
  return steps.flatMap((step, index) => (waitsForUs(step) ? [index] : []));
}

/** The weight that the steps before and at `index` ask for; all steps done is 100. */
export function weightAt(steps: readonly CanaryStep[], index: number): number {
  if (index >= steps.length) return 100;
  return steps.slice(0, index + 1).findLast((step) => step.setWeight !== undefined)?.setWeight ?? 0;
}

/**
 * What keeps gates from judging these steps, each with its fix; empty when every rise of weight
 * is followed by a pause that waits for a verdict.
 */
export function stepProblems(steps: readonly CanaryStep[]): string[] {
  const problems: string[] = [];
  const pauses = pauseIndices(steps);
  if (pauses.length === 0)
    problems.push('its steps have no `pause: {}`, so no gate could judge: add one after each setWeight');
  for (const [index, step] of steps.entries())
    if (step.pause !== undefined && !pauses.includes(index))
      problems.push(
        `step ${index} pauses for ${String(step.pause.duration)} and then goes on by itself: make it \`pause: {}\` and set analysis.minStepSeconds`,
      );
  let risen: number | undefined;
  let weight = 0;
  for (const [index, step] of steps.entries()) {
    if (pauses.includes(index)) risen = undefined;
    if (step.setWeight === undefined) continue;
    if (risen !== undefined && step.setWeight > weight)
      problems.push(
        `steps ${risen} and ${index} raise the weight with no \`pause: {}\` between: add one after step ${risen}`,
      );
    if (step.setWeight > weight) risen = index;
    weight = step.setWeight;
  }
  if (pauses.length > 0 && risen !== undefined && weight < 100)
    problems.push(
      `step ${risen} raises the weight to ${weight} after the last \`pause: {}\`: add one after it`,
    );
  return problems;
}
