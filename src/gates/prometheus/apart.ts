import type { Shape } from '../../analysis/promql-batch.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Endpoint } from './client.ts';

const APART_MS = 5 * 60_000;
/** More than there are Gates in any cluster; the oldest is forgotten, and tried again, first. */
const MOST = 1_000;

/** The shapes that a server is asked singly, for five minutes after a shared query did no good. */
export class Apart {
  readonly #clock: Clock;
  /** To the monotonic instant until which it holds, oldest first. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(endpoint: Endpoint, shape: Shape): boolean {
    const until = this.#until.get(keyOf(endpoint, shape));
    return until !== undefined && until > this.#clock.monotonic();
  }

  add(endpoint: Endpoint, shape: Shape): void {
    const now = this.#clock.monotonic();
    const key = keyOf(endpoint, shape);
    this.#until.delete(key);
    this.#until.set(key, now + APART_MS);
    for (const [oldest, until] of this.#until) {
      if (until > now && this.#until.size <= MOST) break;
      this.#until.delete(oldest);
    }
  }
}

function keyOf({ sharedBy }: Endpoint, shape: Shape): string {
  return JSON.stringify([sharedBy, shape.key]);
}
