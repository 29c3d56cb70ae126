import type { Blocker } from '../api/v1alpha1/blockers.ts';
import type {
  GateResult,
  Plan,
  PromotionReason,
  Revert,
  RevisionImage,
  TargetState,
  TargetStatus,
} from '../api/v1alpha1/types.ts';
import type { Effect } from '../delivery/delivery.ts';
import { toTime } from '../runtime/time.ts';
import type { Approval } from './approvals.ts';
import type { ApprovalFold } from './fold-approvals.ts';
import type { ProbeRequest } from './input.ts';

/** What made a promotion go back. */
export interface Failure {
  /** The gate, `rollout`, or a reason of the API where it was no gate. */
  reason: string;
  message: string;
  /** The images that changed on this target are known to be bad because of it. */
  quarantine: boolean;
  sampledAt?: string | undefined;
}

/** What one phase makes of one target: where it stands now, why, and the one thing to do next. */
export interface TargetOutcome {
  reason: PromotionReason;
  message: string;
  target: TargetStatus;
  /** A Holding that has outlasted its deadline. */
  pastDeadline?: boolean;
  /** Its gates' answers; absent: those in status stay. */
  results?: readonly GateResult[];
  probes?: readonly ProbeRequest[];
  effect?: Effect;
  wakeAt?: number | undefined;
  blockedBy?: readonly Blocker[];
  /** What the approval gates say that are asked before it goes further. */
  approvals?: ApprovalFold;
  /** Nothing new is worth saying of it. */
  silent?: boolean;
  /** Everything is to go back because of this target. */
  failed?: Failure;
  /** Fully promoted, and its gates pass there: the next wave may begin. */
  through?: boolean;
  /** Nothing is left to do for it: its bake is over and its gates pass. */
  done?: boolean;
}

/** What one phase makes of the promotion. */
export interface Outcome {
  reason: PromotionReason;
  message: string;
  /** Every target as it stands now; absent: as in status. */
  targets?: readonly TargetStatus[];
  /** The one that the columns speak of. */
  spokenOf?: TargetStatus | undefined;
  pastDeadline?: boolean;
  results?: readonly GateResult[];
  probes?: readonly ProbeRequest[];
  /** At most one for each target. */
  effects?: readonly Effect[];
  wakeAt?: number | undefined;
  blockedBy?: readonly Blocker[];
  /** Latched when Applying begins. */
  plan?: Plan;
  /** Begun, or one stage further. */
  revert?: Revert;
  /** Decisions on approval gates that it is done by. */
  used?: readonly Approval[];
  /** Taken from another Environment, once. */
  revision?: readonly RevisionImage[];
  /** When the change was made, as that Environment has it on record. */
  changedAt?: string;
  /** What a person should know of, told when it begins. */
  warnings?: readonly string[];
  /** The finalizer is to be there before anything is changed. */
  finalizer?: 'add';
}

/** The target in its new place; `since` moves only when the place changes. */
export function moved(
  before: TargetStatus,
  state: TargetState,
  now: number,
  changes: Partial<TargetStatus> = {},
): TargetStatus {
  return { ...before, ...changes, state, since: before.state === state ? before.since : toTime(now) };
}

/** The message, with the target's name where there are several. */
export function naming(plan: Plan, target: string, message: string): string {
  return plan.targets.length > 1 ? `${target}: ${message}` : message;
}

/** Targets that never began have ended with the promotion. */
export function ended(targets: readonly TargetStatus[], now: number): TargetStatus[] {
  return targets.map((t) => (t.state === 'Pending' ? moved(t, 'Ended', now) : t));
}
