import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { judge, type Judgement, newJudgement, rehydrate } from '../../analysis/judge.ts';
import type { Sample } from '../../analysis/sample.ts';
import { type CompareSpec, compareSpec } from '../../api/v1alpha1/gate.ts';
import { ManualClock } from '../../kube/testing/manual-clock.ts';
import { createHttp } from '../../runtime/http.ts';
import type { GateContext } from '../gate.ts';
import {
  endless,
  type FakePrometheus,
  fakePrometheus,
  noSecrets,
  nothing,
  NOW,
  number,
  refusal,
  type Reply,
  series,
  VARS,
  vector,
} from '../prometheus/testing/server.ts';
import { compareGate } from './index.ts';

const BASE = {
  canary: { bad: 'sum(bad{hash="{{ canaryHash }}"})', total: 'sum(all{hash="{{ canaryHash }}"})' },
  stable: { bad: 'sum(bad{hash="{{ stableHash }}"})', total: 'sum(all{hash="{{ stableHash }}"})' },
  minSamples: { atLeast: 100 },
};
const http = createHttp({ allowLoopback: true, timeoutMs: 500 });
let server: FakePrometheus;
let clock: ManualClock;
/** What the four queries answer with. */
let counters: Record<'bad canary' | 'all canary' | 'bad stable' | 'all stable', Reply>;
let state: string | undefined;
let settledAt: number | undefined;

beforeAll(async () => {
  server = await fakePrometheus();
});
afterAll(async () => {
  http.close();
  await server.stop();
});
beforeEach(() => {
  clock = new ManualClock();
  settledAt = clock.now();
  state = undefined;
  server.requests.length = 0;
});

const reply = (value: number | Reply = nothing): Reply => (typeof value === 'number' ? number(value) : value);

/** One look, at these counters, going on from the one before. */
async function look(
  [bad, all, stableBad, stableAll]: readonly (number | Reply)[],
  over: Partial<GateContext> = {},
  spec: object = {},
): Promise<Sample> {
  counters = {
    'bad canary': reply(bad),
    'all canary': reply(all),
    'bad stable': reply(stableBad),
    'all stable': reply(stableAll),
  };
  server.replies = [
    ['bad{hash="new"', counters['bad canary']],
    ['all{hash="new"', counters['all canary']],
    ['bad{hash="old"', counters['bad stable']],
    ['all{hash="old"', counters['all stable']],
  ];
  const signal = new AbortController().signal;
  const vars = { ...VARS, canaryHash: 'new', stableHash: 'old' };
  const context: GateContext = {
    vars,
    defaultAddress: server.url,
    http,
    clock,
    secrets: noSecrets,
    signal,
    ...(settledAt !== undefined && { settledAt }),
    ...(state !== undefined && { state }),
    ...over,
  };
  const sample = await compareGate.evaluate(compareSpec.parse({ ...BASE, ...spec }), context);
  state = sample.state ?? state;
  clock.advance(15_000);
  return sample;
}

describe('the verdict', () => {
  test.each<[string, number[], object, string, string]>([
    [
      'no failures at all, and enough requests',
      [0, 100, 0, 900],
      {},
      'Pass',
      'canary 0 of 100 failed (0 %), stable 0 of 900 failed (0 %): no evidence against the canary (e-value 1 <= 1)',
    ],
    [
      'as many as stable has',
      [1, 200, 9, 1800],
      {},
      'Pass',
      'canary 1 of 200 failed (0.5 %), stable 9 of 1800',
    ],
    ['both are equally bad', [100, 200, 900, 1800], {}, 'Pass', 'no evidence against the canary'],
    [
      'a broken canary',
      [20, 100, 4, 900],
      {},
      'Fail',
      'canary 20 of 100 failed (20 %), stable 4 of 900 failed (0.4444 %): the canary fails more than 1.2 times as often (e-value ',
    ],
    ['a broken canary, long before there are enough requests', [5, 20, 0, 180], {}, 'Fail', '>= 100)'],
    ['the same where less evidence is wanted', [3, 20, 0, 180], { alpha: 0.05 }, 'Fail', '>= 20)'],
    [
      'something between',
      [2, 200, 0, 1800],
      {},
      'Inconclusive',
      'too little to blame the canary, too much to pass it (e-value 14.08, fails at 100, passes at 1)',
    ],
    [
      'too few canary requests',
      [0, 99, 0, 900],
      {},
      'Inconclusive',
      '99 of 100 canary requests so far; canary 0 of 99 failed',
    ],
    ['too few stable requests', [0, 900, 0, 99], {}, 'Inconclusive', '99 of 100 stable requests so far'],
    [
      'no canary requests',
      [0, 0, 5, 900],
      {},
      'Inconclusive',
      'No canary requests since the step settled: is there traffic, and do the labels match?',
    ],
    [
      'no stable requests, though all of the canary fail',
      [900, 900, 0, 0],
      {},
      'Inconclusive',
      'No stable requests since the step settled: there is nothing to compare with',
    ],
  ])('%s', async (_, increase, spec, verdict, message) => {
    const start = [7, 1000, 70, 9000];
    expect(await look(start, {}, spec)).toMatchObject({
      verdict: 'Inconclusive',
      value: 1,
      message: 'Requests are counted from here on',
    });
    const sample = await look(
      start.map((n, i) => n + (increase[i] ?? 0)),
      {},
      spec,
    );
    expect(sample).toMatchObject({
      verdict,
      samples: increase[1],
      message: expect.stringContaining(message),
    });
    expect(sample.value).toBeGreaterThanOrEqual(0);
  });

  test('says what decided', async () => {
    await look([0, 0, 0, 0]);
    expect((await look([0, 500, 0, 4500])).threshold).toBe('e-value <= 1');
    expect(await look([50, 600, 0, 5400])).toMatchObject({ verdict: 'Fail', threshold: 'e-value >= 100' });
  });

  test('a service without any failure yet has no such series', async () => {
    await look([nothing, 0, nothing, 0]);
    expect(await look([nothing, 100, nothing, 900])).toMatchObject({ verdict: 'Pass', samples: 100 });
  });

  test('a counter that fell makes the look count nothing', async () => {
    await look([0, 0, 0, 0]);
    await look([0, 60, 0, 600]);
    const sample = await look([9, 10, 0, 700]);
    expect(sample).toMatchObject({ verdict: 'Inconclusive', samples: 60 });
    expect(sample.message).toContain('; a counter fell, so that this look counts nothing');
    expect(await look([9, 50, 0, 1000])).toMatchObject({ verdict: 'Pass', samples: 100 });
  });
});

describe('what is asked', () => {
  test('the four counters at one evaluation time, which the server has said', async () => {
    await look([0, number(1, NOW + 0.25), 0, 1]);
    const asked = server.requests.map(({ form }) => [form.get('query'), form.get('time')]);
    expect(asked[0]).toEqual(['sum(all{hash="new"})', null]);
    expect(asked.slice(1)).toEqual(
      expect.arrayContaining([
        ['sum(bad{hash="new"})', String(NOW + 0.25)],
        ['sum(bad{hash="old"})', String(NOW + 0.25)],
        ['sum(all{hash="old"})', String(NOW + 0.25)],
      ]),
    );
    expect(asked).toHaveLength(4);
  });

  test('and shown as evidence', async () => {
    expect((await look([0, 1, 0, 1])).query).toBe(
      'canary.bad: sum(bad{hash="new"})\ncanary.total: sum(all{hash="new"})\nstable.bad: sum(bad{hash="old"})\nstable.total: sum(all{hash="old"})',
    );
  });

  test.each<[string, (number | Reply)[], string]>([
    ['no canary', [0, nothing, 0, 1], 'canary.total returned nothing'],
    ['no stable', [0, 1, 0, nothing], 'stable.total returned nothing'],
  ])('%s is Inconclusive, and leaves what was counted', async (_, answers, message) => {
    await look([0, 0, 0, 0]);
    await look([0, 60, 0, 600]);
    const gap = await look(answers);
    expect(gap).toMatchObject({ verdict: 'Inconclusive', message: expect.stringContaining(message) });
    expect(await look([0, 100, 0, 1000])).toMatchObject({ verdict: 'Pass', samples: 100 });
  });

  test.each<[string, (number | Reply)[], string]>([
    [
      'several series',
      [0, 1, 0, vector(series('1', { a: '1' }), series('2'))],
      'stable.total returned 2 series',
    ],
    ['NaN', [0, 1, number('NaN'), 1], 'stable.bad gave NaN, which is no count'],
    ['a negative count', [-1, 1, 0, 1], 'canary.bad gave -1, which is no count'],
    ['infinitely many', [0, number('+Inf'), 0, 1], 'canary.total gave Infinity'],
    ['more failures than requests', [3, 2, 0, 1], 'canary.bad counts 3 and canary.total only 2'],
    [
      'a refusal',
      [refusal(400, 'bad_data', 'parse error'), 1, 0, 1],
      'canary.bad: Prometheus refused the query: parse',
    ],
    ['an answer without end', [0, 1, 0, endless], 'stable.total: http'],
    ['a server that is away', [0, refusal(503, 'timeout', 'x'), 0, 1], 'canary.total: http'],
  ])('%s is an Error, and leaves what was counted', async (_, answers, message) => {
    await look([0, 0, 0, 0]);
    await look([0, 60, 0, 600]);
    expect(await look(answers)).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining(message),
    });
    expect(await look([0, 100, 0, 1000])).toMatchObject({ verdict: 'Pass', samples: 100 });
  });
});

describe('only what comes after the step has settled counts', () => {
  test.each<[string, number | undefined]>([
    ['before it', Date.UTC(2100, 0, 1)],
    ['on the way to it', undefined],
  ])('%s nothing is asked', async (_, at) => {
    settledAt = at;
    expect(await look([90, 100, 0, 900])).toMatchObject({
      verdict: 'Inconclusive',
      message: 'Counting begins when the step has settled',
    });
    expect([server.requests, state]).toEqual([[], undefined]);
  });

  test('a step that settles anew is counted anew', async () => {
    await look([0, 0, 0, 0]);
    await look([3, 300, 0, 900]);
    settledAt = clock.now();
    expect(await look([3, 400, 0, 1800])).toMatchObject({ verdict: 'Inconclusive', samples: 0 });
    expect(await look([3, 500, 0, 2700])).toMatchObject({ verdict: 'Pass', samples: 100 });
  });

  test('it looks back at nothing before, so that its first looks may pass', () => {
    expect(compareGate.longestRangeSeconds(compareSpec.parse(BASE), VARS)).toBe(0);
  });

  test('what looks back after all is refused, and would keep the step from passing', async () => {
    const spec: CompareSpec = compareSpec.parse({
      ...BASE,
      stable: { bad: 'sum(increase(bad[{{ stepSeconds }}s]))', total: 'sum(increase(all[5m]))' },
    });
    expect(compareGate.longestRangeSeconds(spec, VARS)).toBe(300);
    const sample = await look([0, 1, 0, 1], {}, spec);
    expect(sample).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('stable.bad: it looks back; write the counter itself'),
    });
  });
});

test('with one version only, as in preflight and in the bake, nothing is compared', async () => {
  const vars = { ...VARS, canaryHash: 'new', stableHash: 'new' };
  const sample = await look([90, 100, 0, 900], { vars });
  expect(sample).toMatchObject({
    verdict: 'Pass',
    value: 1,
    message:
      'Canary and stable are one version here, so that nothing is compared: 90 of 100 requests failed since its pods started',
  });
  expect(state).toBeUndefined();
  expect((await look([0, nothing, 0, 0], { vars })).verdict).toBe('Inconclusive');
});

test('a restart goes on from what status says', async () => {
  const rules = { count: 1, failureLimit: 0, intervalMs: 15_000 };
  const take = async (before: Judgement, answers: number[]): Promise<Judgement> => {
    state = before.state;
    return judge(before, await look(answers), rules, settledAt);
  };
  let judgement = newJudgement('1', clock.now());
  judgement = await take(judgement, [0, 0, 0, 0]);
  expect(judgement.state).toBeDefined();
  expect(judgement.recent[0]).not.toHaveProperty('state');
  const { epoch, verdict, since, state: kept } = judgement;
  // The process that took these two is gone, and with it what it had not written.
  await take(await take(judgement, [2, 40, 0, 360]), [3, 60, 0, 540]);

  const back = rehydrate({ epoch, verdict, since, ...(kept !== undefined && { state: kept }) }, clock.now());
  const failed = await take(back, [5, 80, 0, 720]);
  expect(failed).toMatchObject({ verdict: 'Fail', last: { samples: 80 } });
});

describe('a spec that cannot be evaluated is refused with what to do', () => {
  test.each<[object, string]>([
    [{ canary: { ...BASE.canary, bad: 'sum(x' } }, 'canary.bad: Syntax error in the query at character 6'],
    [{ stable: { ...BASE.stable, total: 'x{a="{{ nope }}"}' } }, 'stable.total: Unknown variable {{ nope }}'],
    [{ canary: { ...BASE.canary, total: 'rate(x[1m])' } }, 'canary.total: it looks back'],
    [{ canary: { ...BASE.canary, total: 'x offset 5m' } }, 'canary.total: it looks back'],
    [{ address: 'ftp://x' }, 'address: it is no http or https URL'],
    [{ auth: { secretName: 'a', type: 'Bearer' } }, 'auth: credentials are never sent'],
    [
      { auth: { secretName: 'a', type: 'MTLS' }, address: 'http://x' },
      'auth: MTLS needs an address with https://',
    ],
  ])('%j', (spec, message) => {
    const validation = compareGate.validate(compareSpec.parse({ ...BASE, ...spec }));
    expect(validation).toEqual({ ok: false, message: expect.stringContaining(message) });
  });

  test('and what can, is not', () => {
    expect(compareGate.validate(compareSpec.parse(BASE))).toEqual({ ok: true });
  });
});
