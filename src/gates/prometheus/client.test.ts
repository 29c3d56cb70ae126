import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { prometheusSpec } from '../../api/v1alpha1/gate.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createHttp } from '../../runtime/http.ts';
import { prometheusGate } from './index.ts';
import {
  BASE,
  COUNT,
  endless,
  fakePrometheus,
  type GateWorld,
  gateWorld,
  hang,
  noSecrets,
  NOW,
  number,
  raw,
  refusal,
  type Reply,
  series,
  success,
  VARS,
  vector,
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

describe('no answer, or one that no gate can use, is an Error, never Fail and never Pass', () => {
  test.each<[string, Reply, RegExp]>([
    [
      'several series',
      vector(...['a', 'b', 'c', 'd'].map((pod) => series('0', { pod }))),
      /^The query returned 4 series, need one: aggregate with sum\(\) or max\(\); got \{pod="a"\}, \{pod="b"\}, \{pod="c"\}, \.\.$/,
    ],
    ['a matrix', success({ resultType: 'matrix', result: [] }), /gives a matrix, not one number/],
    ['a string', success({ resultType: 'string', result: [NOW, 'x'] }), /gives a string, not one number/],
    ['a native histogram', vector({ metric: {}, histogram: [NOW, {}] }), /take histogram_quantile\(\)/],
    ['a number that is none', number(''), /gave "" for a number/],
    [
      'bad_data',
      refusal(400, 'bad_data', 'invalid parameter "query": 1:3: parse error'),
      /^Prometheus refused the query: invalid parameter "query": 1:3: parse error \(bad_data\)$/,
    ],
    [
      'execution',
      refusal(422, 'execution', 'found duplicate series'),
      /^Prometheus refused the query: found duplicate series \(execution\)$/,
    ],
    [
      'query timed out there',
      refusal(503, 'timeout', 'query timed out'),
      /answered 503: query timed out \(timeout\)$/,
    ],
    ['500', raw(500, 'oops'), /answered 500$/],
    ['502 with a page', raw(502, '<html>Bad Gateway</html>'), /answered 502$/],
    ['429', raw(429, '', { 'retry-after': '30' }), /answered 429: it has too much to do$/],
    ['401', raw(401, ''), /answered 401: it wants credentials$/],
    ['404', raw(404, '404 page not found'), /is a path missing in the address\?$/],
    [
      'a page with 200',
      raw(200, '<!doctype html><title>Login</title>'),
      /no answer of the Prometheus API but a web page; is the address right\?$/,
    ],
    ['no JSON', raw(200, 'OK'), /no answer of the Prometheus API; is the address right\?$/],
    ['empty', raw(200, ''), /no answer of the Prometheus API/],
    [
      'JSON of something else',
      raw(200, '{"status":"success","data":{"result":[{"value":[1,"0"]}]}}'),
      /no answer of the Prometheus API/,
    ],
    ['an error with 200', refusal(200, 'internal', 'x'), /no answer of the Prometheus API/],
    [
      'a body cut short',
      (r) =>
        void r
          .writeHead(200, { 'content-length': '500' })
          .write('{"status":"succ', () => r.socket?.destroy()),
      /the answer ended early$/,
    ],
    [
      'JSON cut short',
      raw(200, '{"status":"success","data":{"resultType":"vector","res'),
      /no answer of the Prometheus API/,
    ],
    ['a connection cut', (r) => void r.socket?.destroy(), /connection failed/],
    ['silence', hang, /no answer in time$/],
    ['an answer without end', endless, /larger than 1048576 bytes; aggregate the query to one number/],
    [
      'a redirect to another host',
      raw(302, '', { location: 'http://elsewhere.invalid/' }),
      /redirects to another host; write that one as the address$/,
    ],
    [
      'a redirect to the metadata service',
      raw(307, '', { location: 'http://169.254.169.254/' }),
      /redirects to another host/,
    ],
  ])('%s', async (_, reply, message) => {
    const value = await evaluate({ fail: 'value > 0.05' }, { value: reply });
    expect(value).toMatchObject({ verdict: 'Error', message: expect.stringMatching(message) });
    // The queries beside it are as much needed for a verdict.
    const samples = await evaluate({ minSamples: { query: COUNT, atLeast: 1 } }, { samples: reply });
    expect(samples.verdict).toBe('Error');
    const age = await evaluate({ maxAgeSeconds: 60 }, { age: reply });
    expect(age.verdict).toBe('Error');
  });

  test('nobody listens', async () => {
    const gone = await fakePrometheus();
    await gone.stop();
    expect(await evaluate({ address: gone.url }, {})).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('connection refused'),
    });
  });

  test('a condition that cannot be evaluated', async () => {
    expect(await evaluate({ pass: 'value < double(args.nope)' }, {})).toMatchObject({
      verdict: 'Error',
      message: 'There is no `nope`; add it, or ask has(args.name) first',
    });
  });

  test('an argument that the query needs', async () => {
    const sample = await evaluate({ query: 'up{a="{{ args.nope }}"}' }, {});
    expect(sample).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('There is no argument for {{ args.nope }}'),
    });
    expect(world.server.requests).toEqual([]);
  });

  test('the caller gives up', async () => {
    const controller = new AbortController();
    const giveUp: Reply = () => controller.abort();
    expect(await evaluate({}, { value: giveUp }, controller.signal)).toMatchObject({ verdict: 'Error' });
  });

  test('answers of one sample that are far apart', async () => {
    const sample = await evaluate(
      { minSamples: { query: COUNT, atLeast: 1 } },
      { samples: number(9, NOW - 60) },
    );
    expect(sample).toMatchObject({ verdict: 'Error', message: expect.stringContaining('60 s apart') });
  });

  test('no address anywhere', async () => {
    const context = {
      vars: VARS,
      http: createHttp(),
      clock: systemClock,
      secrets: noSecrets,
      signal: new AbortController().signal,
    };
    const sample = await prometheusGate.evaluate(prometheusSpec.parse(BASE), context);
    expect(sample).toMatchObject({ verdict: 'Error', message: expect.stringContaining('No address: set') });
  });
});

test('whatever a server answers, the gate passes and fails only on one finite number', async () => {
  const text = fc.oneof(
    fc.double().map(String),
    fc.constantFrom('NaN', '+Inf', '-Inf', '', '0x1', '1_000', '1,5', '0.001'),
    fc.string(),
  );
  const element = fc.oneof(
    fc.record({ metric: fc.constant({}), value: fc.tuple(fc.constant(NOW), text) }),
    fc.anything(),
  );
  const data = fc.oneof(
    fc.record({
      resultType: fc.constantFrom('vector', 'scalar', 'matrix'),
      result: fc.array(element, { maxLength: 2 }),
    }),
    fc.record({ resultType: fc.constant('scalar'), result: fc.tuple(fc.constant(NOW), text) }),
    fc.anything(),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(200, 200, 400, 503), data, async (status, data) => {
      const body = JSON.stringify({ status: 'success', data }, (_, v: unknown) =>
        typeof v === 'bigint' ? Number(v) : v,
      );
      const sample = await evaluate({}, { value: raw(status, body) });
      const decided = sample.verdict === 'Pass' || sample.verdict === 'Fail';
      expect(decided).toBe(sample.value !== undefined);
      expect(decided && (status !== 200 || !Number.isFinite(sample.value))).toBe(false);
      expect(sample.verdict === 'Pass' && !(Number(sample.value) <= 0.01)).toBe(false);
      expect(sample.message.length).toBeLessThanOrEqual(512);
      expect(sample.message).not.toMatch(/\p{Cc}/u);
    }),
    { numRuns: 300 },
  );
});
