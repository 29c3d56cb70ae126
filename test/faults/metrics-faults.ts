import { gzipSync } from 'node:zlib';
import type { Exchange, Play, Reply } from './metrics-proxy.ts';

/** One way in which a metrics backend fails, and what an operator has to say about it. */
export interface MetricsFault {
  id: string;
  injected: string;
  /** Made anew for each release; absent: what is injected is not in the answer (see `outage`). */
  play?: () => Play;
  /** Instead of an answer: the server is gone, or its name does not resolve. */
  outage?: 'down' | 'dns';
  /** What the condition says meanwhile; absent: it goes on all the same, and rightly. */
  says?: string;
  /** A bad release is good until it stands at its second weight; where it is held, it is held there. */
  turns?: true;
  /** More of the Gate than the address. */
  gate?: { prometheus?: object; compare?: object };
  /** So many queries are answered so; 4 unless given, which is more than a gate needs to pass. */
  times?: number;
  short?: boolean;
}

const NAME = 'content-type';
const JSON_TYPE = { [NAME]: 'application/json' };

/** One answer of the API, with this for its result. */
const vector = (...values: string[]): Reply => {
  const at = Date.now() / 1000;
  const result = values.map((value, i) => ({ metric: { pod: `pod-${i}` }, value: [at, value] }));
  return {
    status: 200,
    headers: JSON_TYPE,
    body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }),
  };
};

const always = (reply: () => Reply) => (): Play => (exchange) => exchange.give(reply());

const status = (code: number, headers: Record<string, string> = {}): (() => Play) =>
  always(() => ({
    status: code,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ status: 'error', errorType: 'internal', error: 'played' }),
  }));

const LOGIN = '<!doctype html><html><title>Sign in</title><body>value 0</body></html>';
const HUNDRED_MB = 100 * 1024 * 1024;

/** The right beginning of an answer, padded without end. */
function pour({ answer }: Exchange): void {
  answer.writeHead(200, JSON_TYPE);
  answer.write('{"status":"success","data":{"resultType":"vector","result":[');
  let left = HUNDRED_MB;
  const on = (): void => {
    while (left > 0 && !answer.destroyed) {
      left -= 65_536;
      if (!answer.write(' '.repeat(65_536))) break;
    }
    if (left > 0 && !answer.destroyed) answer.once('drain', on);
    else answer.end();
  };
  on();
}

/** The honest answer, cut by the length that is promised. */
async function reset({ answer, ask }: Exchange): Promise<void> {
  const { body } = await ask();
  answer.writeHead(200, { ...JSON_TYPE, 'content-length': String(body.length) });
  answer.write(body.slice(0, body.length / 2));
  setImmediate(() => answer.socket?.resetAndDestroy());
}

/** Answers half a minute late, unless nobody waits any more. */
function late({ answer, ask, give }: Exchange): void {
  const timer = setTimeout(() => void ask().then(give, () => answer.destroy()), 30_000);
  answer.once('close', () => clearTimeout(timer));
}

/** The newest sample behind the value is ten minutes older than it is. */
async function age({ query, ask, give, spared }: Exchange): Promise<void> {
  const reply = await ask();
  if (!query.startsWith('time() - min(')) {
    spared();
    return give(reply);
  }
  give({ ...reply, body: reply.body.replace(/"value":\[([\d.]+),"[^"]*"\]/, '"value":[$1,"600"]') });
}

/** @param trap the URL of a server that must not be asked: it finds every release good. */
export function metricsFaults(trap: () => string): MetricsFault[] {
  return [
    {
      id: 'P01',
      injected: 'Prometheus down: connection refused',
      outage: 'down',
      says: 'connection refused; is it running',
      short: true,
    },
    {
      id: 'P02',
      injected: 'the name of Prometheus does not resolve',
      outage: 'dns',
      says: 'the name does not resolve; is it spelled right?',
    },
    {
      id: 'P03',
      injected: 'Prometheus answers 30 s late',
      play: () => late,
      says: 'no answer in time',
      times: 2,
    },
    {
      id: 'P04',
      injected: '429 with Retry-After: 1',
      play: status(429, { 'retry-after': '1' }),
      says: 'answered 429',
    },
    { id: 'P05', injected: '500', play: status(500), says: 'answered 500', short: true },
    { id: 'P06', injected: '503', play: status(503), says: 'answered 503' },
    {
      id: 'P07',
      injected: 'a sign-in page in HTML with 200',
      play: always(() => ({ status: 200, headers: { [NAME]: 'text/html' }, body: LOGIN })),
      says: 'but a web page; is the address right?',
      short: true,
    },
    {
      id: 'P08',
      injected: 'JSON that ends early, with the length right',
      play:
        () =>
        async ({ ask, give }) => {
          const reply = await ask();
          give({ ...reply, body: reply.body.slice(0, -8) });
        },
      says: 'this is no answer of the Prometheus API',
    },
    {
      id: 'P09',
      injected: 'NaN',
      play: always(() => vector('NaN')),
      says: 'The value is NaN, 0/0: no requests?',
      short: true,
    },
    {
      id: 'P10',
      injected: '+Inf',
      play: always(() => vector('+Inf')),
      says: 'The value is +Inf: a division by zero?',
    },
    {
      id: 'P11',
      injected: '-Inf, which is less than any limit',
      play: always(() => vector('-Inf')),
      says: 'The value is -Inf: a division by zero?',
    },
    {
      id: 'P12',
      injected: 'an empty vector',
      play: always(() => vector()),
      says: 'The query returned nothing: is there traffic, and do the labels match?',
      short: true,
    },
    {
      id: 'P13',
      injected: 'two series, one good and one bad',
      play: always(() => vector('0', '1')),
      says: 'The query returned 2 series, need one: aggregate with sum() or max()',
    },
    {
      id: 'P14',
      injected: 'a body of 100 MB',
      play: () => pour,
      says: 'the answer is larger than 1048576 bytes; aggregate the query to one number',
    },
    {
      id: 'P15',
      injected: 'a redirect to another host, which finds every release good',
      play: always(() => ({ status: 307, headers: { location: `${trap()}/api/v1/query` }, body: '' })),
      says: 'redirects to another host; write that one as the address',
    },
    {
      id: 'P16',
      injected: 'a newest sample that is ten minutes old',
      play: () => age,
      gate: { prometheus: { maxAgeSeconds: 60 } },
      says: 'The data is stale: its newest sample is 600 s old',
    },
    {
      id: 'P17',
      injected: 'an answer in gzip that nobody asked for',
      play:
        () =>
        async ({ answer, ask }) => {
          const { body } = await ask();
          answer.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(gzipSync(body));
        },
      says: 'this is no answer of the Prometheus API',
    },
    {
      id: 'P18',
      injected: 'a connection that is reset in mid-body',
      play: () => reset,
      says: 'ended early',
      short: true,
    },
    {
      id: 'P19',
      injected: 'null, a list, a number in words, and a value that is no string',
      play: wrongForms,
      says: 'this is no answer of the Prometheus API',
      times: 8,
    },
    {
      id: 'P20',
      injected: 'a cache that gives the first good answer again, for ever',
      play: cache,
      says: 'an earlier one was given again; is there a cache before Prometheus?',
      turns: true,
    },
    {
      id: 'P21',
      injected: "the canary's counters begin at 0 again, at every fourth look",
      play: resets,
      // One that is bad from the beginning may be found out within the three looks before.
      turns: true,
      gate: { compare: { minSamples: { atLeast: 30 } } },
      times: 1,
    },
  ];
}

/** Valid JSON of the wrong form, one after the other. */
function wrongForms(): Play {
  const at = Date.now() / 1000;
  const bodies = [
    'null',
    '[]',
    '{"status":"success"}',
    `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[${at},0]}]}}`,
    `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":["${at}","0"]}]}}`,
    '{"__proto__":{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}}',
  ];
  let next = 0;
  return ({ give }) => give({ status: 200, headers: JSON_TYPE, body: bodies[next++ % bodies.length] ?? '' });
}

/** The first answer that says that there are no errors, from then on. */
function cache(): Play {
  let kept: Reply | undefined;
  return async ({ ask, give, spared }) => {
    if (kept) return give(kept);
    spared();
    const reply = await ask();
    if (/"value":\[[\d.]+,"0"\]/.test(reply.body)) kept = reply;
    give(reply);
  };
}

/** Counters as if what counts had been started anew; the total is asked for first. Counted are those that fell. */
function resets(): Play {
  let looks = 0;
  const begun = new Map<string, { at: number; from: number; given: number }>();
  return async ({ query, ask, give, spared }) => {
    if (!query.includes('5..')) looks += 1;
    const reply = await ask();
    const value = Number(/"value":\[[\d.]+,"([\d.]+)"\]/.exec(reply.body)?.[1] ?? 0);
    const known = begun.get(query);
    const era = Math.floor(looks / 4);
    const from = known?.at === era ? known.from : era === 0 ? 0 : value;
    const given = value - from;
    // Only what has fallen shows a reset.
    if (!(known && given < known.given)) spared();
    begun.set(query, { at: era, from, given });
    give({ ...reply, body: reply.body.replace(/(,)"[\d.]+"\]/, `$1"${given}"]`) });
  };
}
