import type {
  GateResult,
  Plan,
  PromotionReason,
  PromotionStatus,
  Revert,
  TargetState,
  TargetStatus,
} from '../api/v1alpha1/types.ts';
import type { Effect } from '../delivery/delivery.ts';
import { toTime } from '../runtime/time.ts';
import type { ProbeRequest } from './input.ts';

/** What one phase makes of a target: where it stands now, why, and the one thing to do next. */
export interface Outcome {
  reason: PromotionReason;
  message: string;
  target: TargetStatus | undefined;
  /** A Holding that has outlasted its deadline. */
  pastDeadline?: boolean;
  /** The gates' answers; absent: those in status stay. */
  results?: readonly GateResult[];
  probes?: readonly ProbeRequest[];
  effect?: Effect;
  wakeAt?: number | undefined;
  blockedBy?: NonNullable<PromotionStatus['blockedBy']>;
  /** Latched when Applying begins. */
  plan?: Plan;
  /** Begun, or one stage further. */
  revert?: Revert;
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
