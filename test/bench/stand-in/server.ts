// Runs in a thread of its own, so that what the benchmark does beside it cannot delay an arrival.
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { asked, type Asked } from './query.ts';

/** What the stand-in is told. */
export type Order =
  | { id: number; do: 'behave'; bad?: boolean; latencyMs?: number; errorRate?: number }
  | { id: number; do: 'clear' }
  | { id: number; do: 'log' };

/** What it has seen since it was cleared; times are milliseconds since the epoch, with fractions. */
export interface Log {
  queries: number;
  /** Queries that were answered with an error on purpose. */
  refused: number;
  /** Arrivals of each value of the telling label, oldest first. */
  arrivals: Map<string, number[]>;
  /** When each value was answered with bad news for the first time. */
  firstBad: Map<string, number>;
}

const GOOD = '0.01';
const BAD = '0.5';
const port = parentPort;
if (port === null) throw new Error('server.ts is a worker: start it through stand-in.ts');

let behaviour = { bad: false, latencyMs: 0, errorRate: 0 };
let log = empty();
/** Carries over the fraction of an error, so that the share is exact and without chance. */
let owed = 0;

function empty(): Log {
  return { queries: 0, refused: 0, arrivals: new Map(), firstBad: new Map() };
}

const now = (): number => performance.timeOrigin + performance.now();

function note({ values }: Asked, at: number): void {
  log.queries += 1;
  for (const value of values) {
    const seen = log.arrivals.get(value);
    if (seen) seen.push(at);
    else log.arrivals.set(value, [at]);
  }
}

function vector({ label, values, byLabel }: Asked): string {
  const time = Date.now() / 1000;
  const sample = [time, behaviour.bad ? BAD : GOOD];
  if (behaviour.bad) {
    const at = now();
    for (const value of values) if (!log.firstBad.has(value)) log.firstBad.set(value, at);
  }
  const result =
    byLabel && label !== undefined
      ? values.map((value) => ({ metric: { [label]: value }, value: sample }))
      : [{ metric: {}, value: sample }];
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

/** Whether this one is to be refused. */
function isOwed(): boolean {
  owed += behaviour.errorRate;
  if (owed < 1) return false;
  owed -= 1;
  log.refused += 1;
  return true;
}

async function queryOf(request: IncomingMessage): Promise<string> {
  const body = request.method === 'POST' ? await text(request) : '';
  const form = new URLSearchParams(body || (request.url ?? '').split('?')[1]);
  return form.get('query') ?? '';
}

const server = createServer((request, answer) => {
  const at = now();
  void (async () => {
    const question = asked(await queryOf(request));
    note(question, at);
    if (behaviour.latencyMs > 0) await delay(behaviour.latencyMs);
    answer.setHeader('content-type', 'application/json');
    if (isOwed()) {
      answer.statusCode = 503;
      answer.end('{"status":"error","errorType":"unavailable","error":"refused on purpose"}');
    } else answer.end(vector(question));
  })();
});
// Whoever keeps a connection may keep it: a server that closes first would look like a fault.
server.keepAliveTimeout = 300_000;

port.on('message', (order: Order) => {
  if (order.do === 'behave') behaviour = { ...behaviour, ...order };
  if (order.do === 'clear') log = empty();
  port.postMessage({ id: order.id, ...(order.do === 'log' && { log }) });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  port.postMessage({ id: 0, port: typeof address === 'object' ? address?.port : undefined });
});
