import { digestOf, repositoryOf } from '../api/v1alpha1/images.ts';
import type { QuarantineEntry, Revert, TargetStatus } from '../api/v1alpha1/types.ts';
import type { Effect, TargetView } from '../delivery/delivery.ts';
import { toTime } from '../runtime/time.ts';
import { askForIntent } from './ask.ts';
import { type InFlight, isTaken } from './in-flight.ts';
import { moved, type Outcome } from './outcome.ts';

/** So often the recorded template is put back; against whoever undoes that as often Sluice does not fight (law 5). */
const MOST_RESTORES = 2;
/**
 * Where someone else may declare it, the template has to stand for so long before it counts as back: Argo CD's
 * self-heal undoes a change within seconds (after 5 s, or in newer versions by a backoff from 2 s), and an ended
 * promotion sees nothing.
 */
const STANDS_MS = 15_000;

/** One stage of the way back: what is to be done or waited for, and the times that are proven so far. */
interface Stage {
  revert: Revert;
  message: string;
  effect?: Effect;
  /** What a person is asked, since Sluice itself goes no further. */
  ask?: string;
  /** In force, but it has to stand until then. */
  standsAt?: number;
  /** Everything is proven in pods and in the declared template. */
  proven?: boolean;
}

/**
 * No pod that carries the promoted images exists or is wanted, and no router sends it traffic.
 * Told by the images and not by a recorded hash: it holds even if the promotion never learnt the hash.
 */
function trafficIsBack(d: InFlight, recordedHash: string): boolean {
  const { view, planned } = d;
  const bad = view.revisions.filter(
    (r) =>
      r.hash !== recordedHash &&
      planned.images.every(({ container, image }) => r.images[container] === image),
  );
  return bad.every((r) => r.replicas === 0) && (view.currentHash === recordedHash || !view.routedWeight);
}

/** One restore more was seen: declared in the cache, or in the API server's answer to our own write. */
function counted(revert: Revert, view: TargetView): Revert {
  const generation = Math.max(revert.restoredGeneration ?? 0, view.restoredGeneration ?? 0);
  return {
    ...revert,
    restores: (revert.restores ?? 0) + 1,
    ...(generation > 0 && { restoredGeneration: generation }),
  };
}

/** What was proven of the recorded template holds no more once the bad one is declared again. */
function undone(revert: Revert, view: TargetView): Revert {
  // Whoever is quicker than our next look is noticed by the answer to our write alone.
  const unseen = (view.restoredGeneration ?? 0) > (revert.restoredGeneration ?? 0);
  if (!revert.templateRestoredAt && !unseen) return revert;
  const { templateRestoredAt: _, trafficRestoredAt: __, intentRestoredAt: ___, ...rest } = revert;
  return unseen ? counted(rest, view) : rest;
}

/** The declared template is the bad one, still or again. */
function badTemplate(d: InFlight, before: Revert, recordedHash: string): Stage {
  const { view, planned, input } = d;
  const target = planned.name;
  const revert = undone(before, view);
  // A restore counts once it was seen, so a crash or a refused patch counts for nothing.
  const ask = (revert.restores ?? 0) >= MOST_RESTORES && {
    ask: askForIntent(view, planned, d.subject.recorded),
  };
  const restore: Pick<Stage, 'effect' | 'ask'> = ask || { effect: { kind: 'Restore', target } };
  // A status command is lost before the controller has seen the template; a template is durable.
  if (!isTaken(view, planned))
    return {
      revert,
      message: 'putting the recorded template back before the new one is taken',
      ...restore,
    };
  if (view.currentHash === view.stableHash)
    return { revert, message: 'fully promoted already, putting the recorded template back', ...restore };
  if (!view.aborted || view.promoteFull)
    return {
      revert,
      message: 'aborting the canary',
      effect: { kind: 'Abort', target, hash: view.currentHash },
      ...ask,
    };
  const commanded = { ...revert, commandedAt: revert.commandedAt ?? toTime(input.now) };
  if (view.frozen)
    return {
      revert: commanded,
      message: 'spec.paused keeps the canary serving after the abort, ending it',
      effect: { kind: 'Unfreeze', target },
      ...ask,
    };
  if (!trafficIsBack(d, recordedHash))
    return {
      revert: commanded,
      message: 'aborted, waiting until no pod of the new revision is left',
      ...ask,
    };
  return {
    revert: { ...commanded, trafficRestoredAt: commanded.trafficRestoredAt ?? toTime(input.now) },
    message: 'traffic is back, putting the recorded template back',
    ...restore,
  };
}

/** The recorded template is declared; now it has to be in force. */
function recordedTemplate(d: InFlight, before: Revert, recordedHash: string): Stage {
  const { view, planned, input } = d;
  const target = planned.name;
  const now = toTime(input.now);
  const revert: Revert = {
    ...(before.templateRestoredAt ? before : counted(before, view)),
    commandedAt: before.commandedAt ?? now,
    templateRestoredAt: before.templateRestoredAt ?? now,
  };
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
    return { revert, message: 'waiting until no pod of the new revision is left' };
  const back: Revert = { ...revert, trafficRestoredAt: revert.trafficRestoredAt ?? now };
  if (view.stableHash !== recordedHash || !view.healthy)
    return {
      revert: back,
      message: 'traffic is back, waiting for the Rollout to be healthy on the recorded template',
    };
  const restored: Revert = { ...back, intentRestoredAt: back.intentRestoredAt ?? now };
  const contested = planned.rollout.writes === 'Images' || (restored.restores ?? 0) > 1;
  const standsAt = contested ? Date.parse(restored.templateRestoredAt ?? now) + STANDS_MS : input.now;
  if (input.now < standsAt)
    return {
      revert: restored,
      message: 'the recorded template is in force, watching that it stays',
      standsAt,
    };
  return { revert: restored, message: 'the recorded template is in force', proven: true };
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
  if (stage.standsAt !== undefined)
    return {
      reason: 'Reverting',
      message: `${stage.message}: ${before.message}`,
      target: moved(status, 'Reverting', input.now, seen),
      revert: stage.revert,
      wakeAt: stage.standsAt,
    };
  const late = input.now >= dueAt;
  if (stage.ask && (!late || stage.revert.trafficRestoredAt))
    return {
      reason: 'RevertPendingIntent',
      message: `${stage.ask} (${before.message})`,
      target: moved(status, 'Reverting', input.now, seen),
      revert: stage.revert,
      ...(stage.effect && { effect: stage.effect }),
      blockedBy: [{ reason: 'Intent', message: stage.ask.slice(0, 1024) }],
      wakeAt: late ? input.now + 10_000 : dueAt,
    };
  return {
    reason: late ? 'RollbackBlocked' : 'Reverting',
    message: late
      ? `the revert is not proven after ${timing.rollbackDeadlineSeconds} s and goes on (${stage.ask ?? stage.message}): look at Rollout ${planned.rollout.name} and the Rollouts controller (${before.message})`
      : `${stage.message}: ${before.message}`,
    target: moved(status, late ? 'RollbackBlocked' : 'Reverting', input.now, seen),
    revert: stage.revert,
    ...(stage.effect && { effect: stage.effect }),
    wakeAt: late ? input.now + 10_000 : dueAt,
  };
}
