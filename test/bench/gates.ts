import { setTimeout as delay } from 'node:timers/promises';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import type { RunningOperator } from '../harness/operator.ts';
import type { Program } from '../harness/process.ts';
import { until } from '../harness/until.ts';
import { type AnalysisRun, createRuns, RUNS } from './analysis-runs.ts';
import { appsWith, copySeed } from './copies.ts';
import { operatorCounters } from './counters.ts';
import { type FirstSeen, firstSeen } from './first-seen.ts';
import { latenessOf } from './lateness.ts';
import {
  byObjects,
  type Family,
  type Measurement,
  objectsOf,
  type Round,
  type Side,
  sizeOf,
} from './measure.ts';
import { startCompiled } from './operator.ts';
import { CpuWindow, memory } from './process-figures.ts';
import { seeds } from './seeds.ts';
import { percentile } from './statistics.ts';
import { type BenchWorld, startBenchWorld } from './worlds.ts';

/* B1, B2, B7 to B11 and B20: promotions that stand at a pause while their gates are sampled. */

const PROMOTIONS = '/apis/sluice.dev/v1alpha1/promotions';

export interface GatesOptions {
  n: number;
  intervalSeconds: number;
  /** Length of the window in which nothing happens but sampling. */
  seconds: number;
  /** The same for the anchor, which may need a longer one; absent: no anchor. */
  anchorSeconds?: number;
  /** How long it samples before the window begins, so that what is compiled and cached at first is; two intervals at least. */
  warmSeconds?: number;
  /** B2 as well. */
  breach?: boolean;
}

export function gates(options: GatesOptions): Family {
  const { n, intervalSeconds, anchorSeconds } = options;
  return {
    name: `gates, ${sizeOf(n)}, ${intervalSeconds} s`,
    rows: ['B1', 'B7', 'B8', 'B9', 'B10', 'B11', 'B20', ...(options.breach ? ['B2'] : [])],
    ...(anchorSeconds !== undefined && { anchor: (round) => anchor(round, options, anchorSeconds) }),
    sluice: (round) => sluice(round, options),
  };
}

/** The event loop alone, by the number of objects. */
export function eventLoop(objects: number, options: Omit<GatesOptions, 'n'>): Family {
  return {
    name: `event loop, ${objectsOf(objects)}`,
    rows: ['B20'],
    sluice: async (round) =>
      byObjects('B20', objects, await sluice(round, { n: appsWith(objects), ...options })),
  };
}

/** The first round of samples comes at once after a start, the second is on the grid. */
function warm({ intervalSeconds, warmSeconds = 0 }: GatesOptions): Promise<void> {
  return delay(Math.max(2 * intervalSeconds, warmSeconds) * 1000);
}

async function sluice(round: Round, options: GatesOptions): Promise<Measurement[]> {
  const { judged } = await seeds();
  const world = await startBenchWorld({ controllers: 'stopped' });
  try {
    const { n, intervalSeconds } = options;
    await copySeed(world, judged, { n, prefix: 'g', gate: { intervalSeconds }, onFail: 'Hold' });
    const operator = await startCompiled(world, round);
    round.say('operator ready');
    await untilAsked(world, n);
    await warm(options);
    const steady = await window(world, operator.program, options, options.seconds, 'Sluice', operator);
    if (!options.breach) return steady;
    const failed = await firstSeen(world.cluster.api, PROMOTIONS, hasFailed);
    return [...steady, await breach(world, options, 'Sluice', failed)];
  } finally {
    await world.stop();
  }
}

async function anchor(round: Round, options: GatesOptions, seconds: number): Promise<Measurement[]> {
  const world = await startBenchWorld({ controllers: 'default' });
  try {
    const { n, intervalSeconds } = options;
    await createRuns(world, n, { intervalSeconds });
    await untilAsked(world, n);
    round.say('every AnalysisRun has asked once');
    await warm(options);
    const steady = await window(world, world.rollouts, options, seconds, 'Argo Rollouts');
    if (!options.breach) return steady;
    const failed = await firstSeen(world.cluster.api, RUNS, runFailed);
    return [...steady, await breach(world, options, 'Argo Rollouts', failed)];
  } finally {
    await world.stop();
  }
}

const hasFailed = ({ status }: Promotion & KubeObject): boolean =>
  status?.gates?.some((gate) => gate.verdict === 'Fail') ?? false;

const runFailed = ({ status }: AnalysisRun): boolean => status?.phase === 'Failed';

async function untilAsked({ standIn }: BenchWorld, n: number): Promise<void> {
  await until(
    `all ${n} were asked about`,
    async (seen) => {
      const { size } = (await standIn.log()).arrivals;
      seen(size);
      return size >= n;
    },
    { timeoutMs: 180_000, intervalMs: 500 },
  );
}

/** Nothing happens but sampling: what it costs, and how well the schedule is kept. */
async function window(
  world: BenchWorld,
  controller: Program,
  { n, intervalSeconds }: GatesOptions,
  seconds: number,
  side: Side,
  operator?: RunningOperator,
): Promise<Measurement[]> {
  const { standIn, cluster } = world;
  const { apiserver, etcd } = cluster.programs;
  // A scrape before the window, since the delay of the event loop is told since the last one.
  const before = operator && (await operatorCounters(operator.url));
  await standIn.clear();
  const cpu = new CpuWindow({ controller, apiserver, etcd });
  await delay(seconds * 1000);
  const cores = cpu.used('controller') / cpu.seconds;
  const log = await standIn.log();
  const used = { controller: cpu.used('controller'), api: cpu.used('apiserver', 'etcd') };
  const { now, peak } = memory(controller);
  const after = operator && (await operatorCounters(operator.url));
  const late = latenessOf(log.arrivals.values(), intervalSeconds);
  const arrived = [...log.arrivals.values()].reduce((sum, times) => sum + times.length, 0);
  const evaluations =
    before && after
      ? after.sum('sluice_gate_samples_total') - before.sum('sluice_gate_samples_total')
      : arrived;
  const at = sizeOf(n);
  const perSecond = evaluations / cpu.seconds;
  const one = (row: string, value: number, details?: Measurement['details'], where = at): Measurement => ({
    row,
    at: where,
    side,
    value,
    ...(details && { details }),
  });
  const wanted = n / intervalSeconds;
  const timed = `${at}, ${intervalSeconds} s`;
  return [
    ...(intervalSeconds === 5
      ? [one('B1', late.p99, { 'p50, s': late.p50, 'drift, s': late.drift, samples: late.samples })]
      : []),
    one(
      'B7',
      log.queries / evaluations,
      { 'queries a second': log.queries / cpu.seconds },
      intervalSeconds === 5 ? at : timed,
    ),
    one('B8', (used.controller / evaluations) * 1000, { 'samples a second': perSecond, wanted }, timed),
    one('B9', (used.api / evaluations) * 1000, undefined, intervalSeconds === 5 ? at : timed),
    one('B10', cores, { 'samples a second': perSecond, wanted }, timed),
    one('B11', now, { 'peak, MB': peak }, intervalSeconds === 5 ? at : timed),
    ...(after
      ? [
          one(
            'B20',
            after.sum('nodejs_eventloop_lag_p99_seconds') * 1000,
            { 'max, ms': after.sum('nodejs_eventloop_lag_max_seconds') * 1000 },
            intervalSeconds === 5 ? at : timed,
          ),
        ]
      : []),
  ];
}

/** The metric turns bad for all at one instant: how long until each is known to have failed. */
async function breach(
  { standIn }: BenchWorld,
  { n }: GatesOptions,
  side: Side,
  failed: FirstSeen<KubeObject>,
): Promise<Measurement> {
  await standIn.clear();
  const flipped = performance.timeOrigin + performance.now();
  await standIn.behave({ bad: true });
  await failed.count(n, `all ${n} have failed`, 120_000);
  failed.stop();
  const { firstBad } = await standIn.log();
  const seconds = [...failed.at.values()].map((at) => (at - flipped) / 1000);
  const sampled = [...firstBad.values()].map((at) => (at - flipped) / 1000);
  const known = [...failed.at].map(([name, at]) => (at - (firstBad.get(name) ?? Number.NaN)) / 1000);
  return {
    row: 'B2',
    at: sizeOf(n),
    side,
    value: percentile(seconds, 0.99),
    details: {
      'p50, s': percentile(seconds, 0.5),
      'first bad sample p99, s': percentile(sampled, 0.99),
      'from the bad sample p99, s': percentile(known, 0.99),
    },
  };
}
