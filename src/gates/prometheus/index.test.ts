import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sample } from '../../analysis/sample.ts';
import { prometheusSpec } from '../../api/v1alpha1/gate.ts';
import { prometheusGate } from './index.ts';
import {
  BASE,
  COUNT,
  type GateWorld,
  gateWorld,
  type Given,
  NOW,
  nothing,
  number,
  QUERY,
  type Reply,
  series,
  success,
  VARS,
} from './testing/server.ts';

let world: GateWorld;
const evaluate: GateWorld['evaluate'] = async (...args) => world.evaluate(...args);

beforeAll(async () => {
  world = await gateWorld();
});
afterAll(async () => world.stop());
beforeEach(() => {
  world.server.requests.length = 0;
});

describe('a number is judged by the conditions', () => {
  test.each<[string, object, Reply, Sample['verdict'], string, string]>([
    ['below the limit', {}, number(0.002), 'Pass', 'value 0.002 <= 0.01', 'value <= 0.01'],
    ['above it', {}, number(0.2), 'Fail', 'value 0.2 is not <= 0.01', 'value <= 0.01'],
    ['zero', {}, number(0), 'Pass', 'value 0 <= 0.01', 'value <= 0.01'],
    [
      'a scalar',
      {},
      success({ resultType: 'scalar', result: [NOW, '1e-3'] }),
      'Pass',
      'value 0.001 <= 0.01',
      'value <= 0.01',
    ],
    [
      'above the limit of fail',
      { fail: 'value > 0.05' },
      number(0.2),
      'Fail',
      'value 0.2 > 0.05',
      'value > 0.05',
    ],
    [
      'between pass and fail',
      { fail: 'value > 0.05' },
      number(0.03),
      'Inconclusive',
      'value 0.03 is not <= 0.01, and value 0.03 is not > 0.05',
      'value <= 0.01',
    ],
    [
      'where both hold',
      { fail: 'value >= 0.0' },
      number(0.001),
      'Fail',
      'value 0.001 >= 0.0',
      'value >= 0.0',
    ],
    [
      'by an argument',
      { pass: 'value < double(args.limit)' },
      number(0.4),
      'Pass',
      'value 0.4: `value < double(args.limit)` is true',
      'value < double(args.limit)',
    ],
    [
      'rounded for people',
      {},
      number('0.123456789'),
      'Fail',
      'value 0.123457 is not <= 0.01',
      'value <= 0.01',
    ],
  ])('%s', async (_, spec, value, verdict, message, threshold) => {
    const sample = await evaluate(spec, { value });
    expect(sample).toMatchObject({ verdict, message, threshold });
    expect(sample.query).toBe(QUERY.replaceAll('{{ canaryHash }}', 'abc'));
  });
});

describe('too little to judge by is Inconclusive, never Pass and never Fail', () => {
  const minSamples = { minSamples: { query: COUNT, atLeast: 50 } };
  test.each<[string, object, Given, string]>([
    [
      'nothing',
      {},
      { value: nothing },
      'The query returned nothing: is there traffic, and do the labels match? If only errors are missing, `or vector(0)` belongs on the numerator, never on the denominator',
    ],
    [
      'nothing, though there is traffic',
      minSamples,
      { value: nothing },
      'The query returned nothing although there are 500 requests: `or vector(0)` belongs on the numerator, never on the denominator',
    ],
    ['NaN', {}, { value: number('NaN') }, 'The value is NaN, 0/0: no requests?'],
    ['infinity', {}, { value: number('+Inf') }, 'The value is +Inf: a division by zero?'],
    ['minus infinity', {}, { value: number('-Inf') }, 'The value is -Inf: a division by zero?'],
    ['too few samples', minSamples, { samples: number(12) }, '12 of 50 requests so far'],
    ['nearly enough samples', minSamples, { samples: number(49.97) }, '49.9 of 50 requests so far'],
    [
      'too few samples, though all are bad',
      minSamples,
      { value: number(1), samples: number(3) },
      '3 of 50 requests so far',
    ],
    [
      'too few samples, though fail holds',
      { ...minSamples, fail: 'value > 0.5' },
      { value: number(1), samples: number(3) },
      '3 of 50 requests so far',
    ],
    ['no samples', minSamples, { samples: nothing }, '0 of 50 requests so far'],
    ['no samples and no value', minSamples, { value: nothing, samples: nothing }, '0 of 50 requests so far'],
    ['NaN samples', minSamples, { value: number('NaN'), samples: number('NaN') }, '0 of 50 requests so far'],
    [
      'stale data',
      { maxAgeSeconds: 60 },
      { age: number(61.2) },
      'The data is stale: its newest sample is 61 s old, more than 60 s; is it still scraped?',
    ],
    [
      'stale data, though it is bad',
      { maxAgeSeconds: 60 },
      { value: number(1), age: number(300) },
      'more than 60 s',
    ],
    [
      'data of no age',
      { maxAgeSeconds: 60 },
      { age: nothing },
      'no series of the query has a sample in the last minutes',
    ],
    [
      'data of no age, which pass asks for',
      { pass: 'ageSeconds < 30' },
      { age: nothing },
      'no series of the query has a sample',
    ],
  ])('%s', async (_, spec, given, message) => {
    const sample = await evaluate(spec, given);
    expect(sample).toMatchObject({ verdict: 'Inconclusive', message: expect.stringContaining(message) });
    expect(sample).not.toHaveProperty('threshold');
  });

  test('enough and fresh is judged', async () => {
    const spec = {
      ...minSamples,
      maxAgeSeconds: 60,
      pass: 'value <= 0.01 && samples >= 50 && ageSeconds < 30',
    };
    expect(await evaluate(spec, {})).toMatchObject({
      verdict: 'Pass',
      value: 0.001,
      samples: 500,
      ageSeconds: 3,
    });
  });

  test('data of the future is fresh', async () => {
    expect(await evaluate({ maxAgeSeconds: 60 }, { age: number(-2) })).toMatchObject({
      verdict: 'Pass',
      ageSeconds: 0,
    });
  });
});

describe('what is asked', () => {
  test('the queries of one sample at once, at the paths of the address, without a time', async () => {
    await evaluate(
      {
        address: `${world.server.url}/prometheus/?tenant=a`,
        maxAgeSeconds: 60,
        minSamples: { query: COUNT, atLeast: 1 },
      },
      {},
    );
    expect(world.server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array.from({ length: 3 }, () => 'POST /prometheus/api/v1/query?tenant=a'),
    );
    expect(world.server.requests.map(({ form }) => form.get('query') ?? '').toSorted()).toEqual(
      [
        'sum(increase(total[1m]))',
        QUERY.replaceAll('{{ canaryHash }}', 'abc'),
        'time() - min(label_replace(max(timestamp(errors{hash="abc"})), "selector", "0", "", "") or label_replace(max(timestamp(requests{hash="abc"})), "selector", "1", "", ""))',
      ].toSorted(),
    );
    expect(world.server.requests.every(({ form }) => form.get('timeout') === '9s' && !form.has('time'))).toBe(
      true,
    );
  });

  test('one query, when nothing else is needed', async () => {
    await evaluate({}, {});
    expect(world.server.requests).toHaveLength(1);
  });

  test('warnings of Prometheus are passed on, once', async () => {
    const value = success(
      { resultType: 'vector', result: [series('0')] },
      { warnings: ['partial response', 'partial response'] },
    );
    expect((await evaluate({}, { value })).message).toBe(
      'value 0 <= 0.01; Prometheus warns: partial response',
    );
  });
});

test('the window is the longest range of both queries', () => {
  const spec = prometheusSpec.parse({
    ...BASE,
    minSamples: { query: 'increase(x[{{ stepSeconds }}s] offset 10s)', atLeast: 1 },
  });
  expect(prometheusGate.longestRangeSeconds(spec, { ...VARS, stepSeconds: 300 })).toBe(310);
  expect(
    prometheusGate.longestRangeSeconds(prometheusSpec.parse({ ...BASE, query: '{{ nope }}' }), VARS),
  ).toBe(0);
});
