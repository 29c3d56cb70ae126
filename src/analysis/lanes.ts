/** Something that waits for a place in a lane. */
export interface Waiter {
  /** The lane in which it waits. */
  waitsIn: string | undefined;
}

/**
 * At most `limit` at once for each backend. Without this, one backend that hangs would take every place there
 * is, and all other gates would be late (measured with Argo Rollouts: 30 workers, all blocked).
 */
export class Lanes<T extends Waiter> {
  readonly #limit: number;
  readonly #lanes = new Map<string, { inFlight: number; waiting: Set<T> }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.waiting.size, 0);
  }

  /** Takes a place; false when there is none, and then `waiter` waits for one. */
  enter(name: string, waiter: T): boolean {
    const lane = this.#lanes.get(name) ?? { inFlight: 0, waiting: new Set<T>() };
    this.#lanes.set(name, lane);
    if (lane.inFlight < this.#limit) {
      lane.inFlight++;
      return true;
    }
    waiter.waitsIn = name;
    lane.waiting.add(waiter);
    return false;
  }

  /** Gives a place back, and answers who has waited longest for it; that one has to enter anew. */
  leave(name: string): T | undefined {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return undefined;
    lane.inFlight--;
    const [next] = lane.waiting;
    if (next !== undefined) this.forget(next);
    if (lane.inFlight === 0 && lane.waiting.size === 0) this.#lanes.delete(name);
    return next;
  }

  /** It does not wait any more. */
  forget(waiter: T): void {
    if (waiter.waitsIn !== undefined) this.#lanes.get(waiter.waitsIn)?.waiting.delete(waiter);
    waiter.waitsIn = undefined;
  }
}
