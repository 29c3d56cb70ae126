import type { Clock } from '../runtime/clock.ts';
import type { PooledKubeConfig } from './config.ts';
import { type CallOptions, type RequestInfo, Transport } from './transport.ts';
import type { KubeList } from './types.ts';
import { type WatchEvent, lines, parseEvent } from './watch-stream.ts';

export type PatchType = 'json' | 'merge' | 'apply';

const CONTENT_TYPE: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  // JSON is YAML; the API server names this type in the YAML spelling only.
  apply: 'application/apply-patch+yaml',
};

export interface ListOptions extends CallOptions {
  /** Objects a page; without it everything comes at once. */
  limit?: number;
  continue?: string;
  labelSelector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'NotOlderThan' | 'Exact';
}

export interface WriteOptions extends CallOptions {
  /** Admission and validation only: nothing is stored. */
  dryRun?: boolean;
  fieldManager?: string;
}

export interface PatchOptions extends WriteOptions {
  /** Takes fields over from other managers; for `apply` only. */
  force?: boolean;
}

/** `uid` and `resourceVersion` are preconditions: a 409 instead of deleting something else. */
export interface DeleteOptions extends CallOptions {
  uid?: string;
  resourceVersion?: string;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  gracePeriodSeconds?: number;
  dryRun?: boolean;
}

export interface WatchOptions {
  signal: AbortSignal;
  /** Milliseconds without a byte after which the watch ends with a TransportError `Timeout`; 150 s by default, 300 s at most. */
  inactivityMs?: number;
}

export interface KubeClientOptions {
  config: PooledKubeConfig;
  clock: Clock;
  /** For each request, waiting for a free place included; 15 s by default. */
  timeoutMs?: number;
  /** Name under which server-side bookkeeping records our writes; `sluice` by default. */
  fieldManager?: string;
  /** Requests at the same time, watches not counted; 64 by default. */
  maxInFlight?: number;
  /** Called once for each request, with what `rest_client_requests_total` needs. */
  onRequest?: (info: RequestInfo) => void;
}

/**
 * The Kubernetes API by raw paths. Bodies go out and come back exactly as they are: client-node's typed models
 * drop `default`, `enum` and `x-kubernetes-*` on the way. Every method takes a path relative to the API server
 * (see `paths.ts`; a query string may follow) and
 * @throws ApiError when the server refuses
 * @throws TransportError when there is no answer, or the caller's signal fires
 */
export class KubeClient {
  readonly config: PooledKubeConfig;
  readonly #transport: Transport;
  readonly #fieldManager: string;

  constructor(options: KubeClientOptions) {
    this.config = options.config;
    this.#fieldManager = options.fieldManager ?? 'sluice';
    this.#transport = new Transport({
      config: options.config,
      clock: options.clock,
      timeoutMs: options.timeoutMs ?? 15_000,
      maxInFlight: options.maxInFlight ?? 64,
      ...(options.onRequest && { onRequest: options.onRequest }),
    });
  }

  get<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.#transport.json({ verb: 'get', method: 'GET', path }, options);
  }

  /** One page; `listAll` follows the pages. */
  list<T>(path: string, options: ListOptions = {}): Promise<KubeList<T>> {
    const { signal: _, timeoutMs: __, maxBytes: ___, ...query } = options;
    return this.#transport.json({ verb: 'list', method: 'GET', path, query }, options);
  }

  /** Every object of a collection, in pages of `pageSize` (500 by default). */
  async listAll<T>(path: string, options: ListOptions & { pageSize?: number } = {}): Promise<T[]> {
    const { pageSize = 500, ...rest } = options;
    const all: T[] = [];
    for (let token: string | undefined; token !== ''; ) {
      const page = await this.list<T>(path, { ...rest, limit: pageSize, ...(token && { continue: token }) });
      for (const item of page.items) all.push(item);
      token = page.metadata.continue ?? '';
    }
    return all;
  }

  /** POST on a collection, or on a subresource such as `eviction`. */
  create<T>(path: string, body: unknown, options: WriteOptions = {}): Promise<T> {
    const query = this.#writeQuery(options);
    return this.#transport.json({ verb: 'create', method: 'POST', path, query, body }, options);
  }

  /** PUT; guarded when the body carries `metadata.resourceVersion`. */
  update<T>(path: string, body: unknown, options: WriteOptions = {}): Promise<T> {
    const query = this.#writeQuery(options);
    return this.#transport.json({ verb: 'update', method: 'PUT', path, query, body }, options);
  }

  /** A merge patch is guarded when it carries `metadata.resourceVersion`; a JSON patch by `test` operations. */
  patch<T>(path: string, body: unknown, type: PatchType, options: PatchOptions = {}): Promise<T> {
    const query = { ...this.#writeQuery(options), force: type === 'apply' ? options.force : undefined };
    const contentType = CONTENT_TYPE[type];
    return this.#transport.json({ verb: 'patch', method: 'PATCH', path, query, body, contentType }, options);
  }

  /** Answers a Status, or the object when finalizers keep it. */
  delete<T>(path: string, options: DeleteOptions = {}): Promise<T> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds, dryRun } = options;
    const guarded = uid !== undefined || resourceVersion !== undefined;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(guarded && { preconditions: { uid, resourceVersion } }),
      propagationPolicy,
      gracePeriodSeconds,
      ...(dryRun && { dryRun: ['All'] }),
    };
    return this.#transport.json({ verb: 'delete', method: 'DELETE', path, body }, options);
  }

  /**
   * One watch, until the server closes it (the generator returns), it fails or an ERROR arrives (it throws), or
   * the caller leaves the loop (the stream is cancelled). Resuming is the reflector's business.
   */
  async *watch<T>(
    path: string,
    query: Record<string, string>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const request = { verb: 'watch', method: 'GET', path, query: { ...query, watch: 'true' } } as const;
    const stream = await this.#transport.stream(request, options.signal, options.inactivityMs ?? 150_000);
    for await (const line of lines(stream)) yield parseEvent<T>(line);
  }

  #writeQuery(options: WriteOptions): Record<string, string | undefined> {
    return {
      fieldManager: options.fieldManager ?? this.#fieldManager,
      dryRun: options.dryRun ? 'All' : undefined,
    };
  }
}
