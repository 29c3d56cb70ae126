import { setTimeout as delay } from 'node:timers/promises';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { rolloutPath, setImage } from '../harness/fixtures.ts';
import type { Rollout } from '../harness/kinds.ts';
import { imageFor, reasonOf, sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { metricFor } from './analysis-runs.ts';
import { createApps, createEnvironments, namesOf, promoteAll } from './apps.ts';
import { copySeed } from './copies.ts';
import { type FirstSeen, firstSeen } from './first-seen.ts';
import { appOf, gateOf, HALF_AND_PAUSE } from './manifests.ts';
import { type Family, type Measurement, type Round, type Side, sizeOf } from './measure.ts';
import { startCompiled } from './operator.ts';
import { GATE, seeds } from './seeds.ts';
import { percentile } from './statistics.ts';
import { type BenchWorld, each, startBenchWorld } from './worlds.ts';

/* B3: from a bad sample to the abort of the Rollout. */

const NAMESPACE = 'reverts';
const INTERVAL_SECONDS = 5;
const ALL_ROLLOUTS = '/apis/argoproj.io/v1alpha1/rollouts';

/** With the real Rollouts controller on both sides. */
export function reverts(n: number): Family {
  return {
    name: `reverts, ${sizeOf(n)}`,
    rows: ['B3'],
    anchor: (round) => anchor(round, n),
    sluice: (round) => real(round, n),
  };
}

/** Promotions that stand at a pause are put in place, and no Rollouts controller runs. */
export function revertsOfCopies(n: number): Family {
  return { name: `reverts, ${sizeOf(n)}, copies`, rows: ['B3'], sluice: (round) => copies(round, n) };
}

async function real(round: Round, n: number): Promise<Measurement[]> {
  const world = await startBenchWorld({ controllers: 'default' });
  try {
    const { api } = world.cluster;
    const names = namesOf('app', n);
    await world.cluster.createNamespace(NAMESPACE);
    await startCompiled(world, round);
    await apply(api, gateOf(NAMESPACE, GATE, { intervalSeconds: INTERVAL_SECONDS }));
    await createApps(world.cluster.api, NAMESPACE, names, (name) => appOf(NAMESPACE, name));
    await createEnvironments(world.cluster.api, NAMESPACE, names, [GATE]);
    round.say('every Rollout is Healthy');
    const judged = await firstSeen<Promotion & KubeObject>(
      api,
      sluicePath(NAMESPACE, 'promotions'),
      (p) => reasonOf(p) === 'Analysing',
    );
    await promoteAll(world.cluster.api, NAMESPACE, names, 'v2');
    await judged.count(n, 'every promotion is judged', 300_000);
    judged.stop();
    return [await breakAll(world, n, 'Sluice')];
  } finally {
    await world.stop();
  }
}

async function copies(round: Round, n: number): Promise<Measurement[]> {
  const { judged } = await seeds();
  const world = await startBenchWorld({ controllers: 'stopped' });
  try {
    await copySeed(world, judged, { n, prefix: 'r', gate: { intervalSeconds: INTERVAL_SECONDS } });
    await startCompiled(world, round);
    return [await breakAll(world, n, 'Sluice')];
  } finally {
    await world.stop();
  }
}

/** The same Rollouts with an analysis in the background, which aborts them by itself. */
async function anchor(round: Round, n: number): Promise<Measurement[]> {
  const world = await startBenchWorld({ controllers: 'default' });
  try {
    const { cluster, standIn } = world;
    const names = namesOf('app', n);
    await cluster.createNamespace(NAMESPACE);
    const value = '{{args.app}}';
    await cluster.api.create(`/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/analysistemplates`, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: GATE, namespace: NAMESPACE },
      spec: { args: [{ name: 'app' }], metrics: [metricFor(value, standIn.url, INTERVAL_SECONDS)] },
    });
    const analysed = (name: string): Rollout =>
      appOf(NAMESPACE, name, {
        steps: HALF_AND_PAUSE,
        canary: {
          analysis: { templates: [{ templateName: GATE }], args: [{ name: 'app', value: name }] },
        },
      });
    await createApps(world.cluster.api, NAMESPACE, names, analysed);
    round.say('every Rollout is Healthy');
    const paused = await firstSeen<Rollout>(cluster.api, rolloutPath(NAMESPACE), isPaused);
    await each(names, (name) => setImage(cluster.api, NAMESPACE, name, imageFor('bench', 'v2')));
    await paused.count(n, 'every Rollout is at its pause', 300_000);
    paused.stop();
    return [await breakAll(world, n, 'Argo Rollouts')];
  } finally {
    await world.stop();
  }
}

const isPaused = ({ status }: Rollout): boolean =>
  status?.currentStepIndex === 1 && status.pauseConditions !== undefined;

/** Everything turns bad at once. */
async function breakAll({ cluster, standIn }: BenchWorld, n: number, side: Side): Promise<Measurement> {
  // Everybody has been asked about in this step, and nothing else is under way.
  await standIn.clear();
  await until('every one was asked about', async () => (await standIn.log()).arrivals.size >= n, {
    timeoutMs: 120_000,
    intervalMs: 500,
  });
  await delay(INTERVAL_SECONDS * 1000);
  const aborted = await firstSeen<Rollout>(cluster.api, ALL_ROLLOUTS, ({ status }) => status?.abort === true);
  const degraded = await firstSeen<Rollout>(
    cluster.api,
    ALL_ROLLOUTS,
    ({ status }) => status?.abort === true && status.phase === 'Degraded',
  );
  await standIn.behave({ bad: true });
  await aborted.count(n, `all ${n} are aborted`, 120_000);
  // Those whose Rollouts controller runs show it a little later.
  await delay(3000);
  aborted.stop();
  degraded.stop();
  const { firstBad } = await standIn.log();
  const since = (seen: FirstSeen<Rollout>): number[] =>
    [...seen.at].map(([name, at]) => (at - (firstBad.get(name) ?? Number.NaN)) / 1000);
  const seconds = since(aborted);
  return {
    row: 'B3',
    at: sizeOf(n),
    side,
    value: percentile(seconds, 0.99),
    details: {
      'p50, s': percentile(seconds, 0.5),
      ...(degraded.at.size > 0 && { 'Degraded p99, s': percentile(since(degraded), 0.99) }),
    },
  };
}
