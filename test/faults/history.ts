import { setTimeout as delay } from 'node:timers/promises';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import { type Api, ApiError, type KubeObject } from '../harness/api.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import type { ReplicaSet, Rollout } from '../harness/kinds.ts';
import { sluicePath } from '../harness/promotions.ts';
import { watch } from '../harness/watch.ts';

/** One version of an object, as the API server stored it. */
export type Version = {
  /** `metadata.resourceVersion`: one etcd counts for all kinds, so this is the order in which things happened. */
  at: number;
} & (
  | { kind: 'Promotion'; object: Promotion & KubeObject }
  | { kind: 'Rollout'; object: Rollout }
  | { kind: 'ReplicaSet'; object: ReplicaSet }
);

/**
 * Every version of every Promotion, Rollout and ReplicaSet of a namespace from now on, straight from the API server:
 * what the operator is made to believe does not come by here.
 */
export class History {
  readonly #versions: Version[] = [];
  readonly #stopped = new AbortController();

  /** Begins to record; resolves when nothing can be missed any more. */
  static async of(api: Api, namespace: string): Promise<History> {
    const history = new History();
    await Promise.all([
      history.#follow(api, 'Promotion', sluicePath(namespace, 'promotions')),
      history.#follow(api, 'Rollout', rolloutPath(namespace)),
      history.#follow(api, 'ReplicaSet', `/apis/apps/v1/namespaces/${namespace}/replicasets`),
    ]);
    return history;
  }

  /** Oldest first; of the objects whose name begins like this, and of promotions to what is called so. */
  versions(prefix = ''): Version[] {
    return this.#versions
      .filter(
        ({ kind, object }) =>
          object.metadata.name.startsWith(prefix) ||
          (kind === 'Promotion' && object.spec.environment.startsWith(prefix)),
      )
      .toSorted((a, b) => a.at - b.at);
  }

  /** Whether an object as it was read elsewhere, or a later version of it, has come by. */
  has(kind: Version['kind'], { metadata }: KubeObject): boolean {
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

  async #follow(api: Api, kind: Version['kind'], path: string): Promise<void> {
    const { items, metadata } = await api.list(path);
    for (const object of items) this.#note(kind, object);
    void this.#watch(api, kind, path, metadata.resourceVersion);
  }

  /** From version to version, also across restarts of the API server: nothing in between is lost. */
  async #watch(api: Api, kind: Version['kind'], path: string, from: string): Promise<void> {
    let version = from;
    while (!this.#stopped.signal.aborted) {
      try {
        for await (const { type, object } of watch(api, path, version, this.#stopped.signal)) {
          version = object.metadata.resourceVersion ?? version;
          if (type !== 'BOOKMARK') this.#note(kind, object);
        }
      } catch (error) {
        // A history with a hole proves nothing: whoever reads it is told by what is missing at its end.
        if (error instanceof ApiError && error.status === 410) return;
        await delay(100);
      }
    }
  }

  #note(kind: Version['kind'], object: KubeObject): void {
    // The path says what kind its objects are.
    this.#versions.push({ kind, at: Number(object.metadata.resourceVersion), object } as Version);
  }
}
