/**
 * Seconds until a canary has had so many requests (`minSamples.atLeast`), from what stable has now: `stableCount`,
 * the answer of `minSamples.query` for the stable version, which has all of the traffic in preflight, over
 * `windowSeconds`, the range of that query. At least one; infinite without traffic or weight.
 */
export function secondsUntilSamples(
  atLeast: number,
  stableCount: number,
  windowSeconds: number,
  weightPercent: number,
): number {
  const perSecond = (stableCount / windowSeconds) * (weightPercent / 100);
  return perSecond > 0 ? Math.max(1, Math.ceil(atLeast / perSecond)) : Number.POSITIVE_INFINITY;
}

/**
 * Whether `minSamples` can be reached at all: a window of fixed length forgets as fast as it learns, so that a
 * canary with too little traffic stays Inconclusive for ever. One that grows with the step ends up with enough.
 * A sentence to warn with, or undefined: it is reached before the gate's deadline.
 */
export function samplesWarning(
  given: { atLeast: number; stableCount: number; windowSeconds: number; weightPercent: number },
  query: { growsWithStep: boolean; deadlineSeconds: number },
): string | undefined {
  const { atLeast, stableCount, windowSeconds, weightPercent } = given;
  const seconds = secondsUntilSamples(atLeast, stableCount, windowSeconds, weightPercent);
  const at = `at ${weightPercent} % of the present traffic`;
  if (seconds === Number.POSITIVE_INFINITY)
    return `minSamples.atLeast is never reached ${at}: there is none; send some, or lower it`;
  if (!query.growsWithStep && seconds > windowSeconds)
    return `minSamples.atLeast is never reached ${at}: ${atLeast} requests take ${duration(seconds)}, and the query looks back ${duration(windowSeconds)}; write [{{ stepSeconds }}s] in it, or lower atLeast`;
  if (seconds > query.deadlineSeconds)
    return `minSamples.atLeast takes ${duration(seconds)} ${at}, longer than deadlineSeconds (${duration(query.deadlineSeconds)}): raise that, or lower atLeast`;
  return undefined;
}

/** `45 s`, `20 min`, `3 h`: rounded up, for people. */
function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
