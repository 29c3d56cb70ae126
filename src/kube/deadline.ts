import type { Clock, Timer } from '../runtime/clock.ts';

/**
 * A signal that fires after `ms` of silence, or with its parent. `touch` starts the silence anew, which makes
 * one class serve as request timeout (never touched) and as inactivity limit of a stream.
 */
export class Deadline {
  /** Why the signal fired; undefined while it has not. */
  fired: 'Timeout' | 'Aborted' | undefined;
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #parent: AbortSignal | undefined;
  #ms: number;
  #since: number;
  #timer: Timer;

  constructor(clock: Clock, ms: number, parent?: AbortSignal) {
    this.#clock = clock;
    this.#parent = parent;
    this.#ms = ms;
    this.#since = clock.monotonic();
    this.signal = this.#controller.signal;
    this.#timer = clock.after(ms, this.#check);
    // AbortSignal.any would do, but its bookkeeping grows with every request on a signal as old as the process.
    parent?.addEventListener('abort', this.#abort);
    if (parent?.aborted) this.#fire('Aborted');
  }

  /** Something happened: the limit counts from now, and is `ms` from now on when given. */
  touch(ms?: number): void {
    this.#since = this.#clock.monotonic();
    if (ms === undefined || ms === this.#ms) return;
    this.#ms = ms;
    this.#timer.cancel();
    if (this.fired === undefined) this.#timer = this.#clock.after(ms, this.#check);
  }

  /** `work`, or a rejection as soon as the signal fires: for work that takes no signal. */
  async race<T>(work: Promise<T>): Promise<T> {
    const { promise: fired, reject } = Promise.withResolvers<never>();
    const give = (): void => reject(new Error('Gave up'));
    if (this.fired !== undefined) give();
    this.signal.addEventListener('abort', give);
    return Promise.race([work, fired]).finally(() => this.signal.removeEventListener('abort', give));
  }

  /** Ends the watchfulness; the signal fires no more. */
  dispose(): void {
    this.#timer.cancel();
    this.#parent?.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => this.#fire('Aborted');

  /** Re-arming here instead of in `touch` keeps a busy stream from making a timer for every chunk. */
  readonly #check = (): void => {
    const left = this.#since + this.#ms - this.#clock.monotonic();
    if (left > 0) this.#timer = this.#clock.after(left, this.#check);
    else this.#fire('Timeout');
  };

  #fire(why: 'Timeout' | 'Aborted'): void {
    this.dispose();
    this.fired ??= why;
    this.#controller.abort();
  }
}
