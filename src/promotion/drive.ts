import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { GateBinding, PlannedTarget, TargetStatus } from '../api/v1alpha1/types.ts';
import { earliest, fromTime, toTime } from '../runtime/time.ts';
import { type GateFold, foldGates } from './gates.ts';
import { fail, type InFlight, isTaken } from './in-flight.ts';
import type { ProbeRequest } from './input.ts';
import { moved, type Outcome } from './outcome.ts';
import { strangers } from './strangers.ts';

/** The bindings as probes for one epoch. */
function probesFor(d: InFlight, step: number, settledAt: number | undefined): ProbeRequest[] {
  const { input, plan, subject, view } = d;
  return plan.gates.flatMap((binding: GateBinding): ProbeRequest[] => {
    const gate = input.gates.get(binding.gate);
    if (!gate) return [];
    return [
      {
        binding,
        target: subject.target,
        epoch: String(step),
        passFrom: settledAt === undefined ? undefined : settledAt + input.windowSeconds(gate, binding) * 1000,
        settledAt: settledAt ?? input.now,
        canaryHash: view.currentHash,
        stableHash: view.stableHash,
        weight: view.weight,
      },
    ];
  });
}

/** The gates of this target at one step. */
function foldAt(d: InFlight, step: number, from: number): GateFold {
  return foldGates(d.input, d.plan.gates, {
    target: d.planned.name,
    step,
    epoch: String(step),
    from,
    maxBlindSeconds: d.timing.maxBlindSeconds,
  });
}

/** Where it stands, for people: `step 2 of 4, 20 %`. */
function place(d: InFlight): string {
  const { view } = d;
  return view.step >= view.steps
    ? 'fully promoted'
    : `step ${view.step + 1} of ${view.steps}, ${view.weight} %`;
}

/** Drives one target towards full promotion and through the bake. */
export function drive(d: InFlight): Outcome {
  const { input, planned, status, view } = d;
  const stranger = strangers(d);
  if (stranger) return stranger;
  if (view.isOurs && view.observed && view.failure)
    return fail(d, 'rollout', `gate rollout failed: ${view.failure}`, true);
  if (status.canaryHash === undefined) {
    const applying = apply(d);
    if (applying) return applying;
  }
  const seen = { steps: view.steps, canaryHash: view.currentHash };
  if (view.observed && view.currentHash === view.stableHash && view.healthy) return bake(d, seen);
  if (view.waiting) return atStep(d, seen);

  // Between two steps the gates stand guard: a sample may fail the promotion, none may pass it.
  const next = view.pauses.find((p) => p >= view.step) ?? view.steps;
  const fold = foldAt(d, next, fromTime(status.since) ?? input.now);
  if (fold.failed) return gateFailed(d, fold, fold.failed);
  const probes = probesFor(d, next, undefined);
  if (status.state !== 'Applying') return { ...asItStands(d), probes };
  return {
    reason: 'Advancing',
    message: `the Rollouts controller brings up the first pods of ${planned.rollout.name}`,
    target: moved(status, 'Advancing', input.now, seen),
    probes,
  };
}

/** Writes the images and waits until they are really taken; undefined once they are. */
function apply(d: InFlight): Outcome | undefined {
  const { input, planned, status, view } = d;
  const target = moved(status, 'Applying', input.now);
  if (!view.isOurs) return { ...applying(planned), target, effect: { kind: 'Apply', target: planned.name } };
  return isTaken(view, planned) ? undefined : { ...applying(planned), target };
}

/** The words for what Applying does, the same until the new template is taken. */
export function applying(planned: PlannedTarget): Pick<Outcome, 'reason' | 'message'> {
  const images = planned.images.map((i) => i.image).join(', ');
  return { reason: 'Applying', message: `writing ${images} to Rollout ${planned.rollout.name}` };
}

/** On its way, or not observed for a moment: nothing is worth saying that is not said already. */
function asItStands({ input, status }: InFlight): Outcome {
  const said = findCondition(input.promotion, 'Succeeded');
  return {
    reason: (said?.reason ?? 'Advancing') as Outcome['reason'],
    message: said?.message ?? '',
    target: status,
    pastDeadline: findCondition(input.promotion, 'Stalled') !== undefined,
    blockedBy: input.promotion.status?.blockedBy ?? [],
  };
}

function gateFailed(d: InFlight, fold: GateFold, failed: NonNullable<GateFold['failed']>): Outcome {
  const message = `gate ${failed.gate} failed at ${place(d)}: ${failed.message}`;
  const outcome = fail(d, failed.gate, message, true, failed.sampledAt);
  return { ...outcome, results: fold.results };
}

/** At a pause: settle, judge, and advance once every gate passes. */
function atStep(d: InFlight, seen: Partial<TargetStatus>): Outcome {
  const { input, planned, status, view, timing } = d;
  const same = status.step === view.step && status.reachedAt !== undefined;
  const reachedAt = (same ? fromTime(status.reachedAt) : undefined) ?? input.now;
  const settledAt = reachedAt + timing.settleSeconds * 1000;
  const earliestAdvance = Math.max(settledAt, reachedAt + timing.minStepSeconds * 1000);
  const fold = foldAt(d, view.step, settledAt);
  if (fold.failed) return gateFailed(d, fold, fold.failed);

  const at = { ...seen, weight: view.weight, step: view.step, reachedAt: toTime(reachedAt) };
  const common = { results: fold.results, probes: probesFor(d, view.step, settledAt) };
  if (input.now < settledAt)
    return {
      ...common,
      ...holdOr(d, fold, 'Settling', `settling at ${place(d)}`),
      target: moved(status, 'Settling', input.now, at),
      wakeAt: earliest(settledAt, fold.deadlineAt),
    };
  if (fold.passed && input.now >= earliestAdvance)
    return {
      ...common,
      reason: 'Advancing',
      message: `every gate passed at ${place(d)}: going on`,
      target: moved(status, 'Advancing', input.now, at),
      effect: { kind: 'Advance', target: planned.name, step: view.step, hash: view.currentHash },
    };
  return {
    ...common,
    ...holdOr(d, fold, 'Analysing', `judging at ${place(d)}`),
    target: moved(status, 'Analysing', input.now, at),
    wakeAt: earliest(fold.deadlineAt, fold.passed ? earliestAdvance : undefined),
  };
}

/** Fully promoted: guarded until the bake's time is covered and every gate passes at its end. */
function bake(d: InFlight, seen: Partial<TargetStatus>): Outcome {
  const { input, plan, status, view, timing } = d;
  const step = view.steps;
  const same = status.step === step && status.reachedAt !== undefined;
  const reachedAt = (same ? fromTime(status.reachedAt) : undefined) ?? input.now;
  const settledAt = reachedAt + timing.settleSeconds * 1000;
  const fold = foldAt(d, step, settledAt);
  if (fold.failed) return gateFailed(d, fold, fold.failed);

  const coveredMs = fold.coveredMs ?? input.now - reachedAt;
  const leftMs = plan.bakeSeconds * 1000 - coveredMs;
  const at = {
    ...seen,
    weight: 100,
    step,
    reachedAt: toTime(reachedAt),
    bakedSeconds: Math.floor(coveredMs / 1000),
  };
  const common = { results: fold.results, probes: probesFor(d, step, settledAt) };
  if (leftMs <= 0 && fold.passed && input.now >= settledAt)
    return {
      reason: 'Succeeded',
      message: `fully promoted, and every gate passed over a bake of ${plan.bakeSeconds} s`,
      target: moved(status, 'Succeeded', input.now, at),
      results: fold.results,
    };
  // Covered time comes with samples, which do not wake us while the verdict stays: look when it can be full.
  const lookAt = Math.max(settledAt, input.now + Math.max(leftMs, 1000));
  return {
    ...common,
    ...holdOr(d, fold, 'Baking', 'fully promoted, under guard until the bake is over'),
    target: moved(status, 'Baking', input.now, at),
    wakeAt: earliest(fold.deadlineAt, lookAt),
  };
}

/** Holding where a gate cannot see or has had no verdict for too long; otherwise the given state. */
function holdOr(
  d: InFlight,
  fold: GateFold,
  reason: 'Settling' | 'Analysing' | 'Baking',
  message: string,
): Pick<Outcome, 'reason' | 'message' | 'pastDeadline' | 'blockedBy'> {
  const { holding } = fold;
  if (!holding) return { reason, message };
  const why = `gate ${holding.gate} ${holding.verdict === 'Error' ? 'cannot see' : 'has no verdict'}: ${holding.message}`;
  return {
    reason: 'Holding',
    message: `holding at ${place(d)}, goes on by itself: ${why}`,
    pastDeadline: fold.pastDeadline,
    blockedBy: [
      {
        reason: holding.verdict === 'Error' ? 'GateBlind' : 'GateInconclusive',
        message: why,
        ...(fold.deadlineAt !== undefined && { until: toTime(fold.deadlineAt) }),
      },
    ],
  };
}
