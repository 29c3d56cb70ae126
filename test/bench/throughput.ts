import { setTimeout as delay } from 'node:timers/promises';
import { apply } from '../harness/apply.ts';
import { createApps, createEnvironments, namesOf, promoteAll, untilAllSucceeded, watchEnds } from './apps.ts';
import { operatorCounters } from './counters.ts';
import { appOf, gateOf, pausesOf } from './manifests.ts';
import { type Family, type Measurement, type Round, sizeOf } from './measure.ts';
import { startCompiled } from './operator.ts';
import { startBenchWorld } from './worlds.ts';

/* B14 and B17: many promotions at once, from their creation to their end, on real controllers. */

export function throughput(n: number): Family {
  return { name: `throughput, ${sizeOf(n)}`, rows: ['B14', 'B17'], sluice: (round) => complete(round, n) };
}

async function complete(round: Round, n: number): Promise<Measurement[]> {
  const namespace = 'throughput';
  const world = await startBenchWorld({ controllers: 'raised' });
  try {
    const { cluster } = world;
    const names = namesOf('app', n);
    await cluster.createNamespace(namespace);
    const operator = await startCompiled(world, round);
    await apply(cluster.api, gateOf(namespace, 'quick', { intervalSeconds: 1, count: 1, recorded: true }));
    await createApps(cluster.api, namespace, names, (name) => appOf(namespace, name, { steps: pausesOf(3) }));
    await createEnvironments(cluster.api, namespace, names, ['quick']);
    await delay(2000);
    round.say('every Rollout is Healthy');
    const counted = await operatorCounters(operator.url);
    const done = await watchEnds(cluster.api, namespace);
    const began = performance.timeOrigin + performance.now();
    await promoteAll(cluster.api, namespace, names, 'v2');
    await untilAllSucceeded(done, n);
    const seconds = (Math.max(...done.at.values()) - began) / 1000;
    const after = await operatorCounters(operator.url);
    const requests = after.sum('rest_client_requests_total');
    const opened = after.sum('sluice_api_connections_opened_total');
    return [
      { row: 'B14', at: sizeOf(n), side: 'Sluice', value: n / seconds },
      {
        row: 'B17',
        at: sizeOf(n),
        side: 'Sluice',
        value: (opened / requests) * 1000,
        details: {
          opened,
          requests,
          'requests in the run': requests - counted.sum('rest_client_requests_total'),
        },
      },
    ];
  } finally {
    await world.stop();
  }
}
