import type { Api, KubeObject } from '../harness/api.ts';
import { until } from '../harness/until.ts';
import { type Followed, follow } from '../harness/watch.ts';

/** When a watcher saw each object of a collection fulfil a condition for the first time. */
export interface FirstSeen<T> {
  /** By name; milliseconds since the epoch. */
  readonly at: ReadonlyMap<string, number>;
  /** The collection as it is now. */
  readonly objects: Followed<T>['objects'];
  /** Waits until so many were seen; says how many were, if it takes too long. */
  count(n: number, what: string, timeoutMs: number): Promise<void>;
  stop(): void;
}

/** Follows a collection until it is stopped. Names have to be unique in it. */
export async function firstSeen<T extends KubeObject>(
  api: Api,
  path: string,
  condition: (object: T) => boolean,
): Promise<FirstSeen<T>> {
  const at = new Map<string, number>();
  const watch = await follow<T>(api, path, (object) => {
    const { name } = object.metadata;
    if (!at.has(name) && condition(object)) at.set(name, performance.timeOrigin + performance.now());
  });
  return {
    at,
    objects: watch.objects,
    count: async (n, what, timeoutMs) =>
      void (await until(
        what,
        (show) => {
          show(`${at.size} of ${n}`);
          return at.size >= n;
        },
        { timeoutMs, intervalMs: 20 },
      )),
    stop: () => watch.stop(),
  };
}
