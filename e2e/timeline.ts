import type { Outcome } from './scenario/play.ts';

const began = performance.now();

/** A line of the timeline: when, since the start, and what. */
export function tell(what: string): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(7);
  process.stdout.write(`${seconds} s  ${what}\n`);
}

/** The last line. */
export function verdictOf({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
