import type { Plan, PlannedTarget, Revert, TargetStatus } from '../api/v1alpha1/types.ts';
import type { Observation, TargetView } from '../delivery/delivery.ts';
import { toTime } from '../runtime/time.ts';
import type { Input, Subject } from './input.ts';
import { moved, type Outcome } from './outcome.ts';
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
}

/** Puts together what driving and reverting look at, or says that the target is not there any more. */
export function inFlight(input: Input, plan: Plan, planned: PlannedTarget): InFlight | Outcome {
  const status = input.promotion.status?.targets?.find((t) => t.name === planned.name);
  const subject = input.subjects.find((s) => s.target.name === planned.name);
  const observation: Observation = subject?.observation ?? { found: false, message: 'it is not observed' };
  if (!observation.found && observation.outOfReach)
    return {
      // Nothing is known of it, so nothing may end: it stands where it stands until somebody can see it.
      reason: input.promotion.status?.revert ? 'RollbackBlocked' : 'Holding',
      message: observation.message,
      target: status,
      pastDeadline: true,
    };
  if (!subject || !status || !observation.found)
    return {
      reason: 'TargetDeleted',
      message: `Rollout ${planned.rollout.name} was deleted while it was promoted: apply it, then a new Promotion`,
      target: status && moved(status, 'Ended', input.now),
    };
  const { view } = observation;
  if (view.uid !== planned.rollout.uid)
    return {
      reason: 'TargetReplaced',
      message: `Rollout ${planned.rollout.name} was deleted and made anew while it was promoted: apply a new Promotion`,
      target: moved(status, 'Ended', input.now),
    };
  if (!subject.recorded)
    return {
      // Without the record nobody can tell ours from a stranger's, or what to go back to: a person has to.
      reason: input.promotion.status?.revert ? 'RollbackBlocked' : 'Holding',
      message: `ControllerRevision ${status.recorded?.controllerRevision ?? ''} with the template to go back to is gone: settle Rollout ${planned.rollout.name} by hand, then delete this Promotion`,
      target: status,
      pastDeadline: true,
    };
  return { input, plan, planned, status, subject, view, timing: timingOf(input.environment) };
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

/** A revert begins: everything that it needs is in status before the first command is sent. */
export function fail(
  d: InFlight,
  reason: string,
  message: string,
  quarantine: boolean,
  sampledAt?: string,
): Outcome {
  const { input, status, planned } = d;
  const revert: Revert = {
    reason,
    message: message.slice(0, 1024),
    target: planned.name,
    quarantine,
    ...(sampledAt && { sampledAt }),
    detectedAt: toTime(input.now),
  };
  return { reason: 'Reverting', message, target: moved(status, 'Reverting', input.now), revert };
}
