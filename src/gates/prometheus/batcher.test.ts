import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalServer, serve } from '../../../test/harness/http.ts';
import { ManualClock } from '../../kube/testing/manual-clock.ts';
import { until } from '../../kube/testing/until.ts';
import { createHttp } from '../../runtime/http.ts';
import { Batcher, type QueryEvent } from './batcher.ts';
import type { Answer, Endpoint } from './client.ts';
import { endless, hang, NOW, raw, refusal, type Reply, series, success, vector } from './testing/server.ts';

/* What is sent for many questions, on a real server that plays a Prometheus which knows one label, `h`. */

let server: LocalServer;
let asked: URLSearchParams[] = [];
let inFlight = 0;
let mostInFlight = 0;
/** Takes the place of the answer to a query. */
let play: (query: string, response: ServerResponse) => Reply | undefined;
const http = createHttp({ allowLoopback: true, timeoutMs: 1000, maxBytes: 20_000 });

beforeAll(async () => {
  server = await serve(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const query = form.get('query') ?? '';
    asked.push(form);
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    response.once('close', () => inFlight--);
    (play(query, response) ?? answerTo(query))(response);
  });
});
afterAll(async () => {
  http.close();
  await server.stop();
});
beforeEach(() => {
  asked = [];
  mostInFlight = 0;
  play = () => undefined;
});

/** The value is the number in the label; labels without a number have no series. */
function answerTo(query: string): Reply {
  const [, op, pattern = ''] = /h(=~?)["']([^"']*)["']/.exec(query) ?? [];
  const found = pattern.split('|').filter((value) => /\d/.test(value));
  return vector(
    ...found.map((h) => series(String(Number(/\d+/.exec(h))), op === '=~' ? { h, pod: 'p' } : { pod: 'p' })),
  );
}

const queries = (): string[] => asked.map((form) => form.get('query') ?? '');
const query = (h: string | number): string => `sum by (pod) (x{h="${h}"})`;
const isShared = (text: string): boolean => text.includes('=~');
const long = (h: number): string => `${'v'.repeat(1000)}${h}`;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const answer = (value: number): Answer => ({
  series: [{ labels: { pod: 'p' }, value }],
  at: NOW,
  warnings: [],
});
const failure = (message: string | RegExp): unknown =>
  expect.objectContaining({ name: 'QueryError', message: expect.stringMatching(message) });

/** The answer of each, or why there is none. */
const all = async (promises: readonly Promise<Answer>[]): Promise<unknown[]> =>
  (await Promise.allSettled(promises)).map((one) => (one.status === 'fulfilled' ? one.value : one.reason));

/** How an endpoint differs from that of the others. */
type Other = Omit<Partial<Endpoint>, 'sharedBy'> & { sharedBy?: string | undefined };

function world(requestsPerServer?: number) {
  const clock = new ManualClock();
  const events: QueryEvent[] = [];
  const limit = requestsPerServer === undefined ? {} : { requestsPerServer };
  const batcher = new Batcher({ http, clock, observe: (event) => void events.push(event), ...limit });
  const endpoint: Endpoint = {
    address: server.url,
    headers: {},
    tls: undefined,
    redact: (words) => words,
    sharedBy: 'everybody',
  };
  const ask = async (
    what: string,
    over: Other = {},
    { signal = new AbortController().signal, time }: { signal?: AbortSignal; time?: number } = {},
  ): Promise<Answer> => {
    const { sharedBy, ...rest } = { ...endpoint, ...over };
    return batcher.ask({ ...rest, ...(sharedBy !== undefined && { sharedBy }) }, what, signal, time);
  };
  return { clock, events, ask };
}

describe('one query for many', () => {
  test('of one shape, at most fifty at once, each with its own answer', async () => {
    const { ask, events } = world();
    const answers = await all([...numbers(101), 'none'].map(async (h) => ask(query(h))));
    expect(answers).toEqual([...numbers(101).map(answer), { series: [], warnings: [] }]);
    expect(events.map(({ questions }) => questions)).toEqual([34, 34, 34]);
    expect(queries().every((text) => text.startsWith('sum by (h, pod)'))).toBe(true);
  });

  test('the same text is asked once, with another time by itself', async () => {
    const { ask } = world();
    const answers = await all([
      ask(query(1)),
      ask(query(1)),
      ask(query(1), {}, { time: 5 }),
      ask("sum by (pod) (x{h='1'})"),
    ]);
    expect(answers.every((one) => JSON.stringify(one) === JSON.stringify(answer(1)))).toBe(true);
    expect(queries().toSorted()).toEqual([query(1), query(1), "sum by (pod) (x{h='1'})"].toSorted());
  });

  test('what is asked in another turn, or has no shape, goes by itself', async () => {
    const { ask } = world();
    await ask(query(1));
    await all([ask(query(2)), ask('sum(x)'), ask('x{h="3"}'), ask('x{h="4"}')]);
    expect(queries().toSorted()).toEqual([query(1), query(2), 'sum(x)', 'x{h="3"}', 'x{h="4"}'].toSorted());
  });

  test('no query is longer than servers read', async () => {
    const { ask } = world();
    expect(await all(numbers(40).map(async (h) => ask(query(long(h)))))).toEqual(numbers(40).map(answer));
    expect(queries().length).toBeGreaterThan(2);
    expect(queries().length).toBeLessThan(8);
    expect(Math.max(...queries().map((text) => text.length))).toBeLessThanOrEqual(16_000);
  });
});

describe('who may share a query', () => {
  test.each<[string, Other]>([
    ['who is let in by a certificate', { sharedBy: undefined }],
    ['another server or Secret', { sharedBy: 'others' }],
    ['another token', { headers: { authorization: 'Bearer b' } }],
    ['another authority', { tls: { ca: 'c' } }],
    ['whose values do not come back as they are', { redact: (words) => words.replace(/\d/, '***') }],
  ])('not: %s', async (_, over) => {
    const { ask } = world();
    const answers = [ask(query(1)), ask(query(2)), ask(query(3), over)];
    expect((await all(answers)).slice(0, 2)).toEqual([answer(1), answer(2)]);
    expect(queries()).toHaveLength(2);
    expect(queries()).toContain(query(3));
  });
});

describe('a shared query that fails', () => {
  test.each<[string, Reply]>([
    ['is refused', refusal(400, 'bad_data', 'no')],
    ['cannot be executed', refusal(422, 'execution', 'duplicate series')],
    ['is too large to be sent', raw(413, '')],
    ['takes too long there', refusal(503, 'timeout', 'query timed out')],
    ['takes too long on the way', raw(504, '')],
    ['gets no answer in time', hang],
    ['has too large an answer', endless],
    ['has a histogram in it', vector({ metric: { h: '1' }, histogram: [NOW, {}] })],
    [
      'comes with a warning',
      success({ resultType: 'vector', result: [series('1', { h: '1' })] }, { warnings: ['hm'] }),
    ],
  ])('and %s: each is asked by itself, and for five minutes', async (_, reply) => {
    const { clock, events, ask } = world();
    play = (text) => (isShared(text) ? reply : undefined);
    const round = async (): Promise<unknown[]> => all(numbers(3).map(async (h) => ask(query(h))));
    expect(await round()).toEqual(numbers(3).map(answer));
    expect(events.map(({ fellBack }) => fellBack)).toEqual([true, false, false, false]);
    clock.advance(5 * 60_000 - 1);
    await round();
    expect(queries().filter(isShared)).toHaveLength(1);
    // Another shape is no worse for it.
    expect(await all(numbers(2).map(async (h) => ask(`sum (y{h="${h}"})`)))).toHaveLength(2);
    expect(queries().filter(isShared)).toHaveLength(2);
    clock.advance(1);
    await round();
    expect(queries().filter(isShared)).toHaveLength(3);
  });

  test('only the one that is at fault has no answer', async () => {
    const { ask } = world();
    play = (text) => (/[|"]2[|"]/.test(text) ? refusal(422, 'execution', 'duplicate series') : undefined);
    expect(await all(numbers(4).map(async (h) => ask(query(h))))).toEqual([
      answer(0),
      answer(1),
      failure('duplicate series'),
      answer(3),
    ]);
  });

  test.each<[string, Reply, RegExp, boolean]>([
    ['a cut connection', (r) => void r.socket?.destroy(), /connection failed/, true],
    ['429', raw(429, ''), /too much to do/, true],
    ['503', raw(503, ''), /not ready/, true],
    ['401', raw(401, ''), /wants credentials/, true],
    ['500', refusal(500, 'internal', 'series of team-b'), /answered 500: it says why, about several/, false],
    ['502', raw(502, ''), /answered 502$/, false],
    ['403', raw(403, ''), /other ones/, false],
  ])('with %s: an Error of each, and nobody asks again', async (_, reply, message, isSharedNext) => {
    const { ask } = world();
    play = () => reply;
    const errors = await all(numbers(3).map(async (h) => ask(query(h))));
    expect(errors).toEqual(numbers(3).map(() => failure(message)));
    expect(queries()).toHaveLength(1);
    play = () => undefined;
    expect(await all(numbers(3).map(async (h) => ask(query(h))))).toEqual(numbers(3).map(answer));
    expect(queries().slice(1).some(isShared)).toBe(isSharedNext);
  });
});

test('a shape whose shared answer is mostly of what nobody asked for is asked singly from then on', async () => {
  const { ask } = world();
  const noise = numbers(60).map((h) => series('0', { h: `other-${h}`, pod: 'p' }));
  play = (text) => (isShared(text) ? vector(series('1', { h: '1', pod: 'p' }), ...noise) : undefined);
  const round = async (): Promise<unknown[]> => all([ask(query(1)), ask(query('none'))]);
  expect(await round()).toEqual([answer(1), { series: [], warnings: [] }]);
  await round();
  expect(queries().map(isShared)).toEqual([true, false, false]);
});

describe('giving up', () => {
  test('one does not cut the others', async () => {
    const { ask } = world();
    const [before, during] = [new AbortController(), new AbortController()];
    before.abort();
    play = () => {
      during.abort();
      return undefined;
    };
    const answers = await all([
      ask(query(1), {}, { signal: before.signal }),
      ask(query(2), {}, { signal: during.signal }),
      ask(query(2)),
      ask(query(3)),
    ]);
    expect(answers).toEqual([failure(/cut short$/), failure(/cut short$/), answer(2), answer(3)]);
    expect(queries()).toEqual(['sum by (h, pod) (x{h=~"2|3"})']);
  });

  test('the request ends when nobody waits for it', async () => {
    const { ask } = world();
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    play = (_, response) => {
      closed = once(response, 'close');
      controller.abort();
      return hang;
    };
    const { signal } = controller;
    const answers = await all([ask(query(1), {}, { signal }), ask(query(2), {}, { signal })]);
    expect(answers).toEqual([failure('cut short'), failure('cut short')]);
    await until(() => closed !== undefined, 'the request came');
    await closed;
    expect(asked).toHaveLength(1);
  });

  test('one that waits for its turn leaves it to the next', async () => {
    const { ask } = world(1);
    const controller = new AbortController();
    play = (text) => {
      if (text.includes('first')) controller.abort();
      return undefined;
    };
    const { signal } = controller;
    expect(await all([ask('first'), ask('gone', {}, { signal }), ask(query(2))])).toEqual([
      { series: [], warnings: [] },
      failure('cut short'),
      answer(2),
    ]);
    expect(queries()).not.toContain('gone');
  });
});

test('at most so many requests at once to a server, and all come to their turn', async () => {
  const { ask } = world(3);
  let held: (() => void)[] = [];
  play = (query) => (response) => {
    held.push(() => answerTo(query)(response));
    if (held.length < 3 && asked.length < 20) return;
    const release = held;
    held = [];
    // One more would have come by then.
    void (async () => {
      for (let i = 0; i < 50; i++) await turn();
      for (const answer of release) answer();
    })();
  };
  const some = numbers(20).map(async (h) => ask(`sum by (pod, h) (x{h="${h}"})`));
  expect(await all(some)).toEqual(numbers(20).map(answer));
  expect(mostInFlight).toBe(3);
});
