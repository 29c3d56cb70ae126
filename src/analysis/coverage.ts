/** A gap longer than this many intervals was not watched all the time. */
const WIDEST_GAP_INTERVALS = 2;

/**
 * Milliseconds of sighted time that a conclusive sample at `at` adds, when the sample before it was conclusive
 * too and taken at `sightedAt`; undefined says that it was not. Blind time counts neither for a step nor for
 * the bake (law 2), so a gap with an Inconclusive or Error sample at either end adds nothing, and one that is
 * wider than two intervals (the operator was down, the backend slow) adds two intervals.
 */
export function coveredGapMs(sightedAt: number | undefined, at: number, intervalMs: number): number {
  if (sightedAt === undefined) return 0;
  return Math.min(Math.max(at - sightedAt, 0), WIDEST_GAP_INTERVALS * intervalMs);
}
