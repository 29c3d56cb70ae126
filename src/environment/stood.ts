import type { Environment, EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { fingerprint } from '../runtime/hash.ts';
import { fromTime, toTime } from '../runtime/time.ts';
import { calendarOf } from './calendar.ts';

/* What the windows have said in the past, as far as they stood then as they do now. */

type DeclaredWindows = NonNullable<EnvironmentStatus['declaredWindows']>;

/** The windows that the spec declares, and since when they were seen: an edit of one makes them others. */
export function declaredWindowsOf({ spec, status }: Environment, now: number): DeclaredWindows | undefined {
  if (!spec.windows) return undefined;
  const hash = fingerprint(spec.windows.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  const before = status?.declaredWindows;
  return before?.hash === hash ? before : { hash, since: toTime(now) };
}

/** Whether the windows stand as they did before an instant, epoch milliseconds: what they said then is known. */
export function stoodBefore(environment: Environment, at: number): boolean {
  const seen = environment.status?.declaredWindows;
  const since = declaredWindowsOf(environment, at) === seen ? fromTime(seen?.since) : undefined;
  return since !== undefined && since < at;
}

/** Whether the windows have kept the Environment closed from one instant to another. */
export function closedThroughout(environment: Environment, from: number, to: number): boolean {
  if (!stoodBefore(environment, from)) return false;
  let at = from;
  for (;;) {
    const calendar = calendarOf(environment, at);
    if (!calendar || calendar.open) return false;
    if (calendar.steadyUntil > to) return true;
    at = calendar.steadyUntil;
  }
}
