import type { Revert, TargetStatus } from '../../api/v1alpha1/types.ts';
import type { Effect } from '../../delivery/delivery.ts';
import { askForIntent } from './ask.ts';
import { type InFlight, isTaken, taken } from '../in-flight.ts';
import { moved } from '../outcome.ts';
import { isContested, restored, standsUntil, undone } from './restores.ts';

/** One stage of a target's way back: what is to be done or waited for, and what is proven so far. */
interface Stage {
  message: string;
  effect?: Effect;
  /** The API server has taken the abort, or the recorded template. */
  commanded?: boolean;
  /** No pod of the new revision serves any more. */
  traffic?: boolean;
  /** The recorded template is in force: nothing is left to do. */
  intent?: boolean;
  /** What a person is asked, since Sluice itself goes no further. */
  ask?: string;
  /** In force, but it has to stand until then. */
  standsAt?: number;
}

/** Where one target stands on its way back. */
export interface Return extends Stage {
  target: TargetStatus;
  /** Not proven in time: it pages, and goes on. */
  late?: boolean;
  /** The failed template was declared again: what was proven holds no more. */
  undone?: boolean;
  wakeAt?: number;
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

/** The declared template is the bad one, still or again; it may be put back once it is this wave's turn. */
function badTemplate(d: InFlight, recordedHash: string, isTurn: boolean): Stage {
  const { view, planned } = d;
  const target = planned.name;
  // Where someone undoes it each time, the abort is kept asserted, and a person is asked.
  const ask = isContested(d.status) && { ask: askForIntent(view, planned, d.subject.recorded) };
  const restore: Pick<Stage, 'effect' | 'ask'> = ask || { effect: { kind: 'Restore', target } };
  // A status command is lost before the controller has seen the template; a template is durable.
  if (!isTaken(view, planned))
    return { message: 'putting the recorded template back before the new one is taken', ...restore };
  if (view.currentHash === view.stableHash)
    return isTurn
      ? { message: 'fully promoted already, putting the recorded template back', ...restore }
      : { message: 'fully promoted already, waiting until the later waves are back' };
  if (!view.aborted || view.promoteFull)
    return {
      message: 'aborting the canary',
      effect: { kind: 'Abort', target, hash: view.currentHash },
      ...ask,
    };
  const commanded = true;
  if (view.frozen)
    return {
      commanded,
      message: 'spec.paused keeps the canary serving after the abort, ending it',
      effect: { kind: 'Unfreeze', target },
      ...ask,
    };
  if (!trafficIsBack(d, recordedHash)) {
    // Measured: an abort leaves a blue-green switched while its new pods are not ready; the template moves it.
    if (view.traffic?.by === 'Selector')
      return { commanded, message: 'aborted, putting the recorded template back', ...restore };
    return { commanded, message: 'aborted, waiting until the new revision gets no traffic', ...ask };
  }
  if (!isTurn)
    return { commanded, traffic: true, message: 'traffic is back, waiting until the later waves are back' };
  return {
    commanded,
    traffic: true,
    message: 'traffic is back, putting the recorded template back',
    ...restore,
  };
}

/**
 * An Apply may be under way: sent by a process that is gone, or through an API server that hangs. Once the new revision
 * was seen to be declared it is not, since whatever ended that has changed what an Apply is guarded by.
 */
function mayStillCome({ status, view }: InFlight): boolean {
  const written = view.restoredGeneration ?? status.restoredGeneration;
  return status.canaryHash === undefined && written === undefined;
}

/** The recorded template is declared; now it has to be in force. */
function recordedTemplate(d: InFlight, recordedHash: string): Stage {
  const { view, planned } = d;
  const target = planned.name;
  if (mayStillCome(d) && !view.fenced)
    return {
      message: 'making sure that nothing comes of what was sent before',
      effect: { kind: 'Fence', target },
    };
  const commanded = true;
  if (view.frozen)
    return {
      commanded,
      message: 'spec.paused keeps the recorded template from coming into force, ending it',
      effect: { kind: 'Unfreeze', target },
    };
  if (!view.observed || view.currentHash !== recordedHash)
    return { commanded, message: 'waiting for the Rollouts controller to take the recorded template' };
  // After full promotion the way back would walk the canary steps and stand at the first pause for ever.
  if (view.stableHash !== recordedHash && !view.promoteFull)
    return {
      commanded,
      message: 'letting the recorded revision skip the steps',
      effect: { kind: 'PromoteFull', target, hash: recordedHash },
    };
  if (!trafficIsBack(d, recordedHash))
    return { commanded, message: 'waiting until the new revision gets no traffic' };
  if (view.stableHash !== recordedHash || !view.healthy)
    return {
      commanded,
      traffic: true,
      message: 'traffic is back, waiting for the Rollout to be healthy on the recorded template',
    };
  const standsAt = standsUntil(d.status, planned.rollout.writes, d.input.now);
  if (standsAt !== undefined)
    return {
      commanded,
      traffic: true,
      intent: true,
      message: 'the recorded template is in force, watching that it stays',
      standsAt,
    };
  return { commanded, traffic: true, intent: true, message: 'the recorded template is in force' };
}

/** A target that is late is looked at again after this long. */
const LATE_MS = 10_000;

/**
 * Brings one target back: abort, proof of traffic, the recorded template, proof of convergence.
 * Each stage is recomputed from what is observed, so it is re-asserted until it is proven, however
 * often the controller is killed; nothing but its own stages and the waves after it can hold it up.
 * @param times.turnAt when the declared template may be put back; the abort waits for nobody.
 * @param times.dueAt when it pages as RollbackBlocked.
 */
export function revertTarget(
  d: InFlight,
  before: Revert,
  { turnAt, dueAt }: { turnAt: number; dueAt: number },
): Return {
  const { input, view, subject, planned } = d;
  const recordedHash = subject.recorded?.hash ?? d.status.recorded?.hash ?? '';
  if (!view.isOurs && !view.isRecorded) {
    const message = `someone changed the template of Rollout ${planned.rollout.name} during the revert, so Sluice keeps its hands off: settle it there (${before.message})`;
    return { target: taken(input, d.status, 'StrangerRevision', message).target, message };
  }
  const isTurn = input.now >= turnAt;
  // Where both hold, the promotion changed nothing in the template: it is as good as back.
  const status = view.isRecorded ? restored(d.status, view, input.now) : undone(d.status, view);
  const now: InFlight = { ...d, status };
  const { ask, ...stage } = view.isRecorded
    ? recordedTemplate(now, recordedHash)
    : badTemplate(now, recordedHash, isTurn);
  const weight = view.isRecorded || view.aborted ? 0 : view.weight;
  if (stage.standsAt !== undefined)
    return { ...stage, target: moved(status, 'Reverting', input.now, { weight }), wakeAt: stage.standsAt };
  if (stage.intent) return { ...stage, target: moved(status, 'RolledBack', input.now, { weight }) };
  // Users are served by the old revision: what is left to do is not Sluice's, and no failure of the revert.
  const isPending = ask !== undefined && (input.now < dueAt || stage.traffic === true);
  const late = input.now >= dueAt && !isPending;
  return {
    ...stage,
    ...(isPending && { ask }),
    ...(ask !== undefined && !isPending && { message: ask }),
    late,
    undone: !view.isRecorded && status !== d.status,
    target: moved(status, late ? 'RollbackBlocked' : 'Reverting', input.now, { weight }),
    wakeAt: input.now >= dueAt ? input.now + LATE_MS : isTurn ? dueAt : turnAt,
  };
}
