import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Sampler } from '../../analysis/sampler.ts';
import { placeholderVars } from '../../analysis/template.ts';
import { prometheusSpec } from '../../api/v1alpha1/gate.ts';
import { ManualClock } from '../../kube/testing/manual-clock.ts';
import type { Http, HttpRequest } from '../../runtime/http.ts';
import { Batcher } from './batcher.ts';
import { prometheusGate } from './index.ts';
import { noSecrets } from './testing/server.ts';

/* What 1,000 promotions on one shared gate cost: counted, on a clock that is moved by hand. */

const QUERY =
  '(sum(rate(http_requests_total{namespace="{{ targetNamespace }}",hash="{{ canaryHash }}",code=~"5.."}[1m]))' +
  ' or vector(0)) / sum(rate(http_requests_total{namespace="{{ targetNamespace }}",hash="{{ canaryHash }}"}[1m]))';
const COUNT =
  'sum(increase(http_requests_total{namespace="{{ targetNamespace }}",hash="{{ canaryHash }}"}[1m]))';

const namespaceOf = (i: number): string => `team-${i % 40}`;
const hashOf = (i: number): string => (i * 7919).toString(36).padStart(10, 'x');

/** A Prometheus in which each version has a value of its own, found by the labels that a query asks for. */
function prometheus(count: number, clock: ManualClock) {
  const versions = Array.from({ length: count }, (_, i) => i);
  const known = new Map(versions.map((i) => [hashOf(i), { namespace: namespaceOf(i), value: i + 1 }]));
  const seen: string[] = [];
  const http: Http = {
    async request({ form }: HttpRequest) {
      const query = form?.['query'] ?? '';
      seen.push(query);
      const asked = (label: string): Set<string> => {
        const [, values = ''] = new RegExp(`${label}=~?"([^"]*)"`).exec(query) ?? [];
        return new Set(values.split('|'));
      };
      const [namespaces, hashes] = [asked('namespace'), asked('hash')];
      const grouping = /by \(([a-z, ]*)\)/.exec(query)?.[1]?.split(', ') ?? [];
      const result = [...hashes].flatMap((hash) => {
        const version = known.get(hash);
        if (version === undefined || !namespaces.has(version.namespace)) return [];
        const labels = Object.entries({ namespace: version.namespace, hash });
        const metric = Object.fromEntries(labels.filter(([label]) => grouping.includes(label)));
        return [{ metric, value: [clock.now() / 1000, String(version.value)] }];
      });
      const body = JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
      return Promise.resolve({ status: 200, headers: {}, body });
    },
    close() {},
  };
  return { http, seen };
}

test.each<[string, number, number, object, number, number]>([
  ['1,000 promotions at 5 s', 1000, 5, {}, 0.03, 1],
  ['1,000 promotions at 30 s', 1000, 30, {}, 0.03, 1],
  ['3,000 promotions at 30 s', 3000, 30, {}, 0.03, 1],
  ['100 promotions at 5 s, which is what a small cluster has', 100, 5, {}, 0.25, 1],
  [
    '1,000 promotions whose gate asks for samples and age, too',
    1000,
    5,
    { minSamples: { query: COUNT, atLeast: 1 }, maxAgeSeconds: 20_000 },
    0.03,
    3,
  ],
])('%s', async (_, count, intervalSeconds, more, limit, perEvaluation) => {
  const clock = new ManualClock();
  const { http, seen } = prometheus(count, clock);
  const batcher = new Batcher({ http, clock });
  const spec = prometheusSpec.parse({ query: QUERY, pass: 'value >= 0.0', ...more });
  const values = new Map<string, unknown>();
  let evaluations = 0;
  let latest = 0;
  const sampler = new Sampler({
    clock,
    onChange: () => {},
    observe: ({ latenessMs }) => {
      evaluations++;
      latest = Math.max(latest, latenessMs);
    },
  });
  for (let i = 0; i < count; i++) {
    const vars = { ...placeholderVars, targetNamespace: namespaceOf(i), canaryHash: hashOf(i) };
    sampler.sync(`shop/p-${i}`, [
      {
        key: `shop/p-${i}|error-rate|During|checkout`,
        owner: `shop/p-${i}`,
        rules: { count: 3, failureLimit: 0, intervalMs: intervalSeconds * 1000 },
        epoch: '1',
        passFrom: 0,
        spec: 's',
        evaluate: async (signal) => {
          const context = { vars, defaultAddress: 'http://prometheus:9090', http, clock, secrets: noSecrets };
          const sample = await prometheusGate.evaluate(spec, {
            ...context,
            ask: async (...query) => batcher.ask(...query),
            signal,
          });
          values.set(vars.canaryHash, sample.value);
          return sample;
        },
      },
    ]);
  }
  const settle = async (): Promise<void> => {
    while (sampler.stats().inFlight > 0) await turn();
  };
  const pass = async (intervals: number): Promise<void> => {
    const end = clock.monotonic() + intervals * intervalSeconds * 1000;
    await settle();
    while (clock.monotonic() + (clock.next ?? Number.POSITIVE_INFINITY) <= end) {
      clock.advance(clock.next ?? 0);
      await settle();
    }
    clock.advance(end - clock.monotonic());
    await settle();
  };
  await pass(2);
  const [before, queriesBefore] = [evaluations, seen.length];
  latest = 0;
  await pass(3);
  await sampler.stop();
  expect(evaluations - before).toBe(3 * count);
  const ratio = (seen.length - queriesBefore) / (evaluations - before);
  expect(ratio).toBeLessThanOrEqual(limit * perEvaluation);
  expect(latest).toBe(0);
  expect(values.size).toBe(count);
  for (let i = 0; i < count; i++) expect(values.get(hashOf(i))).toBe(i + 1);
});
