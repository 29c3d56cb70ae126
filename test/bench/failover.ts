import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../harness/until.ts';
import { copySeed } from './copies.ts';
import { operatorCounters } from './counters.ts';
import type { Family, Measurement, Round } from './measure.ts';
import { startCompiled } from './operator.ts';
import { seeds } from './seeds.ts';
import { startBenchWorld } from './worlds.ts';

/* B13: two replicas, the one that leads goes. */

const PROMOTIONS = 20;

export function failover(): Family {
  return {
    name: 'failover',
    rows: ['B13'],
    sluice: async (round) => [await lose(round, 'SIGTERM'), await lose(round, 'SIGKILL')],
  };
}

async function lose(round: Round, how: 'SIGTERM' | 'SIGKILL'): Promise<Measurement> {
  const { judged } = await seeds();
  const world = await startBenchWorld({ controllers: 'stopped' });
  try {
    const { standIn } = world;
    await copySeed(world, judged, { n: PROMOTIONS, prefix: 'l', gate: { intervalSeconds: 1 } });
    const leader = await startCompiled(world, round);
    await until('the first replica leads', async () => {
      const counters = await operatorCounters(leader.url);
      return counters.sum('leader_election_master_status') === 1;
    });
    const standby = await startCompiled(world, round);
    await until('it samples', async () => (await standIn.log()).arrivals.size >= PROMOTIONS);
    // The record of the lease is to be as old as it gets.
    await delay(3000);
    const began = performance.timeOrigin + performance.now();
    await leader.program.signal(how);
    await leader.program.exited;
    const gone = performance.timeOrigin + performance.now();
    // What was under way when the signal came still arrives; the queries of the other one come after its end.
    await standIn.clear();
    const first = await until(
      'the other one samples',
      async () => {
        const arrivals = [...(await standIn.log()).arrivals.values()].flat();
        return arrivals.length > 0 && Math.min(...arrivals);
      },
      { timeoutMs: 60_000 },
    );
    await until('it leads', async () => {
      const counters = await operatorCounters(standby.url);
      return counters.sum('leader_election_master_status') === 1;
    });
    return {
      row: 'B13',
      at: how,
      side: 'Sluice',
      value: (first - began) / 1000,
      details: { 'gone after, s': (gone - began) / 1000 },
    };
  } finally {
    await world.stop();
  }
}
