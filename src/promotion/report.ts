import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { PromotionEvent } from '../api/v1alpha1/events.ts';
import { PROMOTION_REASONS, reasonOf } from '../api/v1alpha1/reasons.ts';
import type { Bypassed, PromotionStatus } from '../api/v1alpha1/types.ts';
import { fromTime } from '../runtime/time.ts';

/** One thing that happened, as an event says it. */
export interface Happening {
  type: 'Normal' | 'Warning';
  reason: PromotionEvent;
  action: string;
  note: string;
}

function messageOf(status: PromotionStatus | undefined): string {
  return findCondition({ status }, 'Succeeded')?.message ?? '';
}

function pages(status: PromotionStatus | undefined): boolean {
  return findCondition({ status }, 'Stalled') !== undefined;
}

/** What this status change says was passed over; the same a second time, where a person had to say so again. */
export function newlyBypassed(before: PromotionStatus | undefined, after: PromotionStatus): Bypassed[] {
  return (after.bypassed ?? []).filter(
    (b) => !before?.bypassed?.some((o) => o.what === b.what && o.at === b.at),
  );
}

/**
 * The events of one status change: one when something happened, none when nothing did. That a gate has passed is told
 * where the promotion does not move by it.
 */
export function happenings(before: PromotionStatus | undefined, after: PromotionStatus): Happening[] {
  const reason = reasonOf({ status: after });
  if (!reason) return [];
  const events: Happening[] = (after.warnings ?? [])
    .filter((note) => !before?.warnings?.includes(note))
    .map((note) => ({ type: 'Warning', reason: 'PreflightWarning', action: 'Preflight', note }));
  for (const { what, by, ticket, reason: why } of newlyBypassed(before, after))
    events.push({
      type: 'Warning',
      reason: 'Bypassed',
      action: 'Bypassing',
      note: `${what} is passed over by ${by} (${ticket}): ${why}`.slice(0, 1024),
    });
  const louder = pages(after) && !pages(before);
  // Steps that are quick are told together: the reason may be the same as at the step before.
  const elsewhere = after.targets?.some((t, i) => t.step !== before?.targets?.[i]?.step) ?? false;
  const moves =
    reasonOf({ status: before }) !== reason ||
    louder ||
    (elsewhere && ['Settling', 'Advancing'].includes(reason));
  for (const gate of after.gates ?? []) {
    const old = before?.gates?.find(
      (g) => g.gate === gate.gate && g.target === gate.target && g.when === gate.when,
    );
    if (old && old.step === gate.step && old.gateGeneration !== gate.gateGeneration)
      events.push({
        type: 'Normal',
        reason: 'GateChanged',
        action: 'Judging',
        note: `${gate.gate} was edited: it counts anew at this step`,
      });
    const same = old?.verdict === gate.verdict && old.step === gate.step;
    if (!same && (gate.verdict === 'Fail' || (gate.verdict === 'Pass' && !moves)))
      events.push({
        type: gate.verdict === 'Fail' ? 'Warning' : 'Normal',
        reason: gate.verdict === 'Fail' ? 'GateFailed' : 'GatePassed',
        action: 'Judging',
        note: `${gate.gate}: ${gate.message}`,
      });
  }
  if (moves)
    events.push({
      type:
        PROMOTION_REASONS[reason].Ready === 'False' || reason === 'Reverting' || louder
          ? 'Warning'
          : 'Normal',
      reason,
      action: PROMOTION_REASONS[reason].Completed === 'True' ? 'Ending' : 'Promoting',
      note: messageOf(after),
    });
  return events;
}

/** Seconds of each stage of a revert that this status change has proven, by the stage's name. */
export function revertStages(
  before: PromotionStatus | undefined,
  after: PromotionStatus,
): { stage: 'detection' | 'command' | 'traffic' | 'intent'; seconds: number }[] {
  const { revert } = after;
  if (!revert) return [];
  const detected = fromTime(revert.detectedAt);
  const stages = [
    ['detection', before?.revert?.detectedAt, revert.detectedAt, fromTime(revert.sampledAt)],
    ['command', before?.revert?.commandedAt, revert.commandedAt, detected],
    ['traffic', before?.revert?.trafficRestoredAt, revert.trafficRestoredAt, detected],
    ['intent', before?.revert?.intentRestoredAt, revert.intentRestoredAt, detected],
  ] as const;
  return stages.flatMap(([stage, old, time, from]) => {
    const at = fromTime(time);
    return old !== undefined || at === undefined || from === undefined
      ? []
      : [{ stage, seconds: Math.max(0, at - from) / 1000 }];
  });
}
