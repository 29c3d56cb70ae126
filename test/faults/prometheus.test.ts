import { afterAll, beforeAll, expect } from '@jest/globals';
import { type LocalServer, serve } from '../harness/http.ts';
import { sharedWorld } from '../harness/shared.ts';
import { faultCase, type Ran } from './case.ts';
import { isLong } from './catalogue.ts';
import { History } from './history.ts';
import { noting } from './laws.ts';
import { limiter } from './limiter.ts';
import { metricsFaults } from './metrics-faults.ts';
import { followRollouts, playFault, type Rollouts } from './metrics-play.ts';

/*
 * What becomes of a release while its metrics backend fails, at its first step: a good one is never reverted for
 * it, holds where it is and says what to do, and goes on by itself; a bad one is not advanced, and goes back as
 * soon as the data shows that it is bad.
 */

const { cluster, controls, prometheus } = sharedWorld();
const NAMESPACE = 'metrics';
/** So many releases at once: the machine has two cores. */
const atOnce = limiter(10);

/** All of them are begun at once, so what `CASES=` leaves out is not begun. */
const chosen = new RegExp(process.env['CASES'] ?? '');
const isChosen = ({ id, injected }: { id: string; injected: string }): boolean =>
  chosen.test(`${id}: ${injected}`);

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

let history: History;
let rollouts: Rollouts;
/** Finds every release good, and is not to be asked. */
let trap: LocalServer;
let trapped = 0;
const runs = new Map<string, Promise<Ran>>();

const GOOD = '{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}';
/** The trap has its port by the time that the first of these is played. */
const faults = metricsFaults(() => trap.url.replace('127.0.0.1', 'localhost'));

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  rollouts = await followRollouts(cluster.api, NAMESPACE);
  history = await History.of(cluster.api, NAMESPACE);
  trap = await serve((_, answer) => {
    trapped += 1;
    answer.writeHead(200, { 'content-type': 'application/json' }).end(GOOD);
  });
  const stage = { api: cluster.api, controls, prometheusUrl: prometheus.url, namespace: NAMESPACE, history };
  for (const fault of faults.filter(({ short }) => isLong || short).filter(isChosen)) {
    const both = (): Promise<number[]> =>
      Promise.all(
        (['good', 'bad'] as const).map((release) => atOnce(() => playFault(stage, rollouts, fault, release))),
      );
    const run = noting(both).then(({ result, laws }) => ({
      times: Math.min(...result) < 1 ? 0 : sum(result),
      laws,
    }));
    // Whoever awaits it later is told; until then it is nobody's unhandled rejection.
    run.catch(() => {});
    runs.set(fault.id, run);
  }
});

afterAll(async () => {
  rollouts.stop();
  history.stop();
  await trap.stop();
});

for (const { id, injected, short } of faults)
  faultCase(
    {
      id,
      family: 'Prometheus fails while a release is judged, a good one and a bad one',
      injected,
      long: !short,
    },
    async () => {
      const ran = await runs.get(id);
      expect(trapped).toBe(0);
      return ran ?? 0;
    },
  );
