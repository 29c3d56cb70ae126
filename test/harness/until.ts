import { setTimeout as delay } from 'node:timers/promises';

/** Limits of a wait. */
export interface UntilOptions {
  /** How long to go on; generous by default, because a wait costs nothing once it is satisfied. */
  timeoutMs?: number;
  /** Pause between two looks. */
  intervalMs?: number;
}

/** A condition did not come true in time; the message carries what was seen last. */
export class UntilTimeout extends Error {
  override name = 'UntilTimeout';
}

/**
 * Looks again and again until `look` returns something other than false, null or undefined, and returns that.
 * An exception of `look` counts as "not yet" and is kept for the message.
 * `seen` is for looks whose falsy result says nothing: call it with whatever helps to understand a failure.
 * @throws UntilTimeout with `description` and the last value or error observed.
 */
export async function until<T>(
  description: string,
  look: (seen: (value: unknown) => void) => Promise<T> | T,
  { timeoutMs = 60_000, intervalMs = 50 }: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look((observed) => (last = observed));
      if (isThere(value)) return value;
      last ??= value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new UntilTimeout(
        `gave up after ${timeoutMs / 1000} s waiting until ${description}; last seen: ${show(last)}`,
      );
    }
    await delay(intervalMs);
  }
}

function isThere<T>(value: T): value is Exclude<T, false | null | undefined> {
  return value !== false && value !== null && value !== undefined;
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === undefined ? 'nothing' : text.slice(0, 4000);
}
