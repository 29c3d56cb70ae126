import { degraded } from './degraded.ts';
import { failover } from './failover.ts';
import { eventLoop, gates } from './gates.ts';
import type { Family } from './measure.ts';
import { reverts, revertsOfCopies } from './reverts.ts';
import { soak } from './soak.ts';
import { start, startWith } from './start.ts';
import { throughput } from './throughput.ts';
import { writes } from './writes.ts';

/** Sampling as it goes on for hours: what a young process compiles is no part of it. */
const STEADY = { intervalSeconds: 5, warmSeconds: 30 };

/** What is measured, in this order; the short form measures the same rows at smaller sizes. */
export function families(short: boolean): Family[] {
  if (short)
    return [
      gates({ n: 100, intervalSeconds: 5, seconds: 10, anchorSeconds: 10, breach: true }),
      reverts(20),
      writes(2),
      throughput(20),
      start(1000),
      failover(),
      degraded(100, 10),
      soak({ warmSeconds: 6, seconds: 24, apps: 10 }),
    ];
  return [
    gates({ n: 100, seconds: 30, anchorSeconds: 30, breach: true, ...STEADY }),
    gates({ n: 1000, seconds: 60, anchorSeconds: 75, breach: true, ...STEADY }),
    gates({ n: 10_000, seconds: 45, ...STEADY }),
    gates({ n: 10_000, seconds: 60, ...STEADY, intervalSeconds: 30 }),
    eventLoop(10_000, { seconds: 45, ...STEADY }),
    reverts(20),
    reverts(100),
    revertsOfCopies(1000),
    writes(5),
    throughput(100),
    start(10_000),
    startWith(10_000),
    failover(),
    degraded(1000, 30),
    soak({ warmSeconds: 15 * 60, seconds: 20 * 60, apps: 20 }),
  ];
}
