import type { GateBinding } from '../api/v1alpha1/types.ts';
import { earliest, fromTime, toTime } from '../runtime/time.ts';
import { bindingsAt, type GateFold, foldGates } from './gates.ts';
import { type InFlight, isTaken, place, promotedAt } from './in-flight.ts';
import type { ProbeRequest } from './input.ts';
import { type Failure, moved, type TargetOutcome } from './outcome.ts';
import { asItStands, holdOr } from './hold.ts';
import { strangers } from './strangers.ts';
import { withDigests } from './tags.ts';

/** One place at which gates are asked: a step, the bake, or after it. */
interface At {
  when: 'During' | 'After';
  step: number;
  /** Samples of another epoch say nothing here. */
  epoch: string;
  /** From then on samples may pass; undefined: between two steps, where they may only fail. */
  settledAt: number | undefined;
}

/** A person's Resume begins the place anew: counts and deadlines, and a Fail that was left to a person. */
function epochOf({ resumedAt, status }: InFlight, { epoch }: At): string {
  const reachedAt = fromTime(status.reachedAt) ?? 0;
  return resumedAt !== undefined && resumedAt >= reachedAt ? `${epoch}@${resumedAt}` : epoch;
}

/** The bindings as probes for one place. */
function probesFor(d: InFlight, at: At): ProbeRequest[] {
  const { input, subject, view } = d;
  return bindingsAt(d.plan, at.when, d.planned.name, view.weight).flatMap(
    (binding: GateBinding): ProbeRequest[] => {
      const gate = input.gates.get(binding.gate);
      if (!gate) return [];
      const { settledAt } = at;
      return [
        {
          binding,
          target: subject.target,
          epoch: epochOf(d, at),
          step: at.step,
          ...(d.resumedAt !== undefined && { notBefore: d.resumedAt }),
          passFrom:
            settledAt === undefined ? undefined : settledAt + input.windowSeconds(gate, binding) * 1000,
          settledAt: settledAt ?? input.now,
          canaryHash: view.currentHash,
          stableHash: view.stableHash,
          weight: view.weight,
        },
      ];
    },
  );
}

/** What the gates of this target say at one place, and what is to be asked there. */
function ask(d: InFlight, at: At, from: number): { fold: GateFold; probes: ProbeRequest[] } {
  const fold = foldGates(d.input, bindingsAt(d.plan, at.when, d.planned.name, d.view.weight), {
    target: d.planned.name,
    step: at.step,
    epoch: epochOf(d, at),
    from: Math.max(from, d.resumedAt ?? 0),
    notBefore: d.resumedAt,
    held: d.held,
    timing: d.timing,
  });
  return { fold, probes: probesFor(d, at) };
}

/** Drives one target towards full promotion and through the bake; one whose wave has not begun is `begin`'s. */
export function drive(d: InFlight): TargetOutcome {
  const { input, planned, status, view } = d;
  const stranger = strangers(d);
  if (stranger) return stranger;
  if (view.isOurs && view.observed && view.failure) {
    const message = `gate rollout failed: ${view.failure}`;
    return broken(d, { reason: 'rollout', message, quarantine: true });
  }
  if (status.canaryHash === undefined) {
    const applying = apply(d);
    if (applying) return applying;
  }
  if (promotedAt(d) !== undefined) return withDigests(d, promoted(d));
  if (view.waiting) return withDigests(d, atStep(d));

  // Between two steps the gates stand guard: a sample may fail the promotion, none may pass it.
  const next = view.pauses.find((p) => p >= view.step) ?? view.steps;
  const at: At = { when: 'During', step: next, epoch: String(next), settledAt: undefined };
  const { fold, probes } = ask(d, at, fromTime(status.since) ?? input.now);
  if (fold.failed) return gateFailed(d, fold, fold.failed);
  if (view.misrouted !== undefined && status.state !== 'Applying')
    return misrouted(d, view.misrouted, probes);
  if (status.state !== 'Applying') return { ...asItStands(d), probes };
  return {
    reason: 'Advancing',
    message: `the Rollouts controller brings up the first pods of ${planned.rollout.name}`,
    target: moved(status, 'Advancing', input.now, { steps: view.steps, canaryHash: view.currentHash }),
    probes,
  };
}

/** It stands at its step, but traffic is somewhere else: samples would speak of another weight. */
function misrouted(d: InFlight, why: string, probes: ProbeRequest[]): TargetOutcome {
  const { status, planned } = d;
  const message = `Rollout ${planned.rollout.name}: ${why}`;
  const blockedBy = [{ reason: 'Router', message: message.slice(0, 1024) }];
  // On its way to the step the router is allowed to lag.
  if (status.state === 'Advancing')
    return { reason: 'Advancing', message: 'waiting for the router', target: status, probes, blockedBy };
  return {
    reason: 'Holding',
    message: `holding at ${place(d)}, goes on by itself: ${message}`,
    target: status,
    probes,
    blockedBy,
  };
}

/** A target whose wave has not begun: it begins when the wave before is through and its Rollout is at rest. */
export function begin(d: InFlight, waitsFor: string | undefined): TargetOutcome {
  const { input, planned, status, view, subject } = d;
  const stranger = strangers(d);
  if (stranger) return stranger;
  const busy =
    !view.observed || !view.healthy || view.currentHash !== view.stableHash || view.aborted
      ? `Rollout ${planned.rollout.name} is not at rest: wait for it, or finish what is under way there`
      : view.currentHash === subject.recorded?.hash
        ? undefined
        : `Rollout ${planned.rollout.name} runs something else than was recorded`;
  const blocker = d.held ? 'a person holds it' : (waitsFor ?? busy);
  if (blocker === undefined)
    return {
      ...applying(planned),
      target: moved(status, 'Applying', input.now),
      effect: { kind: 'Apply', target: planned.name },
    };
  return {
    reason: 'Advancing',
    message: `waits for its wave: ${blocker}`,
    target: status,
    ...(waitsFor === undefined && !d.held && { blockedBy: [{ reason: 'Busy', message: blocker }] }),
  };
}

/** Writes the images and waits until they are really taken; undefined once they are. */
function apply(d: InFlight): TargetOutcome | undefined {
  const { input, planned, status, view } = d;
  const target = moved(status, 'Applying', input.now);
  if (!view.isOurs) return { ...applying(planned), target, effect: { kind: 'Apply', target: planned.name } };
  return isTaken(view, planned) ? undefined : { ...applying(planned), target };
}

/** The words for what Applying does, the same until the new template is taken. */
export function applying(planned: InFlight['planned']): Pick<TargetOutcome, 'reason' | 'message'> {
  const images = planned.images.map((i) => i.image).join(', ');
  return { reason: 'Applying', message: `writing ${images} to Rollout ${planned.rollout.name}` };
}

function broken(d: InFlight, failed: Failure): TargetOutcome {
  return { reason: 'Reverting', message: failed.message, target: d.status, failed };
}

function gateFailed(d: InFlight, fold: GateFold, failed: NonNullable<GateFold['failed']>): TargetOutcome {
  const message = `gate ${failed.result.gate} failed at ${place(d)}: ${failed.result.message}`;
  const { gate: reason, sampledAt } = failed.result;
  return {
    ...broken(d, { reason, message, quarantine: failed.quarantine, sampledAt }),
    results: fold.results,
  };
}

/** At a pause: settle, judge, and advance once every gate passes. */
function atStep(d: InFlight): TargetOutcome {
  const { input, planned, status, view, timing } = d;
  const same = status.step === view.step && status.reachedAt !== undefined;
  const reachedAt = (same ? fromTime(status.reachedAt) : undefined) ?? input.now;
  const settledAt = reachedAt + timing.settleSeconds * 1000;
  const earliestAdvance = Math.max(settledAt, reachedAt + timing.minStepSeconds * 1000);
  const { fold, probes } = ask(
    d,
    { when: 'During', step: view.step, epoch: String(view.step), settledAt },
    settledAt,
  );
  if (fold.failed) return gateFailed(d, fold, fold.failed);

  const seen = {
    steps: view.steps,
    canaryHash: view.currentHash,
    weight: view.weight,
    step: view.step,
    reachedAt: toTime(reachedAt),
  };
  const common = { results: fold.results, probes };
  if (input.now < settledAt)
    return {
      ...common,
      ...holdOr(d, fold, 'Settling', `settling at ${place(d)}`),
      target: moved(status, 'Settling', input.now, seen),
      wakeAt: earliest(settledAt, fold.deadlineAt),
    };
  if (fold.passed && !d.held && input.now >= earliestAdvance)
    return {
      ...common,
      reason: 'Advancing',
      message: `every gate passed at ${place(d)}: going on`,
      target: moved(status, 'Advancing', input.now, seen),
      effect: { kind: 'Advance', target: planned.name, step: view.step, hash: view.currentHash },
    };
  return {
    ...common,
    ...holdOr(d, fold, 'Analysing', `judging at ${place(d)}`),
    target: moved(status, 'Analysing', input.now, seen),
    wakeAt: earliest(fold.deadlineAt, fold.passed ? earliestAdvance : undefined),
  };
}

/** Fully promoted: guarded until the others are as well, and then until the bake's time is covered. */
function promoted(d: InFlight): TargetOutcome {
  const { input, plan, planned, status, view, timing, bakeFrom } = d;
  const reachedAt = promotedAt(d) ?? input.now;
  const settledAt = (bakeFrom ?? reachedAt) + timing.settleSeconds * 1000;
  const step = planned.steps;
  const epoch = bakeFrom === undefined ? String(step) : 'bake';
  const { fold, probes } = ask(d, { when: 'During', step, epoch, settledAt }, settledAt);
  if (fold.failed) return gateFailed(d, fold, fold.failed);
  const settled = fold.passed && !d.held && input.now >= settledAt && view.healthy && view.observed;
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
      wakeAt: earliest(fold.deadlineAt, fold.passed && !settled ? settledAt : undefined),
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
    done: fold.passed && !d.held,
  };
}
