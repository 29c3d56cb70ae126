import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../harness/http.ts';
import type { RunningOperator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';
import { appsWith, copySeed } from './copies.ts';
import { operatorCounters } from './counters.ts';
import { byObjects, type Family, type Measurement, objectsOf, type Round, sizeOf } from './measure.ts';
import { startCompiled } from './operator.ts';
import { cpuSeconds, memory } from './process-figures.ts';
import { seeds } from './seeds.ts';
import { type BenchWorld, startBenchWorld } from './worlds.ts';

/* B11 at rest, B12 and B16: the start of the operator, with nothing and with much that has ended. */

export function start(n: number): Family {
  return {
    name: `start, ${sizeOf(n)} that have ended`,
    rows: ['B11', 'B12', 'B16'],
    sluice: (round) => measure(round, n),
  };
}

/** The start alone, by the number of objects. */
export function startWith(objects: number): Family {
  return {
    name: `start, ${objectsOf(objects)}`,
    rows: ['B12'],
    sluice: async (round) => byObjects('B12', objects, await measure(round, appsWith(objects))),
  };
}

async function measure(round: Round, n: number): Promise<Measurement[]> {
  const { finished } = await seeds();
  const world = await startBenchWorld({ controllers: 'stopped' });
  try {
    const empty = await settled(world, round);
    const atRest = memory(empty.operator.program);
    const bare = await scrape(empty.operator);
    await empty.operator.program.stop();
    round.say('copying');
    await copySeed(world, finished, { n, prefix: 'f', gate: { intervalSeconds: 60 } });
    const full = await settled(world, round);
    const loaded = memory(full.operator.program);
    const big = await scrape(full.operator);
    const at = sizeOf(n);
    return [
      { row: 'B11', at: 'N = 0', side: 'Sluice', value: atRest.now, details: { 'peak, MB': atRest.peak } },
      {
        row: 'B11',
        at: `${at} that have ended`,
        side: 'Sluice',
        value: loaded.now,
        details: { 'peak, MB': loaded.peak },
      },
      {
        row: 'B12',
        at,
        side: 'Sluice',
        value: full.readySeconds,
        details: { 'with nothing, s': empty.readySeconds, 'CPU of the first 10 s, s': full.cpu },
      },
      {
        row: 'B16',
        at,
        side: 'Sluice',
        value: big.bytes / 1000,
        details: { ms: big.ms, bytesMore: big.bytes - bare.bytes },
      },
    ];
  } finally {
    await world.stop();
  }
}

/** Starts it and lets it come to rest. */
async function settled(
  world: BenchWorld,
  round: Round,
): Promise<{ operator: RunningOperator; readySeconds: number; cpu: number }> {
  const began = performance.now();
  const operator = await startCompiled(world, round);
  const readySeconds = (performance.now() - began) / 1000;
  await delay(Math.max(0, 10_000 - readySeconds * 1000));
  const cpu = cpuSeconds(operator.program);
  await until(
    'the queues are empty',
    async () => (await operatorCounters(operator.url)).sum('workqueue_depth') === 0,
    { timeoutMs: 120_000, intervalMs: 500 },
  );
  return { operator, readySeconds, cpu };
}

/** One scrape of `/metrics`, the second in a row. */
async function scrape({ url }: RunningOperator): Promise<{ bytes: number; ms: number }> {
  await send('GET', `${url}/metrics`);
  const began = performance.now();
  const { body } = await send('GET', `${url}/metrics`);
  return { bytes: Buffer.byteLength(body), ms: performance.now() - began };
}
