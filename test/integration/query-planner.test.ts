import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { merge, shapeOf } from '../../src/analysis/promql-batch.ts';
import { writeString } from '../../src/analysis/promql-string.ts';
import { Batcher, type QueryEvent } from '../../src/gates/prometheus/batcher.ts';
import { type Answer, type Endpoint, instantQuery } from '../../src/gates/prometheus/client.ts';
import { ageQuery } from '../../src/gates/prometheus/plan.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createHttp, type Http } from '../../src/runtime/http.ts';
import { type LocalServer, serve } from '../harness/http.ts';
import { type Prometheus, startPrometheus } from '../harness/prometheus.ts';
import { Run } from '../harness/run.ts';
import { until } from '../harness/until.ts';

/* Whatever is asked together gets, from a real Prometheus, exactly the answer that it gets alone. */

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const QUERIES = Number(process.env['RUNS'] ?? 400);
const SIGNAL = new AbortController().signal;

/** Values of labels that mean something to PromQL, to patterns, to replacements; some of no series at all. */
const VALUES = [
  ['abc', 'ab', 'abc|ab', 'a.c', '.*', '', ' ', '$1', '${1}', '$$', '$', '\\', '\\\\1', '"', "'", '`'],
  ['a\nb', '\r\t', '\u0001', '\u007f', 'é😀', '\u2028', '(', '[a-z]', '^abc$', '(?i)ABC', 'ABC', '{}', '}'],
  ['{{ x }}', '=~', '#', '/* */', 'a,b', '__name__', 'vector(0)', '\\u0041', '+Inf', 'NaN', 'x'.repeat(300)],
  ['gone', 'gone.*', 'go|ne'],
].flat();
const EXISTING = VALUES.filter((value) => !value.startsWith('go'));
const NAMESPACES = ['shop', 'a.b', '', '$1'];

let run: Run;
let service: LocalServer;
let prometheus: Prometheus;
let http: Http;
let endpoint: Endpoint;

/** Counters and a histogram for each value, with steps of their own; some series are missing, some are NaN. */
function metrics(step: number): string {
  const lines: string[] = [];
  for (const [i, hash] of EXISTING.entries())
    for (const [j, ns] of NAMESPACES.entries()) {
      if ((i + j) % 5 === 4) continue;
      const labels = `hash=${exposed(hash)},ns=${exposed(ns)}`;
      for (const [k, pod] of ['p', 'q'].entries()) {
        const by = (i + 1) * (k + 2) + j * 0.1;
        lines.push(`requests_total{${labels},pod="${pod}",code="200"} ${step * by}`);
        if (i % 3 !== 0)
          lines.push(`requests_total{${labels},pod="${pod}",code="500"} ${(step * by) / (i + 2)}`);
        lines.push(`memory{${labels},pod="${pod}"} ${i % 7 === 6 ? 'NaN' : Math.sin(by) * 1e3}`);
        for (const [le, share] of Object.entries({ '0.1': 0.5, 1: 0.8, '+Inf': 1 }))
          lines.push(`seconds_bucket{${labels},pod="${pod}",le="${le}"} ${Math.floor(step * by * share)}`);
      }
    }
  return `${lines.join('\n')}\n`;
}

function exposed(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

beforeAll(async () => {
  let step = 0;
  service = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metrics(++step));
  });
  run = new Run();
  prometheus = await startPrometheus(run, [{ job: 'service', url: service.url }]);
  http = createHttp({ allowLoopback: true });
  endpoint = {
    address: prometheus.url,
    headers: {},
    tls: undefined,
    redact: (words) => words,
    sharedBy: 'all',
  };
  await until(
    'there are rates',
    async () => (await prometheus.query('sum(rate(seconds_bucket[5s]))')).length > 0,
  );
});

afterAll(async () => {
  http.close();
  await run.close();
  await service.stop();
});

/** A query as its template, with MATCH in the place of what differs. */
type Template = string;

const number = fc.constantFrom('0', '1', '-0.5', '1e3', '5m', 'NaN', 'Inf', 'time()');
const matchers = fc.constantFrom(
  '',
  ',code="200"',
  ',code=~"5.."',
  ',code!="200"',
  ',pod="p"',
  ',ns!="shop"',
);
const plainSelector = fc
  .tuple(fc.constantFrom('requests_total', 'memory', 'nowhere'), matchers)
  .map(([name, more]): Template => `${name}{MATCH${more}}`);
const offset = fc.constantFrom('', '', '', ' offset 1s');
const series: fc.Arbitrary<Template> = fc.oneof(
  fc.tuple(plainSelector, offset).map(([selector, at]) => selector + at),
  fc
    .tuple(
      fc.constantFrom(
        'rate',
        'increase',
        'irate',
        'delta',
        'max_over_time',
        'avg_over_time',
        'last_over_time',
      ),
      plainSelector,
      fc.constantFrom('3s', '5s'),
      offset,
    )
    .map(([f, selector, range, at]) => `${f}(${selector}[${range}]${at})`),
  fc.constantFrom('timestamp(memory{MATCH})', 'abs(memory{MATCH})', '-memory{MATCH}'),
  fc.constantFrom(
    'memory{MATCH} / memory{MATCH}',
    'memory{MATCH} > 5',
    'memory{MATCH} or requests_total{MATCH}',
  ),
);
const aggregated = (of: fc.Arbitrary<Template>): fc.Arbitrary<Template> =>
  fc
    .tuple(
      fc.constantFrom('sum', 'avg', 'min', 'max', 'count', 'stddev', 'group', 'SUM'),
      fc.constantFrom(' ', ' ', ' ', ' by (pod)', ' by (pod, code)', ' by ()'),
      fc.boolean(),
      of,
    )
    .map(([op, by, isBehind, inner]) => (isBehind ? `${op}(${inner})${by}` : `${op}${by}(${inner})`));
/** What must not be rewritten, because it brings together what has to be kept apart. */
const unproven = fc.constantFrom(
  'sum by (hash) (memory{MATCH})',
  'sum by (pod, ns) (memory{MATCH})',
  'sum without (pod) (memory{MATCH})',
  'sum(absent(memory{MATCH}))',
  'vector(scalar(sum(memory{MATCH})))',
  'topk(1, sum(memory{MATCH}))',
  'topk(1, memory{MATCH})',
  'quantile(0.5, memory{MATCH})',
  // Steps of a subquery are summed in the order of a map, each time another: only max is exact.
  'max_over_time(max(memory{MATCH})[3s:1s])',
  'sum(memory{MATCH} * on (pod) group_left () sum by (pod) (memory{MATCH}))',
  'sum(memory{MATCH} + sum by (pod, ns, job, instance) (memory{MATCH}))',
  'sum(memory{MATCH} / ignoring (hash, ns) memory{MATCH})',
  'sum(memory{MATCH}) / on () sum(memory)',
  'sum(memory{MATCH}) / sum(memory)',
  'sum(memory{MATCH}) + sum(memory{hash="abc"})',
  'count_values("hash", memory{MATCH})',
  'memory{MATCH}',
  'sort(sum by (pod) (memory{MATCH}))',
);
const { query: queryTemplate } = fc.letrec<{ query: Template }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3 },
    aggregated(series),
    fc.constantFrom('vector(0)', 'vector(-1.5)', 'vector(time())'),
    fc
      .constantFrom('0.5', '0.99', '2', 'NaN')
      .map((q) => `histogram_quantile(${q}, sum by (le) (rate(seconds_bucket{MATCH}[5s])))`),
    aggregated(tie('query')),
    fc
      .tuple(
        tie('query'),
        fc.constantFrom('+', '-', '*', '/', '%', '^', '>', '<=', '== bool', '> bool'),
        number,
      )
      .map(([a, op, b]) => `(${a}) ${op} ${b}`),
    fc
      .tuple(number, fc.constantFrom('-', '/', '>', '< bool'), tie('query'))
      .map(([a, op, b]) => `${a} ${op} (${b})`),
    fc
      .tuple(
        tie('query'),
        fc.constantFrom('+', '-', '/', '>', '!=', '>= bool', 'or', 'and', 'unless', 'or', 'OR'),
        tie('query'),
      )
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie('query').map((of) => `(${of}) or vector(0)`),
    tie('query').map((of) => `-(${of})`),
    tie('query').map((of) => `clamp(round(${of}, 0.1), -1, 1e6)`),
    tie('query').map((of) => `label_replace(${of}, "pod", "x-$1", "pod", "(p)")`),
    { arbitrary: unproven, weight: 1 },
    tie('query').map((of) => `label_replace(${of}, "hash", "x", "", "")`),
    tie('query').map((of) => `label_replace(${of}, "pod", "$1", "hash", "(.*)")`),
    tie('query').map((of) => `sum(memory{MATCH} * (${of}))`),
  ),
}));

const hashes = fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 2, maxLength: 12 });
const match = fc.oneof(
  hashes.map((some) => some.map((hash) => `hash=${writeString(hash)}`)),
  hashes.map((some) => some.map((hash) => `ns="shop",hash=${writeString(hash)}`)),
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...VALUES), fc.constantFrom(...NAMESPACES)), {
      selector: (pair) => JSON.stringify(pair),
      minLength: 2,
      maxLength: 12,
    })
    .map((pairs) => pairs.map(([hash, ns]) => `hash=${writeString(hash)},ns=${writeString(ns)}`)),
);

/** The answer, or that there is none, without the order of series, which is nobody's. */
async function outcome(asked: Promise<Answer>): Promise<unknown> {
  return asked.then(
    ({ series, at, warnings }) => ({
      series: series.map(({ labels, value }) => JSON.stringify([labels, String(value)])).toSorted(),
      at,
      warnings: warnings.toSorted(),
    }),
    (error: unknown) => String(error),
  );
}

test('random queries with hostile values: together the same as alone', async () => {
  const time = Math.floor(Date.now() / 1000);
  const events: QueryEvent[] = [];
  let merged = 0;
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(queryTemplate, match, fc.boolean(), async (template, matches, isAge) => {
      const queries = matches
        .map((one) => template.replaceAll('MATCH', () => one))
        .map((query) => (isAge ? (ageQuery(query) ?? query) : query));
      const shapes = queries.map((query) => shapeOf(query)).filter((shape) => shape !== undefined);
      const isMerged = shapes.length > 1 && merge(shapes) !== undefined;
      if (isMerged) merged++;
      // A new one each time: one shape that failed must not keep the next from being merged.
      const batcher = new Batcher({ http, clock: systemClock, observe: (event) => void events.push(event) });
      const together = await Promise.all(
        queries.map(async (query) => outcome(batcher.ask(endpoint, query, SIGNAL, time))),
      );
      const alone = await Promise.all(
        queries.map(async (query) => outcome(instantQuery(http, endpoint, query, SIGNAL, time))),
      );
      expect(together).toEqual(alone);
      answered += alone.filter((one) => JSON.stringify(one).includes('"series":["')).length;
    }),
    { seed: SEED, numRuns: QUERIES },
  );
  const shared = events.filter(({ questions }) => questions > 1);
  const fellBack = shared.filter((event) => event.fellBack).length;
  process.stderr.write(
    `query planner: seed ${SEED}, ${QUERIES} templates, ${merged} merged, ${shared.length} shared queries for ` +
      `${shared.reduce((sum, { questions }) => sum + questions, 0)} questions, ${fellBack} fell back, ${answered} answers with series\n`,
  );
  // The property would say nothing if little were merged, or everything fell back or were empty.
  expect(merged).toBeGreaterThan(QUERIES / 2);
  expect(fellBack).toBeLessThan(shared.length / 4);
  expect(answered).toBeGreaterThan(QUERIES);
}, 300_000);
