import { setTimeout as delay } from 'node:timers/promises';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import type { ApiRequest, Exchange, LineRewrite } from './fault-exchange.ts';

/** What happens to a request; it ends when its part is done, not necessarily with the answer's end. */
export type Fault = (exchange: Exchange) => Promise<void> | void;

/** Nothing happens to it. */
export const pass: Fault = async (exchange) => exchange.pass(await exchange.send());

/** It never reaches the server, and the connection breaks. */
export const cutBefore: Fault = (exchange) => exchange.cut();

/** The server does it, and the connection breaks before the answer. */
export const cutAfter: Fault = async (exchange) => {
  await text(await exchange.send());
  exchange.cut();
};

/** It reaches nobody, and nobody answers. */
export const silent: Fault = (exchange) => exchange.closed;

/** The server does it, and the answer never comes: a timeout after the commit. */
export const silentAfter: Fault = async (exchange) => {
  await text(await exchange.send());
  await exchange.closed;
};

/** It gets there late. */
export const late =
  (ms: number): Fault =>
  async (exchange) => {
    await delay(ms);
    await pass(exchange);
  };

/** Refused in the server's place, in its own form (a Status); nothing is done. */
export const refuse =
  (status: number, headers: Record<string, string> = {}): Fault =>
  (exchange) => {
    // What is created cannot conflict, but it can be there already.
    const reason = status === 409 && exchange.request.verb === 'create' ? 'AlreadyExists' : undefined;
    exchange.reply(status, statusBody(status, headers, reason), headers);
  };

/** The reason words of apimachinery's StatusReason. */
const REASONS: Record<number, string> = {
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A Status as the API server answers it. */
export function statusBody(
  code: number,
  headers: Record<string, string> = {},
  reason = REASONS[code] ?? 'Unknown',
): string {
  const retryAfterSeconds = headers['retry-after'] && Number(headers['retry-after']);
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `injected ${code}`,
    reason,
    ...(retryAfterSeconds !== undefined && { details: { retryAfterSeconds } }),
    code,
  });
}

/** A watch whose lines are changed on their way. */
export const rewrite =
  (lines: LineRewrite): Fault =>
  async (exchange) =>
    exchange.pass(await exchange.send(), lines);

/** A watch that tells only the last state of each object, at most so often: what is never told counts as changed. */
export const coalesced =
  (ms: number): Fault =>
  async (exchange) => {
    const answer = await exchange.send();
    exchange.begin(answer);
    const last = new Map<string, string>();
    const timer = setInterval(() => {
      for (const line of last.values()) exchange.write(`${line}\n`);
      last.clear();
    }, ms);
    const lines = createInterface({ input: answer });
    // A stream that is destroyed does not end the lines that are read from it.
    void exchange.closed.then(() => {
      clearInterval(timer);
      lines.close();
    });
    for await (const line of lines) {
      const { object }: { object: { metadata: { uid?: string } } } = JSON.parse(line);
      if (last.delete(object.metadata.uid ?? '')) exchange.changed();
      last.set(object.metadata.uid ?? '', line);
    }
    exchange.end();
  };

/** The writes that decide something: leases are written by the clock, events beside what happens. */
export function isWrite({ verb, resource }: ApiRequest): boolean {
  return !['get', 'list', 'watch'].includes(verb) && !['leases', 'events'].includes(resource);
}

/** `patch promotions/status`: a request of that verb on that resource. */
export const asks =
  (verb: ApiRequest['verb'], resource: string) =>
  (request: ApiRequest): boolean =>
    request.verb === verb && request.resource === resource;
