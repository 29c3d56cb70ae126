import { setTimeout as delay } from 'node:timers/promises';
import type { RunningOperator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';
import { copySeed } from './copies.ts';
import { operatorCounters } from './counters.ts';
import type { Family, Measurement, Round } from './measure.ts';
import { startCompiled } from './operator.ts';
import { seeds } from './seeds.ts';
import { type BenchWorld, startBenchWorld } from './worlds.ts';

/* B13: two replicas, the one that leads goes. */

const PROMOTIONS = 20;

export function failover(): Family {
  return { name: 'failover', rows: ['B13'], sluice: measure };
}

async function measure(round: Round): Promise<Measurement[]> {
  const { judged } = await seeds();
  const world = await startBenchWorld({ controllers: 'stopped' });
  try {
    await copySeed(world, judged, { n: PROMOTIONS, prefix: 'l', gate: { intervalSeconds: 1 } });
    const first = await startCompiled(world, round);
    const second = await startCompiled(world, round);
    const stopped = await lose(world, 'SIGTERM', first, second);
    const third = await startCompiled(world, round);
    return [stopped, await lose(world, 'SIGKILL', second, third)];
  } finally {
    await world.stop();
  }
}

const leads = async ({ url }: RunningOperator): Promise<boolean> =>
  (await operatorCounters(url)).sum('leader_election_master_status') === 1;

async function lose(
  { standIn }: BenchWorld,
  how: 'SIGTERM' | 'SIGKILL',
  leader: RunningOperator,
  standby: RunningOperator,
): Promise<Measurement> {
  await until('the first replica leads', () => leads(leader));
  await until('it samples', async () => (await standIn.log()).arrivals.size >= PROMOTIONS);
  await delay(3000);
  const began = performance.timeOrigin + performance.now();
  await leader.program.signal(how);
  await leader.program.exited;
  const gone = performance.timeOrigin + performance.now();
  const next = await until(
    'the other one samples',
    async () => {
      // What the one that went had under way may have arrived until it was gone, not later.
      const arrivals = [...(await standIn.log()).arrivals.values()].flat().filter((at) => at > gone);
      return arrivals.length > 0 && Math.min(...arrivals);
    },
    { timeoutMs: 60_000 },
  );
  await until('it leads', () => leads(standby));
  await standIn.clear();
  return {
    row: 'B13',
    at: how,
    side: 'Sluice',
    value: (next - began) / 1000,
    details: { 'gone after, s': (gone - began) / 1000 },
  };
}
