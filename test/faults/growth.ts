import { line } from '../bench/statistics.ts';

/** A straight line through values that were taken at even distances, by least squares. */
export interface Trend {
  /** What the line says at its beginning. */
  from: number;
  /** By how much it rises from its beginning to its end. */
  rise: number;
  /** Standard error of `rise`, in the same unit. */
  error: number;
}

/** Fits a trend. @throws RangeError for fewer than three values, through which every line is as good. */
export function trendOf(values: readonly number[]): Trend {
  const n = values.length;
  if (n < 3) throw new RangeError('a trend needs three values');
  const middle = (n - 1) / 2;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const { slope, error } = line(values.map((v, i) => [i, v] as const));
  const span = n - 1;
  return { from: mean - slope * middle, rise: slope * span, error: error * span };
}

/**
 * Whether values rise: by more than three standard errors, and by more than `tolerated` of where they began, which is
 * what a cache that fills up to its bound may take.
 */
export function isGrowing(values: readonly number[], tolerated: number): boolean {
  const { from, rise, error } = trendOf(values);
  return rise > 3 * error && rise > tolerated * from;
}
