import { Indexes, type IndexFunctions } from './indexes.ts';
import type { KubeObject } from './types.ts';
import { compareVersions } from './versions.ts';

export type StoreEvent<T> =
  | { type: 'added'; object: T }
  | { type: 'updated'; object: T; previous: T }
  | { type: 'deleted'; object: T };

/** What `put` did: `same` is the echo of what is stored, `stale` an older version than that. */
export type PutResult = 'added' | 'updated' | 'same' | 'stale';

export interface StoreOptions<T> {
  indexes?: IndexFunctions<T>;
  /** Called after each change, in order; must not throw. */
  emit: (event: StoreEvent<T>) => void;
  /** Called when an index function throws: the object is stored, and not found by that index. */
  onIndexError?: (error: unknown) => void;
}

/** Deleted uids that are remembered, against what was under way when they went; a relist makes up for the rest. */
const MOST_TOMBSTONES = 1_000;

/**
 * The objects of one resource as last seen, whoever saw them: a watch, a list, or the answer to our own write.
 * These race, so for one object only a newer resource version is taken, and what was deleted stays deleted for
 * events from before its deletion. Where versions cannot be compared the latest to arrive wins.
 * Stored objects are shared: whoever reads one must not change it.
 */
export class Store<T extends KubeObject> {
  readonly #emit: (event: StoreEvent<T>) => void;
  readonly #byNamespace = new Map<string, Map<string, T>>();
  readonly #indexes: Indexes<T>;
  /** Deleted uid to the version at which it was known to be gone. */
  readonly #tombstones = new Map<string, string>();
  #size = 0;

  constructor(options: StoreOptions<T>) {
    this.#emit = options.emit;
    this.#indexes = new Indexes(options.indexes ?? {}, options.onIndexError);
  }

  get size(): number {
    return this.#size;
  }

  /** `namespace` is undefined for a cluster-scoped object. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#byNamespace.get(namespace ?? '')?.get(name);
  }

  list(namespace?: string): T[] {
    if (namespace !== undefined) return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
    return [...this.#byNamespace.values()].flatMap((objects) => [...objects.values()]);
  }

  /** @throws RangeError for an index that was not declared */
  byIndex(index: string, value: string): T[] {
    return this.#indexes.get(index, value);
  }

  /** Takes an object as some source saw it. `force`: that source is the truth, even where it is older. */
  put(object: T, force = false): PutResult {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const existing = this.get(namespace, name);
    if (existing?.metadata.uid === uid && existing.metadata.resourceVersion === resourceVersion)
      return 'same';
    const known = this.#tombstones.get(uid) ?? existing?.metadata.resourceVersion;
    if (!force && known !== undefined && (compareVersions(resourceVersion, known) ?? 1) <= 0) return 'stale';
    this.#tombstones.delete(uid);
    if (existing !== undefined && existing.metadata.uid !== uid) {
      // Deleted and created again under one name, and the deletion was not seen: it happened all the same.
      this.#drop(existing, resourceVersion);
      this.#emit({ type: 'deleted', object: existing });
    }
    const previous = this.get(namespace, name);
    this.#insert(object, previous);
    this.#emit(previous === undefined ? { type: 'added', object } : { type: 'updated', object, previous });
    return previous === undefined ? 'added' : 'updated';
  }

  /** Takes a deletion; `object` is the last state, with the version of the deletion. */
  remove(object: T): void {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const existing = this.get(namespace, name);
    if (existing?.metadata.uid !== uid) return this.#bury(uid, resourceVersion);
    // An object that left a label selector and came back has been "deleted" under the same uid.
    if ((compareVersions(resourceVersion, existing.metadata.resourceVersion) ?? 0) < 0) return;
    this.#drop(existing, resourceVersion);
    this.#emit({ type: 'deleted', object });
  }

  /**
   * Removes what a complete list did not contain, and answers the uids. What is newer than the list was created
   * after it was taken, and stays, unless `force`.
   */
  prune(
    namespace: string | undefined,
    seen: ReadonlySet<string>,
    listVersion: string,
    force = false,
  ): string[] {
    const gone = this.list(namespace).filter(({ metadata: { uid, resourceVersion } }) => {
      return !seen.has(uid) && (force || (compareVersions(resourceVersion, listVersion) ?? 0) <= 0);
    });
    for (const object of gone) {
      this.#drop(object, listVersion);
      this.#emit({ type: 'deleted', object });
    }
    return gone.map((object) => object.metadata.uid);
  }

  #insert(object: T, previous: T | undefined): void {
    const namespace = object.metadata.namespace ?? '';
    const objects = this.#byNamespace.get(namespace) ?? new Map<string, T>();
    this.#byNamespace.set(namespace, objects);
    objects.set(object.metadata.name, object);
    if (previous === undefined) this.#size++;
    else this.#indexes.delete(previous);
    this.#indexes.add(object);
  }

  #drop(object: T, version: string): void {
    const { namespace, name, uid } = object.metadata;
    const objects = this.#byNamespace.get(namespace ?? '');
    if (objects?.delete(name)) this.#size--;
    if (objects?.size === 0) this.#byNamespace.delete(namespace ?? '');
    this.#indexes.delete(object);
    this.#bury(uid, version);
  }

  #bury(uid: string, version: string): void {
    this.#tombstones.delete(uid);
    this.#tombstones.set(uid, version);
    const [oldest] = this.#tombstones.keys();
    if (this.#tombstones.size > MOST_TOMBSTONES && oldest !== undefined) this.#tombstones.delete(oldest);
  }
}
