import { setTimeout as delay } from 'node:timers/promises';
import { type AnalysisRun, createRuns, RUNS } from './analysis-runs.ts';
import { apiserverCounters, writes } from './counters.ts';
import { firstSeen } from './first-seen.ts';
import { type Measurement, sizeOf } from './measure.ts';
import { startBenchWorld } from './worlds.ts';

const GOOD_SAMPLES = 12;

/** B5 of the anchor: AnalysisRuns that take 12 good samples and end. */
export async function writesOfRuns(n: number): Promise<Measurement[]> {
  const world = await startBenchWorld({ controllers: 'raised' });
  try {
    const { api } = world.cluster;
    const before = await apiserverCounters(api);
    const done = await firstSeen<AnalysisRun>(api, RUNS, ({ status }) => status?.phase === 'Successful');
    await createRuns(world, n, { intervalSeconds: 1, count: GOOD_SAMPLES });
    await done.count(n, 'every AnalysisRun is Successful', 120_000);
    done.stop();
    // Its events come after its end.
    await delay(3000);
    const after = await apiserverCounters(api);
    const of = (resource: string): number => (writes(after, resource) - writes(before, resource)) / n;
    // Its creation is not the controller's.
    const runs = of('analysisruns') - 1;
    return [
      {
        row: 'B5',
        at: sizeOf(n),
        side: 'Argo Rollouts',
        value: runs + of('events'),
        details: { events: of('events') },
      },
    ];
  } finally {
    await world.stop();
  }
}
