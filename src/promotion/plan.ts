import type { Plan, PlannedTarget, Target, TargetStatus } from '../api/v1alpha1/types.ts';
import type { Recorded, TargetView } from '../delivery/delivery.ts';
import { fingerprint } from '../runtime/hash.ts';
import { toTime } from '../runtime/time.ts';
import { applying } from './drive.ts';
import type { Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { timingOf } from './timing.ts';
import { bindingsOf } from './turn.ts';

/** Form of the plan that this version writes and reads. */
export const PLAN_VERSION = 1;

/** The plan is latched and Applying begins. */
export function latch(
  input: Input,
  target: Target,
  view: TargetView,
  images: PlannedTarget['images'],
  recorded: Recorded,
): Outcome {
  const planned: PlannedTarget = {
    name: target.name,
    rollout: { ...target.rollout, uid: view.uid, ...(view.writes && { writes: view.writes }) },
    images,
    stepsHash: view.stepsHash,
    steps: view.steps,
  };
  const latched = {
    version: PLAN_VERSION,
    targets: [planned],
    gates: bindingsOf(input),
    bakeSeconds: timingOf(input.environment).bakeSeconds,
  };
  const plan: Plan = { ...latched, hash: fingerprint(latched) };
  const status: TargetStatus = {
    name: target.name,
    state: 'Applying',
    since: toTime(input.now),
    steps: view.steps,
    weight: 0,
    recorded: { hash: recorded.hash, controllerRevision: recorded.controllerRevision },
  };
  return { ...applying(planned), target: status, plan, effect: { kind: 'Apply', target: target.name } };
}
