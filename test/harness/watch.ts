import { setTimeout as delay } from 'node:timers/promises';
import { type Api, ApiError, type KubeObject } from './api.ts';

/** One event of a watch. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/**
 * Streams the events of a collection after `resourceVersion`, until the server closes or `signal` aborts.
 * @throws ApiError 410 when that version is too old: list again.
 */
export async function* watch<T extends KubeObject>(
  api: Api,
  path: string,
  resourceVersion: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion });
  const answer = await api.open('GET', `${path}${path.includes('?') ? '&' : '?'}${query.toString()}`, {
    signal,
  });
  answer.setEncoding('utf8');
  let rest = '';
  for await (const chunk of answer) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') continue;
      const event: WatchEvent<T> | { type: 'ERROR'; object: StatusError } = JSON.parse(line);
      if (event.type === 'ERROR')
        throw new ApiError(event.object.code, event.object.reason, event.object.message);
      yield event;
    }
  }
}

interface StatusError {
  code: number;
  reason: string;
  message: string;
}

/** A collection kept up to date. */
export interface Followed<T> {
  /** What exists now, by `namespace/name`. */
  readonly objects: ReadonlyMap<string, T>;
  /** Ends the watch. */
  stop(): void;
}

/**
 * Lists a collection and watches it for as long as it takes: every error (API server restarted, version too
 * old, connection cut) leads to a new list. Resolves after the first list.
 * `onChange` gets each object as it now is; after an error possibly once more, unchanged.
 */
export async function follow<T extends KubeObject>(
  api: Api,
  path: string,
  onChange: (object: T) => void = () => {},
): Promise<Followed<T>> {
  const objects = new Map<string, T>();
  const stop = new AbortController();
  const listed = Promise.withResolvers<void>();

  const once = async (): Promise<void> => {
    const list = await api.list<T>(path);
    objects.clear();
    for (const object of list.items) objects.set(keyOf(object), object);
    for (const object of list.items) onChange(object);
    listed.resolve();
    for await (const { type, object } of watch<T>(api, path, list.metadata.resourceVersion, stop.signal)) {
      if (type === 'BOOKMARK') continue;
      if (type === 'DELETED') objects.delete(keyOf(object));
      else {
        objects.set(keyOf(object), object);
        onChange(object);
      }
    }
  };
  const forEver = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await once().catch(() => delay(100));
    }
  };
  void forEver();
  await listed.promise;
  return { objects, stop: () => stop.abort() };
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
