import { setTimeout as delay } from 'node:timers/promises';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { until } from '../harness/until.ts';
import { copySeed } from './copies.ts';
import { latenessOf } from './lateness.ts';
import { type Family, type Measurement, type Round, sizeOf } from './measure.ts';
import { startCompiled } from './operator.ts';
import { startRefusingProxy } from './refusing-proxy.ts';
import { seeds } from './seeds.ts';
import { StandIn } from './stand-in/stand-in.ts';
import { startBenchWorld } from './worlds.ts';

/* B19: a Prometheus that is slow and fails, then an API server that refuses; and how others fare meanwhile. */

const INTERVAL_SECONDS = 5;
const OTHERS = 100;

/** @param seconds of each fault. */
export function degraded(n: number, seconds: number): Family {
  return { name: `degraded, ${sizeOf(n)}`, rows: ['B19'], sluice: (round) => measure(round, n, seconds) };
}

async function measure(round: Round, n: number, seconds: number): Promise<Measurement[]> {
  const { judged } = await seeds();
  const world = await startBenchWorld({ controllers: 'stopped' });
  const slow = await StandIn.start();
  const proxy = await startRefusingProxy(world.cluster);
  try {
    const { standIn, cluster } = world;
    const gate = { intervalSeconds: INTERVAL_SECONDS };
    await copySeed(world, judged, { n, prefix: 's', gate: { ...gate, address: slow.url } });
    await copySeed(world, judged, { n: OTHERS, prefix: 'o', gate });
    await slow.behave({ latencyMs: 2000, errorRate: 0.05 });
    await startCompiled(world, round, { args: [`--kubeconfig=${proxy.kubeconfig}`] });
    await until('the others were asked about', async () => (await standIn.log()).arrivals.size >= OTHERS);
    await delay(2 * INTERVAL_SECONDS * 1000);

    round.say('Prometheus is slow');
    await Promise.all([standIn.clear(), slow.clear()]);
    await delay(seconds * 1000);
    const besideSlow = latenessOf((await standIn.log()).arrivals.values(), INTERVAL_SECONDS);
    const slowly = await slow.log();

    round.say('the API server refuses');
    await standIn.clear();
    proxy.refuse(true);
    await delay(seconds * 1000);
    const besideRefusal = latenessOf((await standIn.log()).arrivals.values(), INTERVAL_SECONDS);
    proxy.refuse(false);
    await delay(2 * INTERVAL_SECONDS * 1000);

    const { items } = await cluster.api.list<Promotion & KubeObject>('/apis/sluice.dev/v1alpha1/promotions');
    const failed = items.filter(
      (p) => p.status?.revert ?? p.status?.gates?.some((g) => g.verdict === 'Fail'),
    );
    return [
      one('lateness of others, Prometheus slow, s', besideSlow.p99, {
        samples: besideSlow.samples,
        'queries to the slow one': slowly.queries,
        'of these refused': slowly.refused,
      }),
      one('lateness of others, API refusing, s', besideRefusal.p99, {
        samples: besideRefusal.samples,
        'requests refused': proxy.refused,
      }),
      one('wrong verdicts', failed.length, { promotions: items.length }),
    ];
  } finally {
    await world.stop();
    await proxy.stop();
    await slow.stop();
  }
}

function one(at: string, value: number, details: Record<string, number>): Measurement {
  return { row: 'B19', at, side: 'Sluice', value, details };
}
