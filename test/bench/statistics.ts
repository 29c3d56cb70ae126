/** The value below which the share `p` (0 to 1) of the values lies, by the nearest rank; NaN of none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** A straight line through points by least squares: `y = intercept + slope * x`, and the error of the slope. */
export function line(points: readonly (readonly [x: number, y: number])[]): {
  slope: number;
  /** Standard error of the slope; NaN of fewer than three points. */
  error: number;
} {
  const n = points.length;
  const mean = (i: 0 | 1): number => points.reduce((sum, p) => sum + p[i], 0) / n;
  const [mx, my] = [mean(0), mean(1)];
  const sxx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  const sxy = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const slope = sxy / sxx;
  const residual = points.reduce((sum, [x, y]) => sum + (y - my - slope * (x - mx)) ** 2, 0);
  return { slope, error: n > 2 ? Math.sqrt(residual / (n - 2) / sxx) : Number.NaN };
}

/** Points in the same order as the means of at most `parts` parts of equal length; those that are left over are not used. */
export function means(
  points: readonly (readonly [x: number, y: number])[],
  parts: number,
): (readonly [x: number, y: number])[] {
  const size = Math.max(1, Math.floor(points.length / parts));
  return Array.from({ length: Math.min(parts, Math.floor(points.length / size)) }, (_, part) => {
    const some = points.slice(part * size, (part + 1) * size);
    const mean = (i: 0 | 1): number => some.reduce((sum, p) => sum + p[i], 0) / size;
    return [mean(0), mean(1)] as const;
  });
}

/**
 * How a cost grows with the number of objects: the exponent of `cost = c * n^exponent`, fitted to the logarithms.
 * 1 is linear; NaN of fewer than two sizes.
 */
export function growthExponent(costs: readonly (readonly [n: number, cost: number])[]): number {
  return line(costs.map(([n, cost]) => [Math.log(n), Math.log(cost)] as const)).slope;
}
