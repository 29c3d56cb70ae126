import { setTimeout as delay } from 'node:timers/promises';
import type { Decision, Environment, Gate, Promotion } from '../../src/api/v1alpha1/types.ts';
import { type Api, ApiError, type KubeList, type KubeObject } from '../harness/api.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import type { ReplicaSet, Rollout } from '../harness/kinds.ts';
import { sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { watch } from '../harness/watch.ts';

/** One version of an object, as the API server stored it. */
export type Version = {
  /** `metadata.resourceVersion`: one etcd counts for all kinds, so this is the order in which things happened. */
  at: number;
  /** `performance.now()` when it came by, for what has to happen within a time. */
  seen: number;
} & (
  | { kind: 'Promotion'; object: Promotion & KubeObject }
  | { kind: 'Rollout'; object: Rollout }
  | { kind: 'ReplicaSet'; object: ReplicaSet }
  | { kind: 'Gate'; object: Gate & KubeObject }
  | { kind: 'Environment'; object: Environment & KubeObject }
  | { kind: 'Decision'; object: Decision & KubeObject }
);

type Kind = Version['kind'];

const pathsOf = (namespace: string): readonly (readonly [Kind, string])[] => [
  ['Promotion', sluicePath(namespace, 'promotions')],
  ['Rollout', rolloutPath(namespace)],
  ['ReplicaSet', `/apis/apps/v1/namespaces/${namespace}/replicasets`],
  ['Gate', sluicePath(namespace, 'gates')],
  ['Environment', sluicePath(namespace, 'environments')],
  ['Decision', sluicePath(namespace, 'decisions')],
];

const isCalled = ({ kind, object }: Pick<Version, 'kind' | 'object'>, prefix: string): boolean =>
  object.metadata.name.startsWith(prefix) ||
  (kind === 'Promotion' && (object as Promotion).spec.environment.startsWith(prefix));

/**
 * Every version of every object that the laws are about, in a namespace from now on, straight from the API server:
 * what the operator is made to believe does not come by here.
 */
export class History {
  readonly #api: Api;
  readonly #paths: readonly (readonly [Kind, string])[];
  readonly #versions: Version[] = [];
  readonly #stopped = new AbortController();
  /** Why some version was not told. */
  #hole: string | undefined;

  private constructor(api: Api, namespace: string) {
    this.#api = api;
    this.#paths = pathsOf(namespace);
  }

  /** Begins to record; resolves when nothing can be missed any more. */
  static async of(api: Api, namespace: string): Promise<History> {
    const history = new History(api, namespace);
    await Promise.all(history.#paths.map(([kind, path]) => history.#follow(kind, path)));
    return history;
  }

  /**
   * Oldest first; of the objects whose name begins like this, and of promotions to what is called so.
   * @throws Error where versions are missing: a history with a hole proves nothing
   */
  versions(prefix = ''): Version[] {
    if (this.#hole !== undefined) throw new Error(`the history has a hole: ${this.#hole}`);
    return this.#versions.filter((version) => isCalled(version, prefix)).toSorted((a, b) => a.at - b.at);
  }

  /** All of it, once everything that the API server has of these objects now has come by. @throws as `versions` does */
  async complete(prefix = ''): Promise<Version[]> {
    const now = await Promise.all(
      this.#paths.map(async ([kind, path]) => {
        const { items } = await this.#api.list(path);
        return items.map((object) => ({ kind, object }) as Version).filter((v) => isCalled(v, prefix));
      }),
    );
    await until(`all of ${prefix} has come by`, (seen) => {
      const missing = now.flat().filter(({ kind, object }) => !this.has(kind, object));
      seen(missing.map(({ kind, object }) => `${kind} ${object.metadata.name}`));
      return missing.length === 0 || this.#hole !== undefined;
    });
    return this.versions(prefix);
  }

  /** Whether an object as it was read elsewhere, or a later version of it, has come by. */
  has(kind: Kind, { metadata }: KubeObject): boolean {
    const from = Number(metadata.resourceVersion);
    return this.#versions.some(
      (v) => v.kind === kind && v.at >= from && v.object.metadata.name === metadata.name,
    );
  }

  /** Forgets the objects whose name begins like this, but for the last version of each: what comes next begins there. */
  forget(prefix: string): void {
    const last = new Map<string, Version>();
    for (const version of this.versions(prefix))
      last.set(`${version.kind}/${version.object.metadata.name}`, version);
    const kept = this.#versions.filter(
      (version) =>
        !version.object.metadata.name.startsWith(prefix) ||
        (version.kind !== 'Promotion' &&
          last.get(`${version.kind}/${version.object.metadata.name}`) === version),
    );
    this.#versions.splice(0, this.#versions.length, ...kept);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #follow(kind: Kind, path: string): Promise<void> {
    const { items, metadata } = await this.#api.list(path);
    for (const object of items) this.#note(kind, object);
    void this.#watch(kind, path, metadata.resourceVersion);
  }

  /** From version to version, also across restarts of the API server: nothing in between is lost. */
  async #watch(kind: Kind, path: string, from: string): Promise<void> {
    let version = from;
    while (!this.#stopped.signal.aborted) {
      try {
        for await (const { type, object } of watch(this.#api, path, version, this.#stopped.signal)) {
          version = object.metadata.resourceVersion ?? version;
          if (type !== 'BOOKMARK') this.#note(kind, object);
        }
      } catch (error) {
        if (error instanceof ApiError && error.status === 410) {
          const next = await this.#relist(kind, path).catch(() => version);
          if (next === undefined) {
            this.#hole = `what became of each ${kind} after version ${version} is not told any more (410)`;
            return;
          }
          version = next;
        }
        await delay(100);
      }
    }
  }

  /**
   * Where to go on after a 410: an API server that was restarted forgets what it told before. What has happened since
   * is read back. Undefined: it cannot be read any more.
   */
  async #relist(kind: Kind, path: string): Promise<string | undefined> {
    const { items, metadata } = await this.#api.list(path);
    try {
      for (const item of items) await this.#readBack(kind, path, item);
    } catch (error) {
      // Of before a compaction; anything else is tried again.
      if (error instanceof ApiError && error.status === 410) return undefined;
      throw error;
    }
    return metadata.resourceVersion;
  }

  /** An object and what it was before, version by version, until one that has come by. @throws ApiError 410 */
  async #readBack(kind: Kind, path: string, newest: KubeObject): Promise<void> {
    const { name, uid } = newest.metadata;
    const before: KubeObject[] = [];
    let object: KubeObject | undefined = newest;
    while (object !== undefined && !this.#isKnown(kind, object)) {
      before.push(object);
      const at: string = `resourceVersion=${Number(object.metadata.resourceVersion) - 1}&resourceVersionMatch=Exact`;
      const { items }: KubeList<KubeObject> = await this.#api.list(
        `${path}?fieldSelector=metadata.name%3D${name}&${at}`,
      );
      object = items.find(({ metadata }) => metadata.uid === uid);
    }
    for (const version of before) this.#note(kind, version);
  }

  #isKnown(kind: Kind, { metadata: { name, resourceVersion } }: KubeObject): boolean {
    return this.#versions.some(
      (v) => v.kind === kind && v.object.metadata.name === name && v.at === Number(resourceVersion),
    );
  }

  #note(kind: Kind, object: KubeObject): void {
    const at = Number(object.metadata.resourceVersion);
    // The path says what kind its objects are.
    this.#versions.push({ kind, at, seen: performance.now(), object } as Version);
  }
}
