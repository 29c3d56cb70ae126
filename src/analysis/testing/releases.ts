import type { Random } from '../../runtime/random.ts';
import { type Counts, eValue, type Evidence, NO_EVIDENCE, withLook } from '../sequential.ts';

/*
 * Releases in simulation, for the property tests of the sequential test and for `make bench-compare`: canary and
 * stable serve for ten minutes, and rules decide by the counts of each look whether to abort.
 */

/** Seconds of one look, and looks of one release. */
export const LOOK_SECONDS = 15;
export const LOOKS = 40;

/** Repeatable randomness (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A standard normal number (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** How many events of that mean; by the normal approximation where the mean is large. */
export function poisson(mean: number, random: Random): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let product = random();
  let events = 0;
  while (product > limit) {
    product *= random();
    events++;
  }
  return events;
}

export interface Release {
  /** Requests a second; stable gets nine times the canary's, as at a weight of 10 %. */
  canaryPerSecond: number;
  /** Share of requests that fail. */
  canaryRate: number;
  stableRate: number;
  /** Whose rate jumps about by a log-normal factor at each look, and how widely. */
  noise?: { on: 'canary' | 'both'; logSd: number };
}

export interface Look {
  canary: Counts;
  stable: Counts;
}

/** The looks of one release. */
export function looksOf(release: Release, random: Random): Look[] {
  const { canaryPerSecond, canaryRate, stableRate, noise } = release;
  const side = (perSecond: number, rate: number): Counts => {
    const bad = poisson(perSecond * LOOK_SECONDS * rate, random);
    return { bad, total: bad + poisson(perSecond * LOOK_SECONDS * Math.max(0, 1 - rate), random) };
  };
  return Array.from({ length: LOOKS }, () => {
    // The mean of the factor is 1, so that the rates are what they are called.
    const jump = noise ? Math.exp(noise.logSd * normal(random) - noise.logSd ** 2 / 2) : 1;
    const canary = side(canaryPerSecond, Math.min(1, canaryRate * jump));
    const stable = side(9 * canaryPerSecond, Math.min(1, stableRate * (noise?.on === 'both' ? jump : 1)));
    return { canary, stable };
  });
}

/** After how many seconds a rule aborts the release; undefined: never. */
export type Rule = (looks: readonly Look[]) => number | undefined;

/** The sequential test. */
export function sequentialRule(alpha: number, margin: number): Rule {
  return (looks) => {
    let evidence: Evidence = NO_EVIDENCE;
    for (const [i, { canary, stable }] of looks.entries()) {
      evidence = withLook(evidence, canary, stable, margin);
      if (eValue(evidence) >= 1 / alpha) return (i + 1) * LOOK_SECONDS;
    }
    return undefined;
  };
}

/** A limit on the canary's rate in each minute; aborts by what `isOver` makes of the minutes so far. */
export function thresholdRule(limit: number, isOver: (failed: readonly boolean[]) => boolean): Rule {
  const perMinute = 60 / LOOK_SECONDS;
  return (looks) => {
    const failed: boolean[] = [];
    for (let end = perMinute; end <= looks.length; end += perMinute) {
      const minute = looks.slice(end - perMinute, end);
      const bad = minute.reduce((sum, { canary }) => sum + canary.bad, 0);
      const total = minute.reduce((sum, { canary }) => sum + canary.total, 0);
      failed.push(total > 0 && bad / total > limit);
      if (isOver(failed)) return end * LOOK_SECONDS;
    }
    return undefined;
  };
}

/** failureLimit of Argo Rollouts: so many failures in all are tolerated. */
export const failureLimit = (tolerated: number) => (failed: readonly boolean[]) =>
  failed.filter(Boolean).length > tolerated;

/** So many failures in a row. */
export const inARow = (count: number) => (failed: readonly boolean[]) =>
  failed.length >= count && failed.slice(-count).every(Boolean);

export interface Tally {
  /** Share of releases aborted. */
  aborted: number;
  /** Median of the seconds until then. */
  medianSeconds: number | undefined;
}

/** What a rule does to many releases of one sort. */
export function tally(rule: Rule, releases: readonly (readonly Look[])[]): Tally {
  const seconds = releases.flatMap((looks) => rule(looks) ?? []).toSorted((a, b) => a - b);
  return {
    aborted: seconds.length / releases.length,
    medianSeconds: seconds[Math.floor(seconds.length / 2)],
  };
}
