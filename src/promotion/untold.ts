import { isDeepStrictEqual } from 'node:util';
import type { Probe } from '../analysis/sampler.ts';
import type { Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import type { Link } from '../audit/chain.ts';
import type { Decided } from './input.ts';
import { lastsMs, mayWait } from './news.ts';

/** What waits is written after so long at most: nobody sees it later than that. */
const NEWS_MS = 5_000;

interface Waiting {
  /** The status that it follows, as it is stored. */
  after: PromotionStatus | undefined;
  status: PromotionStatus;
  /** When it is written at the latest. */
  dueAt: number;
  /** What it says was acted on; these records of its trail are not logged, since they are not stored. */
  unlogged?: readonly Link[];
}

/**
 * Statuses that were decided and not written yet, by the key of their Promotion: what they say more than the stored
 * ones is news that may wait, or a revert that goes on although it cannot be written. A crash loses them; what they
 * say is seen again.
 */
export class Untold {
  readonly #waiting = new Map<string, Waiting>();

  /** A promotion with the status that was decided last, written or not. */
  asDecided(key: string, stored: Promotion): Promotion {
    const waiting = this.#waiting.get(key);
    if (waiting && isDeepStrictEqual(waiting.after, stored.status))
      return { ...stored, status: waiting.status };
    this.forget(key);
    return stored;
  }

  /**
   * Keeps a new status that may be written later.
   * @returns when it has to be, in epoch milliseconds; undefined: now.
   */
  keep(
    key: string,
    stored: Promotion,
    { effects, status }: Decided,
    probes: readonly Probe[],
    now: number,
  ): number | undefined {
    const dueAt = this.#waiting.get(key)?.dueAt ?? now + NEWS_MS;
    const waits =
      effects.length === 0 && mayWait(stored.status, status) && lastsMs(status, probes, now) < NEWS_MS;
    if (!waits || dueAt <= now) return undefined;
    this.#waiting.set(key, { after: stored.status, status, dueAt });
    return dueAt;
  }

  /**
   * Keeps a status that could not be written and that was acted on, so that the next pass does not take what came of
   * it for somebody else's doing. It is due at once.
   * @param unlogged the records that are to be logged when it is stored. Its own trail may have let go of some of them.
   */
  hold(
    key: string,
    stored: Promotion,
    status: PromotionStatus,
    unlogged: readonly Link[],
    now: number,
  ): void {
    this.#waiting.set(key, { after: stored.status, status, dueAt: now, unlogged });
  }

  /** A promotion with the status that was acted on last, written or not: what the trail goes on from. */
  asActedOn(key: string, stored: Promotion): { promotion: Promotion; unlogged: readonly Link[] } {
    const unlogged = this.#waiting.get(key)?.unlogged;
    const promotion = unlogged ? this.asDecided(key, stored) : stored;
    return { promotion, unlogged: promotion === stored ? [] : (unlogged ?? []) };
  }

  /** It was written, or is of no interest any more. */
  forget(key: string): void {
    this.#waiting.delete(key);
  }
}
