import { digestOf, repositoryOf } from '../api/v1alpha1/images.ts';
import type { QuarantineEntry, Revert, TargetStatus } from '../api/v1alpha1/types.ts';
import type { Effect } from '../delivery/delivery.ts';
import { toTime } from '../runtime/time.ts';
import { type InFlight, isTaken } from './in-flight.ts';
import { moved, type Outcome } from './outcome.ts';

/** One stage of the way back: what is to be done or waited for, and the times that are proven so far. */
interface Stage {
  revert: Revert;
  message: string;
  effect?: Effect;
  /** Everything is proven in pods and in the declared template. */
  proven?: boolean;
}

/**
 * No user's request reaches the promoted images any more. Where a router or a Service's selector
 * directs traffic, what it reports is the proof, and pods may linger; where requests go to all pods
 * alike, only their absence is. Those pods are told by their images and not by a recorded hash: it
 * holds even if the promotion never learnt the hash.
 */
function trafficIsBack({ view, planned }: InFlight, recordedHash: string): boolean {
  if (view.traffic)
    return (
      view.traffic.verified &&
      view.traffic.shares.every(({ hash, percent }) => hash === recordedHash || percent === 0)
    );
  const bad = view.revisions.filter(
    (r) =>
      r.hash !== recordedHash &&
      planned.images.every(({ container, image }) => r.images[container] === image),
  );
  return bad.every((r) => r.replicas === 0);
}

/** The declared template is still the bad one. */
function badTemplate(d: InFlight, revert: Revert, recordedHash: string): Stage {
  const { view, planned, input } = d;
  const target = planned.name;
  const restore: Effect = { kind: 'Restore', target };
  // A status command is lost before the controller has seen the template; a template is durable.
  if (!isTaken(view, planned))
    return {
      revert,
      message: 'putting the recorded template back before the new one is taken',
      effect: restore,
    };
  if (view.currentHash === view.stableHash)
    return { revert, message: 'fully promoted already, putting the recorded template back', effect: restore };
  if (!view.aborted || view.promoteFull)
    return {
      revert,
      message: 'aborting the canary',
      effect: { kind: 'Abort', target, hash: view.currentHash },
    };
  const commanded = { ...revert, commandedAt: revert.commandedAt ?? toTime(input.now) };
  if (view.frozen)
    return {
      revert: commanded,
      message: 'spec.paused keeps the canary serving after the abort, ending it',
      effect: { kind: 'Unfreeze', target },
    };
  if (!trafficIsBack(d, recordedHash)) {
    // Measured: an abort leaves a blue-green switched while its new pods are not ready; the template moves it.
    if (view.traffic?.by === 'Selector')
      return { revert: commanded, message: 'aborted, putting the recorded template back', effect: restore };
    return { revert: commanded, message: 'aborted, waiting until the new revision gets no traffic' };
  }
  return {
    revert: { ...commanded, trafficRestoredAt: commanded.trafficRestoredAt ?? toTime(input.now) },
    message: 'traffic is back, putting the recorded template back',
    effect: restore,
  };
}

/** The recorded template is declared; now it has to be in force. */
function recordedTemplate(d: InFlight, before: Revert, recordedHash: string): Stage {
  const { view, planned, input } = d;
  const target = planned.name;
  const now = toTime(input.now);
  const revert: Revert = { ...before, commandedAt: before.commandedAt ?? now };
  if (view.frozen)
    return {
      revert,
      message: 'spec.paused keeps the recorded template from coming into force, ending it',
      effect: { kind: 'Unfreeze', target },
    };
  if (!view.observed || view.currentHash !== recordedHash)
    return { revert, message: 'waiting for the Rollouts controller to take the recorded template' };
  // After full promotion the way back would walk the canary steps and stand at the first pause for ever.
  if (view.stableHash !== recordedHash && !view.promoteFull)
    return {
      revert,
      message: 'letting the recorded revision skip the steps',
      effect: { kind: 'PromoteFull', target, hash: recordedHash },
    };
  if (!trafficIsBack(d, recordedHash))
    return { revert, message: 'waiting until the new revision gets no traffic' };
  const back: Revert = { ...revert, trafficRestoredAt: revert.trafficRestoredAt ?? now };
  if (view.stableHash !== recordedHash || !view.healthy)
    return {
      revert: back,
      message: 'traffic is back, waiting for the Rollout to be healthy on the recorded template',
    };
  return {
    revert: { ...back, intentRestoredAt: back.intentRestoredAt ?? now },
    message: 'the recorded template is in force',
    proven: true,
  };
}

/** The Environment already refuses what failed here; without an Environment there is nobody to refuse it. */
function isQuarantined(d: InFlight): boolean {
  const { environment } = d.input;
  if (!environment) return true;
  const list: readonly QuarantineEntry[] = environment.status?.quarantine ?? [];
  return d.planned.images
    .filter((i) => i.changed)
    .every(({ image }) =>
      list.some(
        (q) => q.target === d.planned.name && q.image === repositoryOf(image) && q.digest === digestOf(image),
      ),
    );
}

/**
 * Brings one target back: abort, proof of traffic, the recorded template, proof of convergence.
 * Each stage is recomputed from what is observed, so it is re-asserted until it is proven, however
 * often the controller is killed; nothing but its own stages can hold it up.
 */
export function revertTarget(d: InFlight, before: Revert): Outcome {
  const { input, status, view, subject, planned, timing } = d;
  const recordedHash = subject.recorded?.hash ?? status.recorded?.hash ?? '';
  if (!view.isOurs && !view.isRecorded)
    return {
      reason: 'StrangerRevision',
      message: `someone changed the template of Rollout ${planned.rollout.name} during the revert, so Sluice keeps its hands off: settle it there (${before.message})`,
      target: moved(status, 'Ended', input.now),
    };
  // Where both hold, the promotion changed nothing in the template: it is as good as back.
  const stage = view.isRecorded
    ? recordedTemplate(d, before, recordedHash)
    : badTemplate(d, before, recordedHash);
  const seen: Partial<TargetStatus> = { weight: view.isRecorded || view.aborted ? 0 : view.weight };
  const dueAt = Date.parse(before.detectedAt) + timing.rollbackDeadlineSeconds * 1000;

  if (stage.proven) {
    if (before.quarantine && !isQuarantined(d))
      return {
        reason: 'Reverting',
        message: 'the previous revision is back; waiting until the Environment refuses the failed images',
        target: moved(status, 'Reverting', input.now, seen),
        revert: stage.revert,
      };
    const external = before.reason === 'ExternalAbort';
    return {
      reason: external ? 'ExternalAbort' : 'RolledBack',
      message: `the previous revision is back: ${before.message}`,
      target: moved(status, 'RolledBack', input.now, seen),
      revert: stage.revert,
    };
  }
  const late = input.now >= dueAt;
  return {
    reason: late ? 'RollbackBlocked' : 'Reverting',
    message: late
      ? `the revert is not proven after ${timing.rollbackDeadlineSeconds} s and goes on (${stage.message}): look at Rollout ${planned.rollout.name} and the Rollouts controller (${before.message})`
      : `${stage.message}: ${before.message}`,
    target: moved(status, late ? 'RollbackBlocked' : 'Reverting', input.now, seen),
    revert: stage.revert,
    ...(stage.effect && { effect: stage.effect }),
    wakeAt: late ? input.now + 10_000 : dueAt,
  };
}
