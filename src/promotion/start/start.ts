import type { Blocker } from '../../api/v1alpha1/blockers.ts';
import type { PromotionReason } from '../../api/v1alpha1/types.ts';
import { earliest, toTime } from '../../runtime/time.ts';
import type { Input } from '../input.ts';
import { abortedBy, heldBy, said } from '../orders.ts';
import type { Outcome } from '../outcome.ts';
import { rejectionOf } from '../approvals.ts';
import { approvedToBegin } from './approval.ts';
import { alreadyRuns, matched } from './preflight.ts';
import { preflight } from './preflight-checks.ts';
import { fromUpstream, quarantined, superseded, unresolved, wait } from './waiting.ts';
import { closedNow } from '../pause.ts';
import { unverified } from './upstream.ts';
import { turn } from './turn-checks.ts';
import { bindingsOf, boundTo } from '../bindings.ts';
import { chosen } from './turn.ts';

/** How a wait ends when its deadline passes: what it waited for says why. */
const OVERDUE: Partial<Record<PromotionReason, PromotionReason>> = {
  AwaitingReference: 'InvalidReference',
  AwaitingUpstream: 'Expired',
  Soaking: 'Expired',
  Preflight: 'PreflightFailed',
  Queued: 'Expired',
  AwaitingApproval: 'Expired',
  WindowClosed: 'Expired',
  Frozen: 'Expired',
  AmbiguousOrder: 'Expired',
};

/** Everything before Applying. What has not begun by its deadline ends, and says what it waited for. */
export function start(input: Input): Outcome {
  const outcome = begin(input);
  const { startDeadlineSeconds } = input.promotion.spec;
  const overdue = OVERDUE[outcome.reason];
  if (startDeadlineSeconds === undefined || overdue === undefined || outcome.plan) return outcome;
  const deadline = Date.parse(input.promotion.metadata.creationTimestamp) + startDeadlineSeconds * 1000;
  // Beside what it waits for, which may be over at another time.
  const message = `ends as ${overdue} if it has not begun by then`;
  const ending: Blocker = { reason: 'StartDeadline', message, until: toTime(deadline) };
  if (input.now < deadline)
    return {
      ...outcome,
      wakeAt: earliest(outcome.wakeAt, deadline),
      blockedBy: [...(outcome.blockedBy ?? []), ending],
    };
  return {
    reason: overdue,
    message: `not begun within ${startDeadlineSeconds} s (${outcome.message}): put that right, then apply a new Promotion`,
  };
}

/** A person's word before anything is changed. */
function ordered(input: Input): Outcome | undefined {
  if (input.promotion.metadata.deletionTimestamp)
    return { reason: 'Deleted', message: 'deleted before anything was changed' };
  const abort = abortedBy(input);
  if (abort) return { reason: 'Aborted', message: `aborted by ${said(abort)} before anything was changed` };
  const names = chosen(input).map((s) => s.target.name);
  const reject = rejectionOf(input, boundTo(bindingsOf(input), names));
  if (reject)
    return {
      reason: 'Rejected',
      message: `rejected by ${said(reject)}: put right what is wrong, then apply a new Promotion`,
      used: [reject],
    };
  const hold = heldBy(input);
  return (
    hold &&
    wait(
      input,
      'HeldByPerson',
      'Held',
      `held by ${said(hold)}: create a Decision with verdict Resume to go on, or Abort`,
    )
  );
}

/** A freeze or the windows: it begins when they let it. A dry run says so, and goes on. */
function closed(input: Input): Outcome | undefined {
  if (input.promotion.spec.dryRun || input.promotion.spec.rollback) return undefined;
  const pause = closedNow(input);
  return pause && { ...pause, blockedBy: [pause.blocker] };
}

/** What the images and the targets come to: a wait, an end, or what can go through preflight. */
function fit(input: Input): Outcome {
  const subjects = chosen(input);
  // Before anything is told of it: another namespace's Rollout is not described to who may not use it.
  const obstacles = subjects.flatMap((s) => (s.observation.found ? s.observation.view.obstacles : []));
  const denied = obstacles.find((o) => o.kind === 'Grant');
  if (denied) return wait(input, 'Preflight', 'Grant', denied.message);
  const conflict = obstacles.find((o) => o.kind === 'Ownership');
  if (conflict) return { reason: 'OwnershipConflict', message: conflict.message };
  const found = matched(input, subjects);
  if (typeof found === 'string') return wait(input, 'AwaitingReference', 'Image', found);
  if (found.every((c) => alreadyRuns(input, c)))
    return {
      reason: 'AlreadyDone',
      message: 'the target already runs exactly this revision, by an earlier promotion',
    };
  const rising = unverified(input);
  if (rising) return rising;
  const approved = approvedToBegin(input, found);
  if (approved.outcome) return approved.outcome;
  const next = closed(input) ?? preflight(input, found);
  const results = [...(approved.fold?.results ?? []), ...(next.results ?? [])];
  return { ...next, results, used: approved.fold?.used ?? [] };
}

/** Whoever can write a Promotion could write that it is a rollback, if nothing kept them from it. */
function unproven(input: Input): Outcome | undefined {
  if (input.rollback !== 'Unproven') return undefined;
  return wait(
    input,
    'AwaitingReference',
    'Rollback',
    'nothing proves that Sluice has made this rollback: put the admission policies in force, and create a new Decision with verdict Rollback',
  );
}

/** The checks before Applying, in this order; the first that has something to say decides. */
const CHECKS: readonly ((input: Input) => Outcome | undefined)[] = [
  ordered,
  unproven,
  fromUpstream,
  superseded,
  unresolved,
  quarantined,
  turn,
  fit,
];

function begin(input: Input): Outcome {
  for (const check of CHECKS) {
    const outcome = check(input);
    if (outcome) return outcome;
  }
  throw new Error('the last check always decides');
}
