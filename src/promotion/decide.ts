import { isTerminal } from '../api/v1alpha1/reasons.ts';
import type { Effect } from '../delivery/delivery.ts';
import { drive } from './drive.ts';
import { inFlight } from './in-flight.ts';
import type { Decision, Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { revertTarget } from './revert.ts';
import { PLAN_VERSION } from './plan.ts';
import { start } from './start.ts';
import { hasEnded, statusOf } from './status.ts';

/**
 * The whole of a promotion, as a pure function of what is observed: the next status, at most one
 * effect, what to sample and when to look again. It never awaits. The status is written before the
 * effect is carried out, so whatever a crash leaves behind is found in it.
 */
export function decide(input: Input): Decision {
  const { promotion } = input;
  if (hasEnded(promotion)) return { status: promotion.status ?? {}, probes: [] };
  const outcome = next(input);
  const ended = isTerminal(outcome.reason);
  const effect = ended ? forget(input) : outcome.effect;
  return {
    status: statusOf(input, outcome),
    ...(effect && { effect }),
    probes: ended ? [] : (outcome.probes ?? []),
    ...(!ended && { wakeAt: outcome.wakeAt }),
  };
}

/** The record of a promotion that has ended is of no use any more. */
function forget(input: Input): Effect | undefined {
  const subject = input.subjects.find((s) => s.recorded);
  return subject && { kind: 'Forget', target: subject.target.name };
}

/** The phase that a promotion is in follows from what it has latched. */
function next(input: Input): Outcome {
  const { plan, revert } = input.promotion.status ?? {};
  if (!plan) return start(input);
  const planned = plan.targets[0];
  if (plan.version !== PLAN_VERSION || !planned)
    return {
      reason: 'Holding',
      message: `the plan has form ${plan.version}, which this operator does not know: run the version that wrote it`,
      target: input.promotion.status?.targets?.[0],
      pastDeadline: true,
    };
  const d = inFlight(input, plan, planned);
  if (!('view' in d)) return d;
  if (revert) return revertTarget(d, revert);
  const outcome = drive(d);
  // A revert that begins now takes its first step in the same pass: the abort follows its status write.
  if (!outcome.revert) return outcome;
  const first = revertTarget({ ...d, status: outcome.target ?? d.status }, outcome.revert);
  return { ...first, ...(outcome.results && { results: outcome.results }) };
}
