import { setImmediate as turn } from 'node:timers/promises';
import type { KubeClient, ListOptions } from './client.ts';
import { TransportError } from './errors.ts';
import type { PutResult } from './store.ts';
import type { KubeList, KubeObject } from './types.ts';

/** Where a reflector puts what it sees. None of it may throw. */
export interface Sink<T> {
  /** `force`: believe it even where it is older than what is known. */
  put(object: T, force: boolean): PutResult;
  remove(object: T): void;
  /** The list at `version` is complete and holds exactly `seen`. Answers the uids that are gone. */
  prune(seen: ReadonlySet<string>, version: string, force: boolean): string[];
}

export interface ListSource<T extends KubeObject> {
  client: KubeClient;
  path: string;
  selectors: { labelSelector?: string; fieldSelector?: string };
  pageSize: number;
  sink: Sink<T>;
}

export interface ListPurpose<T> {
  /** Whether to believe a list of this version also where it is older than what is stored; may throw. */
  judge: (version: string) => 'by version' | 'by force';
  /** Called for each object that was not stored in this version. */
  onNews?: (object: T) => void;
  onPage?: () => void;
}

export interface Listed {
  version: string;
  items: number;
  /** Uids that were stored and are not in the list. */
  gone: string[];
}

/**
 * Lists a whole collection into a sink, handing each page on as it comes.
 * @throws ApiError 410 when the list takes longer than the API server keeps its version: start over
 */
export async function listInto<T extends KubeObject>(
  { client, path, selectors, pageSize, sink }: ListSource<T>,
  signal: AbortSignal,
  { judge, onNews, onPage }: ListPurpose<T>,
): Promise<Listed> {
  const seen = new Set<string>();
  let version: string | undefined;
  let force = false;
  for await (const page of pages<T>(client, path, { ...selectors, limit: pageSize, signal })) {
    signal.throwIfAborted();
    onPage?.();
    if (version === undefined) {
      version = page.metadata.resourceVersion ?? '';
      force = judge(version) === 'by force';
    }
    for (const object of page.items) {
      seen.add(object.metadata.uid);
      const result = sink.put(object, force);
      if (result === 'added' || result === 'updated') onNews?.(object);
    }
  }
  return { version: version ?? '', items: seen.size, gone: sink.prune(seen, version ?? '', force) };
}

/** A page in memory, as text and parsed, is several times this. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * A collection page by page, letting the event loop turn in between: one page of 10,000 objects blocks it for
 * most of a second, pages of 500 for less than a tenth. All pages show the version of the first. Objects may be
 * 1.5 MiB each, and whoever can create them must not be able to fill our memory: a page that is too large is
 * asked for again with fewer objects.
 */
async function* pages<T extends KubeObject>(
  client: KubeClient,
  path: string,
  options: ListOptions & { limit: number },
): AsyncGenerator<KubeList<T>, void> {
  let { limit } = options;
  for (let token: string | undefined; token !== ''; ) {
    const next = { ...options, limit, maxBytes: MOST_BYTES, ...(token !== undefined && { continue: token }) };
    const page = await client.list<T>(path, next).catch((error: unknown) => {
      if (limit === 1 || !(error instanceof TransportError && error.code === 'TooLarge')) throw error;
      return undefined;
    });
    if (page === undefined) {
      limit = Math.ceil(limit / 8);
      continue;
    }
    for (const item of page.items) identify(item, page);
    yield page;
    token = page.metadata.continue ?? '';
    if (token !== '') await turn();
  }
}

/** Items of built-in kinds come without kind and apiVersion; watch events of the same kinds have them. */
function identify(item: KubeObject, { kind, apiVersion }: KubeList<KubeObject>): void {
  if (kind !== undefined) item.kind ??= kind.replace(/List$/, '');
  if (apiVersion !== undefined) item.apiVersion ??= apiVersion;
}
