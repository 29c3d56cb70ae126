import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, rewrite, statusBody } from '../harness/fault-kinds.ts';

/* Ways in which a watch can go wrong. */

const isLine = (line: string, type: string): boolean => line.startsWith(`{"type":"${type}"`);

/** A stream that ends with 410 Gone before anything else. */
const GONE = `{"type":"ERROR","object":${statusBody(410)}}`;
export const gone: Fault = rewrite(() => [GONE]);

/** The same object with its keys the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, turned(member)]),
  );
}

/** Each event with the keys of all its objects in another order. */
export const turnedKeys: Fault = rewrite((line) => [JSON.stringify(turned(JSON.parse(line)))]);

/** Each event twice. */
export const twice: Fault = rewrite((line) => [line, line]);

/** An event whose object has its `metadata` twice: the last one counts, as in Go. */
function duplicated(line: string): string {
  return line.replace(
    '"object":{',
    '"object":{"metadata":{"name":"nobody","uid":"none","resourceVersion":"1"},',
  );
}

/** A key that is there twice, the first time with what is not so. */
export const doubledKey: Fault = rewrite((line) => [duplicated(line)]);

/** Each event is followed by those before it, as after a watch that was resumed from an old version. */
export function replayed(): Fault {
  return (exchange) => {
    const before: string[] = [];
    return rewrite((line) => {
      before.push(line);
      return [line, ...before.slice(-4, -1)];
    })(exchange);
  };
}

/** An event out of its order: each second one before the one that it follows. */
export function swapped(): Fault {
  return (exchange) => {
    let held: string | undefined;
    return rewrite((line) => {
      if (held === undefined && isLine(line, 'MODIFIED')) {
        held = line;
        // Alone it must not wait for ever: what was held back comes with the next bookmark at the latest.
        return [];
      }
      const lines = held === undefined ? [line] : [line, held];
      held = undefined;
      return lines;
    })(exchange);
  };
}

/** Half of a line, and then the end of the stream. */
export const truncated: Fault = async (exchange) => {
  const answer = await exchange.send();
  exchange.begin(answer);
  for await (const chunk of answer.setEncoding('utf8')) {
    const text = String(chunk);
    exchange.write(text.slice(0, Math.floor(text.length / 2)));
    exchange.changed();
    break;
  }
  exchange.end();
};

/** Every line comes so much later. */
export const lagging =
  (ms: number): Fault =>
  (exchange) =>
    rewrite(async (line) => {
      await delay(ms);
      exchange.changed();
      return [line];
    })(exchange);

/** The head of the answer, and then no byte more. */
export const mute: Fault = async (exchange) => {
  exchange.begin(await exchange.send());
  await exchange.closed;
};

/** Each event as a bookmark of its version: the watch goes on, and what has happened is kept from it. */
export const bookmarksOnly: Fault = rewrite((line) => {
  const { object }: { object: { kind: string; apiVersion: string; metadata: { resourceVersion: string } } } =
    JSON.parse(line);
  const { kind, apiVersion, metadata } = object;
  const bookmark = { kind, apiVersion, metadata: { resourceVersion: metadata.resourceVersion } };
  return [JSON.stringify({ type: 'BOOKMARK', object: bookmark })];
});
