import type { Random } from '../runtime/random.ts';

/** `baseMs` doubles with each failure up to `capMs`. */
export interface BackoffRange {
  baseMs: number;
  capMs: number;
}

/**
 * Milliseconds to wait after `failures` (1 or more) in a row, with full jitter: anything between nothing and
 * the exponential bound. Many clients that failed together then do not come back together (AWS architecture
 * blog, "Exponential backoff and jitter").
 */
export function fullJitter({ baseMs, capMs }: BackoffRange, failures: number, random: Random): number {
  return random() * exponential({ baseMs, capMs }, failures);
}

/** The bound itself; doubling stops before it can overflow. */
export function exponential({ baseMs, capMs }: BackoffRange, failures: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 40));
}
