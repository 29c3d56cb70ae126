import { type Opening, Windows } from '../analysis/windows.ts';
import type { Decision, Environment, EnvironmentStatus, EnvironmentWindow } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';
import { fromTime, toTime } from '../runtime/time.ts';

/* When an Environment lets promotions begin: its windows, and whether it is frozen. */

/** The same array means the same windows: an Environment is parsed once for each version of it. */
const compiled = new WeakMap<readonly EnvironmentWindow[], Windows | RangeError>();

function windowsOf(specs: readonly EnvironmentWindow[]): Windows | RangeError {
  let windows = compiled.get(specs);
  if (windows === undefined) {
    try {
      windows = new Windows(specs);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      windows = error;
    }
    compiled.set(specs, windows);
  }
  return windows;
}

/** What the windows say, and what becomes of those in flight while they close the Environment. */
export interface Calendar extends Opening {
  onClose: EnvironmentWindow['onClose'];
  /** A window cannot be read, which closes the Environment: what to write instead. */
  unreadable?: string;
}

const STRICTNESS = ['Finish', 'Pause', 'Revert'] as const;

/** The windows at an instant, epoch milliseconds; undefined: there are none. */
export function calendarOf(environment: Environment | undefined, now: number): Calendar | undefined {
  const specs = environment?.spec.windows;
  if (!specs) return undefined;
  const windows = windowsOf(specs);
  if (windows instanceof RangeError)
    return {
      open: false,
      reason: windows.message,
      unreadable: windows.message,
      closedBy: specs.map((w) => w.name),
      until: Number.POSITIVE_INFINITY,
      steadyUntil: Number.POSITIVE_INFINITY,
      // A typing error is no reason to go back.
      onClose: 'Finish',
    };
  const opening = windows.at(now);
  const strictest = Math.max(
    ...specs.filter((w) => opening.closedBy.includes(w.name)).map((w) => STRICTNESS.indexOf(w.onClose)),
    0,
  );
  return { ...opening, onClose: STRICTNESS[strictest] ?? 'Finish' };
}

/** A Freeze or a Thaw by a person. Times are epoch milliseconds, `at` in whole seconds. */
export interface FreezeOrder {
  name: string;
  uid: string;
  /** Who it says decided. */
  by: string;
  verdict: 'Freeze' | 'Thaw';
  at: number;
  until: number;
  reason: string;
}

/** A Freeze by a person lasts so long at most. */
const LONGEST_FREEZE_MS = 30 * 24 * 3600 * 1000;

/** When a Freeze or a Thaw ends by itself, epoch milliseconds. */
function endOf({ metadata, spec }: Pick<Decision, 'metadata' | 'spec'>): number {
  const longest = Date.parse(metadata.creationTimestamp) + LONGEST_FREEZE_MS;
  return Math.min(fromTime(spec.until) ?? longest, longest);
}

/** Whether it is a Freeze whose time is over, or a Thaw of what is over by now. */
export function isOver(decision: Pick<Decision, 'metadata' | 'spec'>, now: number): boolean {
  const { verdict } = decision.spec;
  return (verdict === 'Freeze' || verdict === 'Thaw') && endOf(decision) <= now;
}

/**
 * Decisions as freezes and thaws, oldest first; of the same second the Freeze is last, the safer reading. What the
 * Environment has on record counts where the Decision is not to be seen: a cache that is behind would thaw the place.
 */
export function freezeOrders(
  decisions: readonly Decision[],
  environment: Pick<Environment, 'status'> | undefined,
): FreezeOrder[] {
  const seen = decisions.flatMap(({ metadata, spec }): FreezeOrder[] => {
    const { by, verdict, reason = '' } = spec;
    if (verdict !== 'Freeze' && verdict !== 'Thaw') return [];
    const at = Date.parse(metadata.creationTimestamp);
    const until = endOf({ metadata, spec });
    return [{ name: metadata.name, uid: metadata.uid, by, verdict, at, until, reason }];
  });
  const known = new Set(seen.map(({ uid }) => uid));
  return [...seen, ...onRecord(environment).filter(({ uid }) => !known.has(uid))].toSorted(
    (a, b) => a.at - b.at || rank(a) - rank(b) || (a.uid < b.uid ? -1 : 1),
  );
}

function onRecord(environment: Pick<Environment, 'status'> | undefined): FreezeOrder[] {
  return (environment?.status?.decisions ?? []).flatMap(({ name, uid, by, verdict, at, until }) => {
    if (verdict !== 'Freeze' && verdict !== 'Thaw') return [];
    const since = Date.parse(at);
    // Without an end it is a record of before there was one, and is over.
    return [
      { name, uid, by, verdict, at: since, until: fromTime(until) ?? since, reason: 'as is on record' },
    ];
  });
}

const rank = (order: FreezeOrder): number => (order.verdict === 'Freeze' ? 1 : 0);

/** Why nothing begins and nothing advances here. */
export interface Freeze {
  /** Who it says froze it; undefined: the Environment's spec. */
  by?: string;
  reason: string;
  /** When it ends by itself, epoch milliseconds. */
  until?: number;
  /** Since when, epoch milliseconds; undefined: the Environment has not looked at it yet. */
  since?: number;
}

type Declared = NonNullable<EnvironmentStatus['declaredFreeze']>;

/** The freeze that the spec declares, and since when it was seen: an edit of it is another one. */
export function declaredFreezeOf({ spec, status }: Environment, now: number): Declared | undefined {
  if (!spec.freeze) return undefined;
  const { until } = spec.freeze;
  const reason = presentable(spec.freeze.reason, 1024);
  const before = status?.declaredFreeze;
  if (before?.reason === reason && before.until === until) return before;
  return { reason, ...(until !== undefined && { until }), since: toTime(now) };
}

/** The freeze in force that lasts longest. */
export function freezeOf(
  environment: Environment | undefined,
  orders: readonly FreezeOrder[],
  now: number,
): Freeze | undefined {
  return freezesOf(environment, orders, now)[0];
}

/**
 * The freezes in force, of the spec and of persons, the one that lasts longest first. A Freeze stands until its time is
 * over or a Thaw comes after it: a shorter one that somebody adds takes nothing from it.
 */
export function freezesOf(
  environment: Environment | undefined,
  orders: readonly FreezeOrder[],
  now: number,
): Freeze[] {
  const declared = environment?.spec.freeze;
  const until = fromTime(declared?.until);
  const found: Freeze[] = [];
  if (environment && declared && (until === undefined || now < until)) {
    const seen = environment.status?.declaredFreeze;
    const since = declaredFreezeOf(environment, now) === seen ? fromTime(seen?.since) : undefined;
    found.push({
      reason: declared.reason,
      ...(until !== undefined && { until }),
      ...(since !== undefined && { since }),
    });
  }
  const thawed = orders.findLastIndex((order) => order.verdict === 'Thaw');
  for (const { by, reason, until: ends, at } of orders.slice(thawed + 1))
    if (now < ends) found.push({ by, reason, until: ends, since: at });
  return found.toSorted(
    (a, b) => (b.until ?? Number.POSITIVE_INFINITY) - (a.until ?? Number.POSITIVE_INFINITY),
  );
}
