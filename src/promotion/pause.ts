import type { Blocker, BlockerReason } from '../api/v1alpha1/blockers.ts';
import type { PromotionReason } from '../api/v1alpha1/types.ts';
import { reasonOf } from '../api/v1alpha1/reasons.ts';
import { calendarOf, freezeOf } from '../environment/calendar.ts';
import { fromTime, toTime } from '../runtime/time.ts';
import { passOver, whyNotPassed, whyNotSkipped } from './bypass.ts';
import type { Input } from './input.ts';
import { heldBy, said } from './orders.ts';
import type { Failure } from './outcome.ts';

/** Why nothing begins, or nothing advances: the weight stays, guards go on, no deadline runs. */
export interface Pause {
  reason: Extract<PromotionReason, 'HeldByPerson' | 'Frozen' | 'WindowClosed'>;
  message: string;
  blocker: Blocker;
  /** When it ends by itself, or is to be looked at again; epoch milliseconds. */
  wakeAt?: number;
}

const PAUSES: readonly string[] = ['HeldByPerson', 'Frozen', 'WindowClosed'] satisfies Pause['reason'][];

/** Whether one that says so is paused. */
export function isPause(reason: string | undefined): boolean {
  return reason !== undefined && PAUSES.includes(reason);
}

function pause(reason: Pause['reason'], blocker: BlockerReason, message: string, until?: number): Pause {
  const ends = until !== undefined && Number.isFinite(until);
  return {
    reason,
    message,
    blocker: {
      reason: blocker,
      message: message.slice(0, 1024),
      ...(ends && { until: toTime(until) }),
    },
    ...(ends && { wakeAt: until }),
  };
}

/** A freeze of the Environment. */
function frozen(input: Input): Pause | undefined {
  const freeze = freezeOf(input.environment, input.freezes, input.now);
  if (!freeze || passOver(input, 'Freeze')) return undefined;
  const { by, reason, until } = freeze;
  const name = input.promotion.spec.environment;
  const who = by === undefined ? '' : ` by ${by}`;
  const end = until === undefined ? '' : ` until ${toTime(until)}`;
  const how =
    by === undefined
      ? 'take spec.freeze out of the Environment to end it'
      : 'create a Decision with verdict Thaw to end it';
  return pause(
    'Frozen',
    'Freeze',
    `Environment ${name} is frozen${who}${end} (${reason}): ${how}${whyNotPassed(input, 'Freeze')}${whyNotSkipped(input)}`,
    until,
  );
}

/** The Environment's windows are closed. */
function outside(input: Input): Pause | undefined {
  const calendar = calendarOf(input.environment, input.now);
  if (!calendar || calendar.open || passOver(input, 'Window')) return undefined;
  const name = input.promotion.spec.environment;
  const { nextOpen, unreadable } = calendar;
  if (unreadable !== undefined)
    return pause('WindowClosed', 'Window', `Environment ${name} is closed: ${unreadable}`);
  const opens = nextOpen === undefined ? 'it is not known when it opens' : `it opens at ${toTime(nextOpen)}`;
  const closed = pause(
    'WindowClosed',
    'Window',
    `Environment ${name} is closed (${calendar.reason}): ${opens}, and this goes on by itself then${whyNotPassed(input, 'Window')}${whyNotSkipped(input)}`,
    calendar.steadyUntil,
  );
  // Before it opens another window may keep it closed as well, and ask for more.
  return Number.isFinite(calendar.until) ? { ...closed, wakeAt: calendar.until } : closed;
}

/** What keeps a promotion from beginning: a freeze, or the windows. */
export function closedNow(input: Input): Pause | undefined {
  return frozen(input) ?? outside(input);
}

/** What keeps one that has begun from advancing: a person's Hold, a freeze, or a window whose onClose is Pause. */
export function pausedBy(input: Input): Pause | undefined {
  const hold = heldBy(input);
  if (hold)
    return pause(
      'HeldByPerson',
      'Held',
      `held by ${said(hold)}: the weight stays and guards go on; create a Decision with verdict Resume to go on, or Abort to go back`,
    );
  // What goes back is stopped by a person's Hold only.
  if (input.promotion.spec.rollback) return undefined;
  const calendar = calendarOf(input.environment, input.now);
  return frozen(input) ?? (calendar?.onClose === 'Pause' ? outside(input) : undefined);
}

/** A window has closed under it, and its onClose is Revert. */
export function revertedByWindow(input: Input): Failure | undefined {
  if (input.promotion.spec.rollback) return undefined;
  const calendar = calendarOf(input.environment, input.now);
  if (!calendar || calendar.open || calendar.onClose !== 'Revert' || passOver(input, 'Window'))
    return undefined;
  const message = `${calendar.reason}, and its onClose is Revert: apply a new Promotion, which begins when it opens`;
  return { reason: 'window', message, quarantine: false };
}

/**
 * Since when neither a window nor a freeze pauses it any more, epoch milliseconds: deadlines count from there. After a
 * Hold they count from the Resume.
 */
export function unpausedAt(input: Input): number | undefined {
  const { promotion, now } = input;
  const wasPaused = isPause(reasonOf(promotion)) && promotion.status?.plan !== undefined;
  return wasPaused && !pausedBy(input) ? now : fromTime(promotion.status?.unpausedAt);
}
