import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, isTransient } from '../kube/errors.ts';
import { inWords } from './errors.ts';
import type { Io } from './io.ts';

/**
 * How long somebody waits for what becomes of something. What is waited for goes on while the API server has no answer,
 * so one that fails and passes (429, 5xx, a connection that breaks) ends no waiting.
 */
export class Patience {
  readonly #io: Io;
  readonly #until: number;
  #told = '';

  /** @param seconds from now on; absent: until the user has had enough */
  constructor(io: Io, seconds = Number.POSITIVE_INFINITY) {
    this.#io = io;
    this.#until = io.clock.monotonic() + seconds * 1000;
  }

  /** Waits for the next look. @returns false when there is none: the time is over, or the user has had enough */
  async pause(ms: number): Promise<boolean> {
    const { clock, signal } = this.#io;
    const left = this.#until - clock.monotonic();
    if (left <= 0) return false;
    return delay(Math.min(ms, left), true, { signal }).catch(() => false);
  }

  /**
   * What there is to see, as soon as there is an answer; failures are told, each once.
   * @returns undefined when there was none in time
   * @throws what looking again would not change
   */
  async look<T>(look: () => Promise<T>, everyMs: number): Promise<T | undefined> {
    for (;;) {
      try {
        const seen = await look();
        this.#told = '';
        return seen;
      } catch (error) {
        if (!isTransient(error)) throw error;
        const said = inWords(error);
        if (said !== this.#told) this.#io.err(`warning: ${said}; looking again\n`);
        this.#told = said;
        const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) : 0;
        if (!(await this.pause(Math.max(everyMs, asked * 1000)))) return undefined;
      }
    }
  }
}
