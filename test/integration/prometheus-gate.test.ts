import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkQuery } from '../../src/analysis/promql.ts';
import type { Sample } from '../../src/analysis/sample.ts';
import { parseTemplate, placeholderVars, type TemplateVars } from '../../src/analysis/template.ts';
import { prometheusSpec } from '../../src/api/v1alpha1/gate.ts';
import { prometheusGate } from '../../src/gates/prometheus/index.ts';
import { noSecrets } from '../../src/gates/prometheus/testing/server.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createHttp, type Http } from '../../src/runtime/http.ts';
import { type LocalServer, serve } from '../harness/http.ts';
import { type Prometheus, startPrometheus } from '../harness/prometheus.ts';
import { Run } from '../harness/run.ts';
import { until } from '../harness/until.ts';

/* The verdicts of the Prometheus gate, with a real Prometheus that scrapes a service of this test. */

/** A label value that needs every escape there is. */
const NASTY = 'a"b\'c\\d\ne{f}=~"g", h="\u0001é😀`';

let run: Run;
let service: LocalServer;
let prometheus: Prometheus;
let http: Http;
let isSilent = false;

/** What the service exposes: counters that grow by one step a scrape, and one sample that is 40 s old. */
function metrics(step: number): string {
  const escaped = NASTY.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return [
    `requests_total{hash="good",code="200"} ${step * 50}`,
    `requests_total{hash="bad",code="200"} ${step * 40}`,
    `requests_total{hash="bad",code="500"} ${step * 10}`,
    'requests_total{hash="idle",code="200"} 7',
    ...['a', 'b', 'c', 'd'].map((pod) => `up_time{pod="${pod}"} ${step}`),
    `old ${step} ${Date.now() - 40_000}`,
    `nasty{value="${escaped}"} 1`,
    'nasty{value="other"} 2',
    '',
  ].join('\n');
}

beforeAll(async () => {
  let step = 0;
  service = await serve((_, response) => {
    step++;
    if (isSilent) response.writeHead(500).end();
    else response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metrics(step));
  });
  run = new Run();
  prometheus = await startPrometheus(run, [{ job: 'service', url: service.url }]);
  http = createHttp({ allowLoopback: true, timeoutMs: 2000 });
  await until('rates are known', async () => (await evaluate({})).verdict === 'Pass');
});

afterAll(async () => {
  http.close();
  await run.close();
  await service.stop();
});

const ratio = (hash: string, bad = `requests_total{hash="${hash}",code="500"}`): string =>
  `(sum(rate(${bad}[5s])) or vector(0)) / sum(rate(requests_total{hash="${hash}"}[5s]))`;

const count = (hash: string): string => `sum(increase(requests_total{hash="${hash}"}[5s]))`;

const vars: TemplateVars = { ...placeholderVars, args: { nasty: NASTY } };

async function evaluate(spec: object): Promise<Sample> {
  const parsed = prometheusSpec.parse({ query: ratio('good'), pass: 'value <= 0.01', ...spec });
  const context = { vars, defaultAddress: prometheus.url, http, clock: systemClock, secrets: noSecrets };
  return prometheusGate.evaluate(parsed, { ...context, signal: new AbortController().signal });
}

describe('a real answer', () => {
  test.each<[string, object, Sample['verdict'], string]>([
    ['no errors at all', {}, 'Pass', 'value 0 <= 0.01'],
    ['errors', { query: ratio('bad') }, 'Fail', 'value 0.2 is not <= 0.01'],
    ['a scalar', { query: '0.005' }, 'Pass', 'value 0.005 <= 0.01'],
    ['0/0', { query: ratio('idle') }, 'Inconclusive', 'The value is NaN, 0/0: no requests?'],
    ['1/0', { query: '1 / vector(0)' }, 'Inconclusive', 'The value is +Inf: a division by zero?'],
    ['no series', { query: ratio('nobody') }, 'Inconclusive', 'The query returned nothing: is there traffic'],
    [
      'no error series and no `or vector(0)`',
      {
        query:
          'sum(rate(requests_total{hash="good",code="500"}[5s])) / sum(rate(requests_total{hash="good"}[5s]))',
        minSamples: { query: count('good'), atLeast: 5 },
      },
      'Inconclusive',
      'never on the denominator',
    ],
    [
      'many series',
      { query: 'up_time' },
      'Error',
      'The query returned 4 series, need one: aggregate with sum() or max(); got {__name__="up_time"',
    ],
    [
      'too few requests',
      { query: ratio('bad'), minSamples: { query: count('bad'), atLeast: 1e9 } },
      'Inconclusive',
      'of 1000000000 requests so far',
    ],
    [
      'no requests',
      { minSamples: { query: count('nobody'), atLeast: 1 } },
      'Inconclusive',
      '0 of 1 requests so far',
    ],
    ['fresh data', { maxAgeSeconds: 10, pass: 'value <= 0.01 && ageSeconds < 10' }, 'Pass', 'is true'],
    [
      'old data',
      { query: 'sum(old)', maxAgeSeconds: 30 },
      'Inconclusive',
      'more than 30 s; is it still scraped?',
    ],
    [
      'one old selector of two',
      { query: 'sum(up_time) * 0 + sum(old)', maxAgeSeconds: 30 },
      'Inconclusive',
      'more than 30 s',
    ],
    [
      'a parse error',
      { query: 'sum(rate(x[5s])' },
      'Error',
      'Prometheus refused the query: invalid parameter "query": 1:16: parse error',
    ],
    ['a type error', { query: 'rate(up_time)' }, 'Error', 'expected type range vector'],
    [
      'an execution error',
      { query: 'up_time * on() group_left() requests_total' },
      'Error',
      'found duplicate series for the match group',
    ],
    ['a wrong path', { address: 'PROMETHEUS/prom' }, 'Error', 'is a path missing in the address?'],
    [
      'a label value with everything in it',
      { query: 'nasty{value="{{ args.nasty }}"}', pass: 'value == 1' },
      'Pass',
      'value 1 == 1',
    ],
    [
      'the same in single quotes',
      { query: "nasty{value='{{ args.nasty }}'}", pass: 'value == 1' },
      'Pass',
      'value 1 == 1',
    ],
  ])('%s', async (_, spec, verdict, message) => {
    const address = 'address' in spec ? { address: `${prometheus.url}/prom` } : {};
    expect(await evaluate({ ...spec, ...address })).toMatchObject({
      verdict,
      message: expect.stringContaining(message),
    });
  });
});

test.each([
  'sum(rate(x{a="b"}[5m])) / sum(rate(y[5m] offset 1h))',
  'histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m])))',
  'max_over_time(sum(rate(x[1m]))[1h:30s])',
  '{"dotted.name", a=~"b|c"} unless on (a) y',
  'sum(rate(x[300]))',
  'vector(1) > bool 0.5',
  '-x offset -5m @ end()',
  'sum(rate(x[5m])',
  'x{a="b',
  'sum(x) by',
  'rate(x[1.5m])',
  'x{a==1}',
])('the server and checkQuery agree on %s', async (query) => {
  const { message } = await evaluate({ query });
  expect(message.includes('parse error')).toBe(checkQuery(query).error !== undefined);
});

test('a template in a pattern selects its own name only', async () => {
  const query = parseTemplate('nasty{value=~"{{ rollout }}"}').render({ ...vars, rollout: NASTY });
  expect(await prometheus.query(query)).toMatchObject([{ value: 1 }]);
});

describe('an outage is neither Pass nor Fail', () => {
  test('a target that is not scraped any more is stale at once, though its rate goes on for a while', async () => {
    isSilent = true;
    const age = { query: ratio('good').replaceAll('[5s]', '[1m]'), maxAgeSeconds: 30 };
    const sample = await until('it is stale', async (saw) => {
      const sample = await evaluate(age);
      saw(sample);
      return sample.verdict !== 'Pass' && sample;
    });
    expect(sample).toMatchObject({
      verdict: 'Inconclusive',
      message: expect.stringContaining('The data is stale'),
      value: 0,
    });
    isSilent = false;
    await until('it is fresh', async () => (await evaluate(age)).verdict === 'Pass');
  });

  test('a Prometheus that hangs', async () => {
    await prometheus.program.signal('SIGSTOP');
    expect(await evaluate({})).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('no answer in time'),
    });
    await prometheus.program.signal('SIGCONT');
    await until('it answers', async () => (await evaluate({})).verdict === 'Pass');
  });

  test('a Prometheus that is gone, until it is back', async () => {
    await prometheus.program.stop();
    // The first may be told on a kept connection, which is reset.
    expect(await evaluate({})).toMatchObject({
      verdict: 'Error',
      message: expect.stringMatching(/connection refused|ECONNRESET/),
    });
    expect(await evaluate({})).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('connection refused'),
    });
    await prometheus.program.start();
    await until('it has data again', async (saw) => {
      const sample = await evaluate({});
      saw(sample);
      expect(sample.verdict).not.toBe('Fail');
      return sample.verdict === 'Pass';
    });
  });
});
