import { percentile } from './statistics.ts';

/** How well a schedule was kept, in seconds. */
export interface Lateness {
  p50: number;
  p99: number;
  /** Median over all of how far the last arrival is behind a schedule that starts with the first. */
  drift: number;
  /** Arrivals that were looked at. */
  samples: number;
}

/** @param arrivals of each promotion, in milliseconds, oldest first. */
export function latenessOf(arrivals: Iterable<readonly number[]>, intervalSeconds: number): Lateness {
  const late: number[] = [];
  const drifts: number[] = [];
  for (const times of arrivals) {
    const [first] = times;
    const last = times.at(-1);
    if (first === undefined || last === undefined || times.length < 2) continue;
    for (let i = 1; i < times.length; i += 1)
      late.push(Math.max(0, ((times[i] ?? 0) - (times[i - 1] ?? 0)) / 1000 - intervalSeconds));
    drifts.push((last - first) / 1000 - (times.length - 1) * intervalSeconds);
  }
  return {
    p50: percentile(late, 0.5),
    p99: percentile(late, 0.99),
    drift: percentile(drifts, 0.5),
    samples: late.length,
  };
}
