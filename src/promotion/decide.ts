import { REVERT_FINALIZER } from '../api/v1alpha1/names.ts';
import { isTerminal } from '../api/v1alpha1/reasons.ts';
import type { Effect } from '../delivery/delivery.ts';
import { DISTRUST_MS } from '../policy/standing.ts';
import { earliest } from '../runtime/time.ts';
import { driveAll } from './advance/fleet.ts';
import { statusOfTarget } from './in-flight.ts';
import type { Decided, Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { withoutFuture } from './past.ts';
import { PLAN_VERSION } from './start/plan.ts';
import { revertAll } from './revert/revert-all.ts';
import { start } from './start/start.ts';
import { hasEnded, statusOf } from './status.ts';

/**
 * The whole of a promotion, as a pure function of what is observed: the next status, at most one
 * effect for each target, what to sample and when to look again. It never awaits. The status is written
 * before the effects are carried out, so whatever a crash leaves behind is found in it.
 */
export function decide(observed: Input): Decided {
  const input = { ...observed, promotion: withoutFuture(observed.promotion, observed.now) };
  const { promotion } = input;
  if (hasEnded(promotion))
    return { status: promotion.status ?? {}, effects: [], probes: [], ...release(input) };
  const outcome = next(input);
  const ended = isTerminal(outcome.reason);
  return {
    status: statusOf(input, outcome),
    effects: ended ? forget(input) : (outcome.effects ?? []),
    probes: ended ? [] : (outcome.probes ?? []),
    ...(ended ? release(input) : { wakeAt: earliest(outcome.wakeAt, lookAgainAt(input)) }),
    ...(outcome.finalizer && { finalizer: outcome.finalizer }),
  };
}

/** Decisions whose authors are not proven are looked at again: what proves them may come back. */
function lookAgainAt({ distrusted, now, promotion }: Input): number | undefined {
  return distrusted && !promotion.status?.revert ? now + DISTRUST_MS : undefined;
}

/** A promotion that has ended may go. */
function release({ promotion }: Input): Pick<Decided, 'finalizer'> {
  return promotion.metadata.finalizers?.includes(REVERT_FINALIZER) ? { finalizer: 'remove' } : {};
}

/** The records of a promotion that has ended are of no use any more. */
function forget(input: Input): Effect[] {
  return input.subjects.filter((s) => s.recorded).map((s) => ({ kind: 'Forget', target: s.target.name }));
}

/** The phase that a promotion is in follows from what it has latched. */
function next(input: Input): Outcome {
  const { plan, revert } = input.promotion.status ?? {};
  if (!plan) return start(input);
  if (plan.version !== PLAN_VERSION || plan.targets.length === 0)
    return {
      reason: 'Holding',
      message: `the plan has form ${plan.version}, which this operator does not know: run the version that wrote it`,
      pastDeadline: true,
    };
  return revert
    ? revertAll(
        input,
        plan,
        revert,
        plan.targets.map((p) => statusOfTarget(input, p)),
      )
    : driveAll(input, plan);
}
