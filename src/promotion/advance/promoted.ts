import { earliest, fromTime, toTime } from '../../runtime/time.ts';
import { type At, ask, gateFailed } from './asking.ts';
import { holdOr } from './hold.ts';
import { type InFlight, promotedAt } from '../in-flight.ts';
import { moved, type TargetOutcome } from '../outcome.ts';

/** Fully promoted: guarded until the others are as well, and then until the bake's time is covered. */
export function promoted(d: InFlight): TargetOutcome {
  const { input, plan, planned, status, view, timing, bakeFrom } = d;
  const reachedAt = promotedAt(d) ?? input.now;
  const settledAt = (bakeFrom ?? reachedAt) + timing.settleSeconds * 1000;
  const step = planned.steps;
  const epoch = bakeFrom === undefined ? String(step) : 'bake';
  const { fold, probes } = ask(d, { when: 'During', step, epoch, settledAt }, settledAt);
  if (fold.failed) return gateFailed(d, fold, fold.failed);
  const settled = fold.passed && !d.paused && input.now >= settledAt && view.healthy && view.observed;
  const seen = {
    steps: step,
    step,
    canaryHash: view.currentHash,
    weight: 100,
    reachedAt: toTime(reachedAt),
  };
  const common = { results: fold.results, probes };
  if (bakeFrom === undefined)
    return {
      ...common,
      ...holdOr(d, fold, 'Analysing', 'fully promoted, under guard until the other targets are'),
      target: moved(status, 'Promoted', input.now, seen),
      through: settled,
      wakeAt: earliest(fold.deadlineAt, fold.passed && input.now < settledAt ? settledAt : undefined),
    };
  // Past the bake the guards may only fail: what was covered stays covered.
  if (status.state === 'Verifying') return verify(d, { ...common, target: status });

  const coveredMs = fold.coveredMs ?? input.now - bakeFrom;
  const leftMs = plan.bakeSeconds * 1000 - coveredMs;
  const at = { ...seen, bakedSeconds: Math.floor(Math.max(0, coveredMs) / 1000) };
  const target = moved(status, 'Baking', input.now, at);
  if (leftMs <= 0 && settled)
    return { ...common, reason: 'Baking', message: 'its bake is over', target, done: true };
  // Covered time comes with samples, which do not wake us while the verdict stays: look when it can be full.
  const lookAt = Math.max(settledAt, input.now + Math.max(leftMs, 1000));
  return {
    ...common,
    ...holdOr(d, fold, 'Baking', 'fully promoted, under guard until the bake is over'),
    target,
    wakeAt: earliest(fold.deadlineAt, lookAt),
  };
}

/** The bake is over: the gates that are asked After it. */
export function verify(
  d: InFlight,
  guard: Pick<TargetOutcome, 'target' | 'results' | 'probes'>,
): TargetOutcome {
  const { input, planned } = d;
  const from = fromTime(guard.target.since) ?? input.now;
  const at: At = { when: 'After', step: planned.steps, epoch: 'after', settledAt: from };
  const { fold, probes } = ask(d, at, from);
  const results = [...(guard.results ?? []), ...fold.results];
  if (fold.failed) return { ...gateFailed(d, fold, fold.failed), results };
  return {
    ...holdOr(d, fold, 'Verifying', 'the bake is over, asking the gates that come after it'),
    target: guard.target,
    results,
    probes: [...(guard.probes ?? []), ...probes],
    wakeAt: fold.deadlineAt,
    done: fold.passed && !d.paused,
  };
}
