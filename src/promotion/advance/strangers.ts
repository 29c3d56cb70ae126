import { type InFlight, taken } from '../in-flight.ts';
import type { TargetOutcome } from '../outcome.ts';

/** Another hand on the Rollout: each is named, and nothing of a stranger's is undone. */
export function strangers(d: InFlight): TargetOutcome | undefined {
  const { view, status, plan, planned, input } = d;
  const name = `Rollout ${planned.rollout.name}`;
  const waiting = status.state === 'Pending';
  const applying = status.state === 'Applying';
  // Before its images are written, what is declared is the record, or what whoever is taken over has made of it.
  const before = view.isRecorded || d.subject.inherited !== undefined;
  const ours = waiting ? before : view.isOurs || (applying && before);
  if (!ours)
    return taken(
      input,
      status,
      'StrangerRevision',
      `someone changed the template of ${name} while it was promoted, so Sluice keeps its hands off: settle it there, then apply a new Promotion`,
    );
  if (view.stepsHash !== planned.stepsHash)
    return taken(
      input,
      status,
      'StepsChanged',
      `someone changed the steps of ${name} while it was promoted, so that it is not what was to be judged: finish or undo it there, then apply a new Promotion`,
    );
  if (waiting || applying) return undefined;
  if (view.aborted) {
    const message = `${name} was aborted, but not by Sluice: the previous template is put back`;
    const failed = { reason: 'ExternalAbort', message, quarantine: false };
    return { reason: 'Reverting', message, target: status, failed };
  }
  // Where no gate judges on the way, the steps go on by themselves.
  if (!plan.gates.some((b) => b.when === 'During' && (b.targets?.includes(planned.name) ?? true)))
    return undefined;
  const commanded = status.state === 'Advancing';
  const last = status.step ?? -1;
  const limit = commanded ? (view.pauses.find((p) => p > last) ?? view.steps) : last;
  if (view.promoteFull || view.step > limit)
    return taken(
      input,
      status,
      'ExternalPromotion',
      `someone promoted ${name} past the gates (plan ${plan.hash}): it is not judged any more; apply a Promotion of the version that you trust`,
    );
  return undefined;
}
