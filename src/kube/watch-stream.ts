import { TransportError, apiError } from './errors.ts';

/** One line of a watch. A bookmark only says how far the stream has come (KEP-956). */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; resourceVersion: string };

/** etcd holds objects of 1.5 MiB; a line far beyond that is no watch event, and buffering it would not end. */
const LONGEST_LINE = 32 * 2 ** 20;

/**
 * Cuts a byte stream into lines, without the newline.
 * @throws TransportError `Protocol` when the stream ends inside a line, or a line does not end
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  // Pieces of an unfinished line are joined once, at its end: adding each chunk to one string and searching it
  // again is quadratic for large objects.
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      pieces.push(text.slice(start, end));
      const line = pieces.join('');
      pieces = [];
      length = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    pieces.push(text.slice(start));
    length += text.length - start;
    if (length > LONGEST_LINE) throw new TransportError('Protocol', 'The watch sent a line without end');
  }
  if (length > 0) throw new TransportError('Protocol', 'The watch ended within a line');
}

/**
 * Reads one line of a watch.
 * @throws ApiError for an ERROR event, with its Status (410 `Expired` among them): the server ends the watch
 * after one
 * @throws TransportError `Protocol` for anything that is no watch event
 */
export function parseEvent<T>(line: string): WatchEvent<T> {
  let event: { type?: unknown; object?: T & object };
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new TransportError('Protocol', 'The watch sent a line that is not JSON', error);
  }
  const { type, object } = event ?? {};
  if (typeof object !== 'object' || object === null) {
    throw new TransportError('Protocol', 'The watch sent an event without an object');
  }
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object };
  if (type === 'BOOKMARK') {
    const { metadata }: { metadata?: { resourceVersion?: unknown } } = object;
    if (typeof metadata?.resourceVersion === 'string') {
      return { type, resourceVersion: metadata.resourceVersion };
    }
  }
  if (type === 'ERROR') {
    const { code }: { code?: unknown } = object;
    throw apiError(typeof code === 'number' ? code : 500, object);
  }
  throw new TransportError('Protocol', 'The watch sent an event of an unknown type');
}
