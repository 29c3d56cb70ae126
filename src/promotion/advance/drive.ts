import type { Blocker, BlockerReason } from '../../api/v1alpha1/blockers.ts';
import { earliest, fromTime, toTime } from '../../runtime/time.ts';
import { approvalsAmong } from '../approvals.ts';
import { type ApprovalFold, foldApprovals } from '../fold-approvals.ts';
import { boundAt } from '../gates.ts';
import { awaiting } from '../start/approval.ts';
import { type At, ask, broken, gateFailed } from './asking.ts';
import { asItStands, holdOr } from './hold.ts';
import { type InFlight, isTaken, place, promotedAt } from '../in-flight.ts';
import type { Effect, TargetView } from '../../delivery/delivery.ts';
import type { Inherited, ProbeRequest } from '../input.ts';
import { moved, type TargetOutcome } from '../outcome.ts';
import { promoted } from './promoted.ts';
import { strangers } from './strangers.ts';
import { withDigests } from './tags.ts';

/** Drives one target towards full promotion and through the bake; one whose wave has not begun is `begin`'s. */
export function drive(d: InFlight): TargetOutcome {
  const { input, plan, planned, status, view } = d;
  const stranger = strangers(d);
  if (stranger) return stranger;
  if (plan.rollback && view.isOurs && view.observed && view.failure)
    return standsStill(d, 'Rollout', `${view.failure}; a rollback is not taken back: look at it`, []);
  if (view.isOurs && view.observed && view.failure) {
    const message = `gate rollout failed: ${view.failure}`;
    return broken(d, { reason: 'rollout', message, quarantine: true });
  }
  if (status.canaryHash === undefined) {
    const applying = apply(d);
    if (applying) return applying;
  }
  if (promotedAt(d) !== undefined) return withDigests(d, promoted(d));
  if (plan.rollback && !d.paused) return skipSteps(d);
  if (view.waiting) return withDigests(d, atStep(d));

  // Between two steps the gates stand guard: a sample may fail the promotion, none may pass it.
  const next = view.pauses.find((p) => p >= view.step) ?? view.steps;
  const at: At = { when: 'During', step: next, epoch: String(next), settledAt: undefined };
  const { fold, probes } = ask(d, at, fromTime(status.since) ?? input.now);
  if (fold.failed) return gateFailed(d, fold, fold.failed);
  if (view.frozen) return standsStill(d, 'Frozen', 'somebody has set spec.paused: take it away', probes);
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

/** A person takes it back: it walks no steps. */
function skipSteps({ input, planned, status, view }: InFlight): TargetOutcome {
  const target = moved(status, 'Advancing', input.now, { steps: view.steps, canaryHash: view.currentHash });
  return {
    reason: 'Advancing',
    message: `taking Rollout ${planned.rollout.name} back: every step is skipped`,
    target,
    ...(view.observed &&
      !view.promoteFull &&
      view.step < view.steps && {
        effect: { kind: 'PromoteFull', target: planned.name, hash: view.currentHash },
      }),
  };
}

/** It stands at its step, but traffic is somewhere else: samples would speak of another weight. */
function misrouted(d: InFlight, why: string, probes: ProbeRequest[]): TargetOutcome {
  const { status, planned } = d;
  // On its way to the step the router is allowed to lag.
  if (status.state === 'Advancing') {
    const blockedBy: Blocker[] = [
      { reason: 'Router', message: `Rollout ${planned.rollout.name}: ${why}`.slice(0, 1024) },
    ];
    return { reason: 'Advancing', message: 'waiting for the router', target: status, probes, blockedBy };
  }
  return standsStill(d, 'Router', why, probes);
}

/** Something else than a gate keeps the Rollout where it is; the gates go on standing guard. */
function standsStill(d: InFlight, reason: BlockerReason, why: string, probes: ProbeRequest[]): TargetOutcome {
  const { status, planned } = d;
  const message = `Rollout ${planned.rollout.name}: ${why}`;
  const blockedBy = [{ reason, message: message.slice(0, 1024) }];
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
  const busy = subject.inherited
    ? undefined
    : !view.observed || !view.healthy || view.currentHash !== view.stableHash || view.aborted
      ? `Rollout ${planned.rollout.name} is not at rest: wait for it, or finish what is under way there`
      : view.currentHash === subject.recorded?.hash
        ? undefined
        : `Rollout ${planned.rollout.name} runs something else than was recorded`;
  const blocker = d.paused ? 'it is paused' : (waitsFor ?? busy);
  if (blocker === undefined)
    return {
      ...applying(planned),
      target: moved(status, 'Applying', input.now),
      effect: applyEffect(planned.name, { ...subject, view }),
    };
  return {
    reason: 'Advancing',
    message: `waits for its wave: ${blocker}`,
    target: status,
    ...(waitsFor === undefined && !d.paused && { blockedBy: [{ reason: 'Busy', message: blocker }] }),
  };
}

/** Writes the images and waits until they are really taken; undefined once they are. */
function apply(d: InFlight): TargetOutcome | undefined {
  const { input, planned, status, view, subject } = d;
  const target = moved(status, 'Applying', input.now);
  if (!view.isOurs) {
    const effect = applyEffect(planned.name, { ...subject, view });
    return { ...applying(planned), target, ...(!d.paused && { effect }) };
  }
  return isTaken(view, planned) ? undefined : { ...applying(planned), target };
}

/** Writes the images over the recorded template, or over what whoever is taken over has made of it. */
export function applyEffect(
  target: string,
  from: { view: TargetView; inherited?: Inherited } | undefined,
): Effect {
  const over = from?.view.isRecorded ? undefined : from?.inherited?.images;
  return { kind: 'Apply', target, ...(over && { over }) };
}

/** The words for what Applying does, the same until the new template is taken. */
export function applying(planned: InFlight['planned']): Pick<TargetOutcome, 'reason' | 'message'> {
  const images = planned.images.map((i) => i.image).join(', ');
  return { reason: 'Applying', message: `writing ${images} to Rollout ${planned.rollout.name}` };
}

/** The approval gates that are asked before the weight rises to that of the next step; undefined without any. */
function approvalsBefore({ input, plan, planned, view }: InFlight): ApprovalFold | undefined {
  const approvals = approvalsAmong(input, boundAt(plan, 'During', planned.name, view.nextWeight));
  return approvals.length === 0 ? undefined : foldApprovals(input, approvals);
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
  const approvals = approvalsBefore(d);
  const common = { results: fold.results, probes, ...(approvals && { approvals }) };
  if (input.now < settledAt)
    return {
      ...common,
      ...holdOr(d, fold, 'Settling', `settling at ${place(d)}`),
      target: moved(status, 'Settling', input.now, seen),
      wakeAt: earliest(settledAt, fold.deadlineAt),
    };
  const ready = fold.passed && !d.paused && input.now >= earliestAdvance;
  if (ready && approvals?.awaiting)
    return { ...common, ...awaiting(input, approvals), target: moved(status, 'Analysing', input.now, seen) };
  if (ready)
    return {
      ...common,
      reason: 'Advancing',
      message: `every gate passed at ${place(d)}: going on`,
      target: moved(status, 'Advancing', input.now, seen),
      effect: { kind: 'Advance', target: planned.name, step: view.step, hash: view.currentHash },
    };
  // Told to go on from here by an operator that was killed: what it has sent may still arrive, and is no stranger's.
  const commanded = same && status.state === 'Advancing';
  return {
    ...common,
    ...holdOr(d, fold, 'Analysing', `judging at ${place(d)}`),
    target: moved(status, commanded ? 'Advancing' : 'Analysing', input.now, seen),
    // Once that is past it is the end of a pause that it waits for.
    wakeAt: earliest(
      fold.deadlineAt,
      fold.passed && input.now < earliestAdvance ? earliestAdvance : undefined,
    ),
  };
}
