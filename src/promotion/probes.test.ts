import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gateSpec } from '../api/v1alpha1/gate.ts';
import type { Gate, GateResult } from '../api/v1alpha1/types.ts';
import type { Secrets } from '../gates/gate.ts';
import { systemClock } from '../runtime/clock.ts';
import { createHttp } from '../runtime/http.ts';
import type { Input, ProbeRequest } from './input.ts';
import { type GateTools, probesOf, windowSecondsOf } from './probes.ts';
import { World } from './testing/world.ts';

const asked: string[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    asked.push(new URLSearchParams(body).get('query') ?? '');
    const data = { resultType: 'vector', result: [{ metric: {}, value: [1, '0'] }] };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'success', data }));
  });
});
const http = createHttp({ allowLoopback: true });
let tools: GateTools;

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  tools = {
    http,
    clock: systemClock,
    defaultAddress: `http://127.0.0.1:${port}`,
    secretsOf,
  };
});
afterAll(() => {
  http.close();
  server.close();
});

/** A namespace's Secrets that note who asks. */
const read: string[] = [];
const secretsOf = (namespace: string): Secrets => ({
  namespace,
  read: async (name) => {
    read.push(`${namespace}/${name}`);
    return Promise.resolve({ type: 'Opaque', data: { token: 'abc' } });
  },
  forget: () => {},
});

const binding = { gate: 'error-rate', when: 'During' as const, args: [{ name: 'code', value: '5"..' }] };

function probe(of: string | Gate['spec'], change: Partial<ProbeRequest> = {}, before?: GateResult) {
  const world = new World();
  if (typeof of !== 'string') world.gate.spec = of;
  else if (world.gate.spec.prometheus) world.gate.spec.prometheus.query = of;
  if (before) world.promotion.status = { gates: [before] };
  const input: Input = world.input();
  const request: ProbeRequest = {
    binding,
    target: { name: 'checkout', wave: 0, rollout: { name: 'checkout-rollout' } },
    epoch: '1',
    step: 1,
    passFrom: undefined,
    settledAt: systemClock.now() - 90_500,
    canaryHash: 'abc',
    stableHash: 'def',
    weight: 20,
    ...change,
  };
  const [made] = probesOf('shop/two', input, [request], tools);
  if (!made) throw new Error('no probe');
  return made;
}

describe('what is asked', () => {
  test('the variables of the promotion, the target, the step and the binding, escaped', async () => {
    const made = probe(
      'up{a="{{ targetNamespace }}/{{ rollout }}/{{ target }}/{{ environment }}/{{ promotion }}",b="{{ canaryHash }}-{{ stableHash }}",c="{{ args.code }}"} * {{ weight }}',
    );
    expect((await made.evaluate(new AbortController().signal)).verdict).toBe('Pass');
    expect(asked.at(-1)).toBe('up{a="shop/checkout-rollout/checkout/prod/two",b="abc-def",c="5\\".."} * 20');
  });

  test.each([
    ['the age of the step', 90_500, 90],
    ['never less than a minute', 5_000, 60],
  ])('stepSeconds is %s', async (_, ageMs, seconds) => {
    const made = probe('sum(rate(x[{{ stepSeconds }}s]))', { settledAt: systemClock.now() - ageMs });
    await made.evaluate(new AbortController().signal);
    expect(asked.at(-1)).toBe(`sum(rate(x[${seconds}s]))`);
  });
});

test('probes ask by what the process asks with, so that many become one query', async () => {
  const seen: string[] = [];
  const one = { series: [{ labels: {}, value: 0 }], at: 1, warnings: [] };
  tools.ask = async (_, query) => Promise.resolve(void seen.push(query)).then(() => one);
  try {
    await probe('sum(x{h="{{ canaryHash }}"})').evaluate(new AbortController().signal);
  } finally {
    delete tools.ask;
  }
  expect(seen).toEqual(['sum(x{h="abc"})']);
});

describe('what is known after a restart', () => {
  const before: GateResult = {
    gate: 'error-rate',
    when: 'During',
    target: 'checkout',
    step: 1,
    verdict: 'Inconclusive',
    since: '2026-01-01T00:00:00Z',
    failures: 2,
    message: 'm',
    gateGeneration: 1,
  };

  test('failures of this step are not forgotten', () => {
    expect(probe('up', {}, before).seed).toMatchObject({ epoch: '1', failures: 2, passesInARow: 0 });
  });

  test.each([
    ['another step', { ...before, step: 3 }],
    ['an edited Gate', { ...before, gateGeneration: 7 }],
  ])('those of %s are', (_, result) => {
    expect(probe('up', {}, result).seed).toBeUndefined();
  });

  test('what a gate has counted is not, of this step and Gate', () => {
    const counted = { ...before, state: '[1]' };
    expect(probe('up', {}, counted).seed).toMatchObject({ state: '[1]' });
    expect(probe('up', {}, { ...counted, step: 3 }).seed).toBeUndefined();
  });

  test('a pass is counted anew', () => {
    expect(probe('up', {}, { ...before, verdict: 'Pass' }).seed).toMatchObject({
      verdict: 'Inconclusive',
      passesInARow: 0,
    });
  });
});

test("a query's reach counts with the binding's arguments, and a step's with its least length", () => {
  const { gate } = new World();
  if (!gate.spec.prometheus) throw new Error('no query');
  gate.spec.prometheus.query = 'rate(x[{{ args.window }}])';
  expect(windowSecondsOf(gate, { ...binding, args: [{ name: 'window', value: '10m' }] })).toBe(600);
  gate.spec.prometheus = { ...gate.spec.prometheus, query: 'rate(x[{{ stepSeconds }}s])' };
  expect(windowSecondsOf(gate, binding)).toBe(60);
});

describe('a gate that counts over samples', () => {
  const query = { bad: 'sum(bad)', total: 'sum(all)' };
  const spec = gateSpec.parse({ compare: { canary: query, stable: query, minSamples: { atLeast: 1 } } });
  const signal = new AbortController().signal;
  const settled = { settledAt: systemClock.now() - 1000, passFrom: systemClock.now() - 1000 };

  test('is of the step alone, so that its window keeps no step from passing', () => {
    expect(windowSecondsOf({ ...new World().gate, spec }, binding)).toBe(0);
  });

  test('goes on from its state', async () => {
    const made = probe(spec, settled);
    const first = await made.evaluate(signal);
    expect(first).toMatchObject({ message: 'Requests are counted from here on', state: expect.any(String) });
    const second = await made.evaluate(signal, first.state);
    expect(second).toMatchObject({
      message: expect.stringContaining('No canary requests since the step settled'),
    });
  });

  test.each<[string, Partial<ProbeRequest>]>([
    ['on the way to a step', { ...settled, passFrom: undefined }],
    [
      'before it has settled',
      { settledAt: systemClock.now() + 60_000, passFrom: systemClock.now() + 60_000 },
    ],
  ])('counts nothing %s', async (_, request) => {
    const sample = await probe(spec, request).evaluate(signal);
    expect(sample).toMatchObject({
      verdict: 'Inconclusive',
      message: 'Counting begins when the step has settled',
    });
    expect(sample).not.toHaveProperty('state');
  });
});

test("credentials are read in the promotion's own namespace", async () => {
  const auth = { secretName: 'prom', type: 'Bearer' };
  const prometheus = { address: tools.defaultAddress, auth, query: 'up', pass: 'value < 1.0' };
  const sample = await probe(gateSpec.parse({ prometheus })).evaluate(new AbortController().signal);
  expect([sample.verdict, read]).toEqual(['Pass', ['shop/prom']]);
});

test('a Gate whose kind this version does not know cannot be asked: an Error, never a pass', async () => {
  const sample = await probe(gateSpec.parse({})).evaluate(new AbortController().signal);
  expect(sample).toMatchObject({
    verdict: 'Error',
    message: expect.stringContaining('apply the CRDs of this version'),
  });
});
