/**
 * A sequential test of counts: does the canary fail more often than stable, looked at as often as one likes?
 * A fixed threshold that is looked at again and again trips by chance sooner or later; this one does so in at
 * most `alpha` of all releases, however many looks there are, because its evidence is a test martingale (Ville's
 * inequality; after Lindon, Sanden and Shirikian, KDD 2022, arXiv 2205.14762, in the form for counts).
 */

/** What happened to one version between two looks. */
export interface Counts {
  bad: number;
  total: number;
}

/** Rates of failure that the test looks for, as multiples of the most that the null hypothesis allows. */
const RATIOS = [1.5, 2, 3, 5, 10, 20] as const;

/** For each ratio the logarithm of the likelihood ratio, all looks multiplied. */
export type Evidence = readonly number[];

/** Before any look. */
export const NO_EVIDENCE: Evidence = RATIOS.map(() => 0);

/**
 * The evidence after one more look. When the canary fails at most `margin` times as often as stable, a request
 * that failed was the canary's with a probability of at most `null`, whatever the rate of failure: a shared
 * outage blames nobody. The traffic of each look enters, so that the weight may change between looks. The
 * alternatives lie beyond the margin, all of them: one below it would grow where the null hypothesis holds.
 * A look without requests on either side compares nothing.
 */
export function withLook(evidence: Evidence, canary: Counts, stable: Counts, margin: number): Evidence {
  if (!(canary.total > 0) || !(stable.total > 0)) return evidence;
  const odds = (canary.total / stable.total) * margin;
  return RATIOS.map((ratio, i) => {
    // Shares of canary and of stable under the alternative, over those under the null hypothesis.
    const shift = Math.log1p(odds) - Math.log1p(odds * ratio);
    return (evidence[i] ?? 0) + canary.bad * (Math.log(ratio) + shift) + stable.bad * shift;
  });
}

/** Nobody needs to tell apart what lies beyond. */
const MOST = 1e12;

/**
 * The e-value: the average of the likelihood ratios. 1 is no evidence, less speaks for the canary; it reaches
 * 1/alpha in at most a share `alpha` of the releases that are no worse than the margin.
 */
export function eValue(evidence: Evidence): number {
  const largest = Math.max(...evidence);
  const sum = evidence.reduce((total, log) => total + Math.exp(log - largest), 0);
  return Math.min(MOST, Math.exp(largest) * (sum / evidence.length));
}
