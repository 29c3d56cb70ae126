import { fail, type InFlight } from './in-flight.ts';
import { moved, type Outcome } from './outcome.ts';

/** Another hand on the Rollout: each is named, and nothing of a stranger's is undone. */
export function strangers(d: InFlight): Outcome | undefined {
  const { view, status, plan, planned, input } = d;
  const name = `Rollout ${planned.rollout.name}`;
  const end = (reason: Outcome['reason'], message: string): Outcome => ({
    reason,
    message,
    target: moved(status, 'Ended', input.now),
  });
  const applying = status.state === 'Applying';
  if (!view.isOurs && !(applying && view.isRecorded))
    return end(
      'StrangerRevision',
      `someone changed the template of ${name} while it was promoted, so Sluice keeps its hands off: settle it there, then apply a new Promotion`,
    );
  if (view.stepsHash !== planned.stepsHash)
    return end(
      'StepsChanged',
      `someone changed the steps of ${name} while it was promoted, which begins the canary anew: finish or undo it there, then apply a new Promotion`,
    );
  if (applying) return undefined;
  if (view.aborted)
    return fail(
      d,
      'ExternalAbort',
      `${name} was aborted, but not by Sluice: the previous template is put back`,
      false,
    );
  const commanded = status.state === 'Advancing';
  const last = status.step ?? -1;
  const limit = commanded ? (view.pauses.find((p) => p > last) ?? view.steps) : last;
  if (view.promoteFull || view.step > limit)
    return end(
      'ExternalPromotion',
      `someone promoted ${name} past the gates (plan ${plan.hash}): it is not judged any more; apply a Promotion of the version that you trust`,
    );
  return undefined;
}
