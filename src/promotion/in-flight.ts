import type { Plan, PlannedTarget, PromotionReason, TargetStatus } from '../api/v1alpha1/types.ts';
import type { Observation, TargetView } from '../delivery/delivery.ts';
import { fromTime, toTime } from '../runtime/time.ts';
import type { Input, Subject } from './input.ts';
import { resumedAt } from './orders.ts';
import { moved, type TargetOutcome } from './outcome.ts';
import { pausedBy, unpausedAt } from './pause.ts';
import { type Timing, timingOf } from './timing.ts';

/** Everything that driving a target forward or bringing it back looks at. */
export interface InFlight {
  input: Input;
  plan: Plan;
  planned: PlannedTarget;
  status: TargetStatus;
  subject: Subject;
  view: TargetView;
  timing: Timing;
  /** When the last target was fully promoted, and the bake began; undefined: not all of them are. */
  bakeFrom?: number | undefined;
  /** By a person, a freeze or a window: no advance, guards go on, no deadline. */
  paused: boolean;
  /** A person's Resume: what was said at the present step before it does not count. */
  resumedAt: number | undefined;
  /** Deadlines count from here at the earliest: it was paused until then. */
  unpausedAt: number | undefined;
}

/** Where a target stood when this pass began. */
export function statusOfTarget(input: Input, planned: PlannedTarget): TargetStatus {
  const found = input.promotion.status?.targets?.find((t) => t.name === planned.name);
  return found ?? { name: planned.name, state: 'Pending', since: toTime(input.now) };
}

/** A target that somebody else took away or over: it is left alone, and the promotion cannot go on. */
export function taken(
  input: Input,
  status: TargetStatus,
  reason: PromotionReason,
  message: string,
): TargetOutcome {
  const failed = { reason, message, quarantine: false };
  return { reason, message, target: moved(status, 'Ended', input.now, { reason }), failed };
}

/** Puts together what driving and reverting look at, or says why there is nothing to drive. */
export function inFlight(input: Input, plan: Plan, planned: PlannedTarget): InFlight | TargetOutcome {
  const status = statusOfTarget(input, planned);
  const subject = input.subjects.find((s) => s.target.name === planned.name);
  const observation: Observation = subject?.observation ?? { found: false, message: 'it is not observed' };
  const name = `Rollout ${planned.rollout.name}`;
  if (!observation.found && observation.outOfReach)
    return {
      // Nothing is known of it, so nothing may end: it stands where it stands until somebody can see it.
      reason: input.promotion.status?.revert ? 'RollbackBlocked' : 'Holding',
      message: observation.message,
      target: status,
      pastDeadline: true,
    };
  if (!subject || !observation.found)
    return taken(
      input,
      status,
      'TargetDeleted',
      `${name} was deleted while it was promoted: apply it, then a new Promotion`,
    );
  const { view } = observation;
  if (view.uid !== planned.rollout.uid)
    return taken(
      input,
      status,
      'TargetReplaced',
      `${name} was deleted and made anew while it was promoted: apply a new Promotion`,
    );
  if (!subject.recorded)
    return {
      // Without the record nobody can tell ours from a stranger's, or what to go back to: a person has to.
      reason: input.promotion.status?.revert ? 'RollbackBlocked' : 'Holding',
      message: `ControllerRevision ${status.recorded?.controllerRevision ?? ''} with the template to go back to is gone: settle ${name} by hand, then delete this Promotion`,
      target: status,
      pastDeadline: true,
    };
  return {
    input,
    plan,
    planned,
    status,
    subject,
    view,
    timing: timingOf(input.environment),
    paused: pausedBy(input) !== undefined,
    resumedAt: resumedAt(input),
    unpausedAt: unpausedAt(input),
  };
}

/**
 * The controller has really taken our template. Its observed generation alone does not say so:
 * it is stamped before the template is handled, with the old pod hash still in status.
 */
export function isTaken(view: TargetView, planned: PlannedTarget): boolean {
  const images = view.revisions.find((r) => r.hash === view.currentHash)?.images;
  return (
    view.isOurs &&
    view.observed &&
    images !== undefined &&
    planned.images.every(({ container, image }) => images[container] === image)
  );
}

/** When this target was fully promoted, as far as it was seen; a Rollout that is unhealthy for a moment stays so. */
export function promotedAt({ status, view, planned, input }: InFlight): number | undefined {
  if (status.step === planned.steps && status.canaryHash !== undefined) return fromTime(status.reachedAt);
  const promoted =
    isTaken(view, planned) &&
    (status.canaryHash !== undefined || status.state === 'Applying') &&
    view.currentHash === view.stableHash &&
    view.healthy;
  return promoted ? input.now : undefined;
}

/** Where it stands, for people: `step 2 of 4, 20 %`. */
export function place({ view }: InFlight): string {
  return view.step >= view.steps
    ? 'full promotion'
    : `step ${view.step + 1} of ${view.steps}, ${view.weight} %`;
}
