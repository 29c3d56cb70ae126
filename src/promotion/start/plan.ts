import type { Plan, PlannedTarget, TargetStatus } from '../../api/v1alpha1/types.ts';
import { fingerprint } from '../../runtime/hash.ts';
import { toTime } from '../../runtime/time.ts';
import { applyEffect, applying } from '../advance/drive.ts';
import type { Input } from '../input.ts';
import { moved, naming, type Outcome } from '../outcome.ts';
import type { Chosen } from './preflight.ts';
import { timingOf } from '../timing.ts';
import { bindingsOf, boundTo } from '../bindings.ts';

/** Form of the plan that this version writes and reads. */
export const PLAN_VERSION = 1;

/** What would be latched now. */
export function planOf(input: Input, chosen: readonly Chosen[]): Plan {
  const targets = chosen.map(
    ({ target, view, images }): PlannedTarget => ({
      name: target.name,
      wave: target.wave,
      rollout: { ...target.rollout, uid: view.uid, ...(view.writes && { writes: view.writes }) },
      images,
      stepsHash: view.stepsHash,
      steps: view.steps,
    }),
  );
  const latched = {
    version: PLAN_VERSION,
    targets,
    gates: [
      ...boundTo(
        bindingsOf(input),
        targets.map((t) => t.name),
      ),
    ],
    bakeSeconds: input.promotion.spec.rollback ? 0 : timingOf(input.environment).bakeSeconds,
    ...(input.promotion.spec.rollback && { rollback: true }),
  };
  return { ...latched, hash: fingerprint(latched) };
}

/** The plan is latched and Applying begins, on the targets of the first wave. */
export function latch(input: Input, chosen: readonly Chosen[]): Outcome {
  const plan = planOf(input, chosen);
  const [first] = plan.targets;
  if (!first) throw new Error('a plan has a target');
  const targets = chosen.map(({ target, view, recorded }): TargetStatus => {
    const status: TargetStatus = {
      name: target.name,
      state: 'Pending',
      since: toTime(input.now),
      steps: view.steps,
      weight: 0,
      ...(recorded && {
        recorded: { hash: recorded.hash, controllerRevision: recorded.controllerRevision },
      }),
    };
    return target.wave === first.wave ? moved(status, 'Applying', input.now) : status;
  });
  const begun = plan.targets.filter((t) => t.wave === first.wave);
  const { reason, message } = applying(first);
  return {
    reason,
    message: naming(plan, first.name, message),
    targets,
    spokenOf: targets[0],
    plan,
    effects: begun.map((t) =>
      applyEffect(
        t.name,
        chosen.find((c) => c.target.name === t.name),
      ),
    ),
  };
}
