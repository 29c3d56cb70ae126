import { degraded } from './degraded.ts';
import { failover } from './failover.ts';
import { gates } from './gates.ts';
import type { Family } from './measure.ts';
import { reverts, revertsOfCopies } from './reverts.ts';
import { soak } from './soak.ts';
import { start } from './start.ts';
import { throughput } from './throughput.ts';
import { writes } from './writes.ts';

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
      soak(30, 10),
    ];
  return [
    gates({ n: 100, intervalSeconds: 5, seconds: 30, anchorSeconds: 30, breach: true }),
    gates({ n: 1000, intervalSeconds: 5, seconds: 60, anchorSeconds: 75, breach: true }),
    gates({ n: 10_000, intervalSeconds: 5, seconds: 45 }),
    gates({ n: 10_000, intervalSeconds: 30, seconds: 60 }),
    reverts(20),
    reverts(100),
    revertsOfCopies(1000),
    writes(5),
    throughput(100),
    start(10_000),
    failover(),
    degraded(1000, 30),
    soak(20 * 60, 20),
  ];
}
