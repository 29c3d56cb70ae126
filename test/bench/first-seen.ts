import type { Api, KubeObject } from '../harness/api.ts';
import { until } from '../harness/until.ts';
import { type Followed, follow } from '../harness/watch.ts';

/** When a watcher saw each object of a collection fulfil a condition for the first time. */
export class FirstSeen {
  /** By name; milliseconds since the epoch. */
  readonly at = new Map<string, number>();
  #watch: Followed<KubeObject> | undefined;

  /** Follows the collection until `stop`. */
  static async of<T extends KubeObject>(
    api: Api,
    path: string,
    condition: (object: T) => boolean,
  ): Promise<FirstSeen> {
    const seen = new FirstSeen();
    seen.#watch = await follow<T>(api, path, (object) => {
      const { name } = object.metadata;
      if (!seen.at.has(name) && condition(object))
        seen.at.set(name, performance.timeOrigin + performance.now());
    });
    return seen;
  }

  /** Waits until so many were seen; says how many were, if it takes too long. */
  async count(n: number, what: string, timeoutMs: number): Promise<void> {
    await until(
      what,
      (show) => {
        show(`${this.at.size} of ${n}`);
        return this.at.size >= n;
      },
      { timeoutMs, intervalMs: 20 },
    );
  }

  stop(): void {
    this.#watch?.stop();
  }
}
