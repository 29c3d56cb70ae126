import { earliest, fromTime } from '../../runtime/time.ts';
import { type InFlight, place } from '../in-flight.ts';
import type { TargetOutcome } from '../outcome.ts';

/** Fully promoted, it is where a person wanted it. */
const THERE: readonly string[] = ['Promoted', 'Baking', 'Verifying', 'Succeeded', 'Ended'];

/**
 * A Rollback by a person has as long as a revert, from when it begins, or is let go on: past that it pages until it is
 * there, and goes on meanwhile.
 */
export function inTime(d: InFlight, outcome: TargetOutcome): TargetOutcome {
  const { input, plan, planned, timing } = d;
  if (!plan.rollback || d.paused || outcome.failed || THERE.includes(outcome.target.state)) return outcome;
  const from = Math.max(
    fromTime(input.promotion.status?.startedAt) ?? input.now,
    d.resumedAt ?? 0,
    d.unpausedAt ?? 0,
  );
  const dueAt = from + timing.rollbackDeadlineSeconds * 1000;
  if (input.now < dueAt) return { ...outcome, wakeAt: earliest(outcome.wakeAt, dueAt) };
  const { silent: _, ...rest } = outcome;
  // Where nothing new is to be said its words are those of before, which may be these.
  const why = outcome.silent ? `Rollout ${planned.rollout.name} is at ${place(d)}` : outcome.message;
  const message = `not taken back within ${timing.rollbackDeadlineSeconds} s, goes on by itself: ${why}`;
  return {
    ...rest,
    reason: 'Holding',
    message,
    pastDeadline: true,
    blockedBy:
      outcome.silent || !outcome.blockedBy?.length ? [{ reason: 'Overdue', message }] : outcome.blockedBy,
  };
}
