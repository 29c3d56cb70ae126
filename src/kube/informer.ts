import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { KubeClient } from './client.ts';
import type { IndexFunctions } from './indexes.ts';
import { type Resource, collectionPath, keyOf } from './paths.ts';
import type { Sink } from './listing.ts';
import { Reflector, type ReflectorHooks } from './reflector.ts';
import { type PutResult, Store, type StoreEvent } from './store.ts';
import type { KubeObject } from './types.ts';

/** Told of each change, in order. Synchronous; a throw is logged and counted, and stops nothing. */
export type Handler<T> = (event: StoreEvent<T>) => void;

/** What is known of one resource. Objects are shared: whoever reads one must not change it. */
export interface StoreReader<T extends KubeObject> {
  readonly size: number;
  /** `namespace` is undefined for a cluster-scoped object. */
  get(namespace: string | undefined, name: string): T | undefined;
  list(namespace?: string): T[];
  /** @throws RangeError for an index that was not declared */
  byIndex(index: string, value: string): T[];
  /**
   * Read your own writes: takes the answer of a write (raw, it is projected here), tells the handlers at once,
   * and ignores what the watch still has to say about older versions. A refused or lost write must not come here.
   */
  upsertLocal(object: T): void;
}

export interface InformerHooks extends ReflectorHooks {
  event?(type: StoreEvent<unknown>['type']): void;
  /** An older version than the stored one came by, and was ignored. */
  stale?(): void;
  handlerFailed?(): void;
}

export interface InformerOptions<T extends KubeObject> {
  client: KubeClient;
  clock: Clock;
  random: Random;
  log: Log;
  resource: Resource;
  /** Namespaces to follow; without it all of them, or the cluster-scoped objects. */
  namespaces?: readonly string[];
  labelSelector?: string;
  fieldSelector?: string;
  /** Keeps only what is needed of an object; it must keep name, namespace, uid and resourceVersion. It may read
   * managedFields, which are not kept whatever it answers. */
  project?: (object: T) => T;
  indexes?: IndexFunctions<T>;
  /** Objects a page of a list; 500 by default. */
  pageSize?: number;
  /** Milliseconds between the lists that check the watch; 10 minutes by default. */
  relistMs?: number;
  /** Milliseconds of silence after which a watch is opened anew; 150 s by default, bookmarks come every 60. */
  inactivityMs?: number;
  hooks?: InformerHooks;
}

/** A store kept up to date by a reflector for each namespace, and the handlers that want to know. */
export class Informer<T extends KubeObject> {
  /** The resource's full name, `rollouts.argoproj.io`. */
  readonly name: string;
  readonly store: StoreReader<T>;
  /** Resolves when every namespace was listed once; never rejects. */
  readonly synced: Promise<void>;
  #hasSynced = false;
  #stopped = false;
  readonly #options: InformerOptions<T>;
  readonly #log: Log;
  readonly #store: Store<T>;
  readonly #handlers = new Set<Handler<T>>();
  readonly #reflectors: readonly Reflector<T>[];

  constructor(options: InformerOptions<T>) {
    const { plural, group } = options.resource;
    this.name = group === '' ? plural : `${plural}.${group}`;
    this.#options = options;
    this.#log = options.log.child({ informer: this.name });
    this.#store = new Store<T>({
      emit: (event) => this.#emit(event),
      onIndexError: (error) => this.#failed('An index function failed', error),
      ...(options.indexes && { indexes: options.indexes }),
    });
    this.#reflectors = (options.namespaces ?? [undefined]).map((namespace) => this.#reflector(namespace));
    this.synced = Promise.all(this.#reflectors.map((reflector) => reflector.synced)).then(() => {
      this.#hasSynced = true;
    });
    const store = this.#store;
    this.store = {
      get size() {
        return store.size;
      },
      get: (namespace, name) => store.get(namespace, name),
      list: (namespace) => store.list(namespace),
      byIndex: (index, value) => store.byIndex(index, value),
      upsertLocal: (object) => void this.#put(object, false),
    };
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** `clock.monotonic()` of the last sign of life, in the namespace that has been silent longest. */
  get lastSeen(): number {
    return Math.min(...this.#reflectors.map((reflector) => reflector.lastSeen));
  }

  /** A handler that comes late is told `added` of what is there already. Answers the function that removes it. */
  onEvent(handler: Handler<T>): () => void {
    for (const object of this.#store.list()) this.#call(handler, { type: 'added', object });
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  /** Begins; resolves at once. */
  async start(): Promise<void> {
    for (const reflector of this.#reflectors) reflector.start();
  }

  /** Ends for good; no handler is called any more. What is stored stays readable. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }

  #reflector(namespace: string | undefined): Reflector<T> {
    const { client, clock, random, resource, labelSelector, fieldSelector } = this.#options;
    const sink: Sink<T> = {
      put: (object, force) => this.#put(object, force),
      remove: (object) => {
        const kept = this.#intake(object);
        if (kept !== undefined) this.#store.remove(kept);
      },
      prune: (seen, version, force) => this.#store.prune(namespace, seen, version, force),
    };
    return new Reflector({
      client,
      clock,
      random,
      sink,
      log: this.#log,
      path: collectionPath(resource, namespace),
      selectors: { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) },
      pageSize: this.#options.pageSize ?? 500,
      relistMs: this.#options.relistMs ?? 600_000,
      inactivityMs: this.#options.inactivityMs ?? 150_000,
      hooks: this.#options.hooks ?? {},
    });
  }

  #put(object: T, force: boolean): PutResult {
    const kept = this.#intake(object);
    const result = kept === undefined ? 'same' : this.#store.put(kept, force);
    if (result === 'stale') this.#options.hooks?.stale?.();
    return result;
  }

  /**
   * managedFields are a quarter of an object's memory, and what kubectl applied last is the object once more: a
   * projection may read them, and nobody keeps them.
   */
  #intake(object: T): T | undefined {
    try {
      const kept = this.#options.project?.(object) ?? object;
      const { managedFields: _, annotations, ...rest } = kept.metadata;
      const metadata = { ...rest, ...(annotations && { annotations: withoutLastApplied(annotations) }) };
      // A copy, because `delete` would make V8 keep a slow and larger object.
      return Object.assign({}, kept, { metadata });
    } catch (error) {
      this.#failed(`Projecting ${keyOf(object)} failed`, error);
      return undefined;
    }
  }

  #emit(event: StoreEvent<T>): void {
    if (this.#stopped) return;
    this.#options.hooks?.event?.(event.type);
    for (const handler of this.#handlers) this.#call(handler, event);
  }

  #call(handler: Handler<T>, event: StoreEvent<T>): void {
    try {
      handler(event);
    } catch (error) {
      this.#failed(`A handler failed on ${keyOf(event.object)}`, error);
    }
  }

  #failed(message: string, error: unknown): void {
    this.#options.hooks?.handlerFailed?.();
    this.#log.error({ err: error }, message);
  }
}

function withoutLastApplied(annotations: Record<string, string>): Record<string, string> {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...kept } = annotations;
  return kept;
}
