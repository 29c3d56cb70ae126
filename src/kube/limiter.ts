/**
 * At most `max` holders at a time, first come, first served. There is no rate limit towards the API server
 * (it has priority and fairness); a bound on concurrency is what keeps a burst on one HTTP/2 connection.
 */
export class Limiter {
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves with the function that gives the place back; rejects, holding nothing, when `signal` fires first. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    if (this.#held >= this.#max) await this.#turn(signal);
    else this.#held++;
    return () => {
      const [next] = this.#waiting;
      // The place passes on directly, so that nobody who comes just now can slip in between.
      if (next === undefined) this.#held--;
      else next();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', abandon);
      };
      const go = (): void => {
        leave();
        resolve();
      };
      const abandon = (): void => {
        leave();
        reject(new Error('Gave up waiting for a free place'));
      };
      if (signal.aborted) return abandon();
      this.#waiting.add(go);
      signal.addEventListener('abort', abandon);
    });
  }
}
