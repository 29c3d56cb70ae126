import { QueryError } from './client.ts';

/** Servers behind one address may disagree on the time, and so may an answer and its delay (seconds). */
const TOLERANCE = 5;
/** So much of a difference is taken for a slow clock at each answer (seconds). */
const DRIFT = 0.1;
/** A clock that was put back is believed when it has gone right for so long (seconds). */
const BELIEVED_AFTER = 60;

/**
 * Whether the answers of one server move on with time. The clock of a server may be wrong, so what is looked at
 * is by how much it is ahead of ours: an answer that a cache gives again falls behind as time goes by, and would
 * pass a step by samples from before it had settled (law 1).
 */
export class Freshness {
  /** Seconds that the server is ahead of our monotonic clock, by its newest answers. */
  #ahead = Number.NEGATIVE_INFINITY;
  /** An answer that has fallen behind, and when it came by our clock, seconds: the first of those that agree. */
  #behind: { ahead: number; since: number } | undefined;

  /**
   * @param at instant of evaluation by the server's clock, seconds since the epoch.
   * @param sentMs when it was asked, by our monotonic clock, milliseconds: a new answer is no older.
   * @param receivedMs when the answer was here: it is no younger.
   * @throws QueryError for an answer that is older than one before it has been.
   */
  check(at: number, sentMs: number, receivedMs: number): void {
    const [least, most] = [at - receivedMs / 1000, at - sentMs / 1000];
    const lag = this.#ahead - most;
    const isNew = lag <= TOLERANCE;
    if (isNew || this.#isBelieved(most, sentMs / 1000)) {
      this.#ahead = isNew ? Math.max(least, this.#ahead - DRIFT) : least;
      this.#behind = undefined;
      return;
    }
    throw new QueryError(
      `The answer is ${Math.round(lag)} s old: an earlier one was given again; is there a cache before Prometheus? Ask Prometheus itself`,
    );
  }

  /** A clock that was put back goes on as ours does; what is given again stands still. */
  #isBelieved(ahead: number, now: number): boolean {
    if (this.#behind === undefined || Math.abs(ahead - this.#behind.ahead) > TOLERANCE)
      this.#behind = { ahead, since: now };
    return now - this.#behind.since >= BELIEVED_AFTER;
  }
}
