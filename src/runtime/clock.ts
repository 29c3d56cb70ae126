/** A cancellable timer. */
export interface Timer {
  cancel(): void;
}

/**
 * Time, injected: nothing outside `runtime/` reads the clock, so that tests decide what time it is
 * and the laws can be checked under clock jumps.
 */
export interface Clock {
  /** Wall time in milliseconds since the epoch: for timestamps that people and other systems read. */
  now(): number;
  /** Milliseconds that only ever grow: for durations and lease arithmetic. */
  monotonic(): number;
  /** Runs `fn` once after `ms` (0 or more, any size); the timer keeps no process alive by itself. */
  after(ms: number, fn: () => void): Timer;
}

/** setTimeout silently fires at once beyond 2^31-1 ms; longer waits are taken in legs. */
const LONGEST_LEG = 2 ** 31 - 1;

/** What keeps no process alive is in none of Node's own counts, so it is counted here. */
const waiting = new Set<object>();

/** How many timers of the machine's own clock wait. */
export function waitingTimers(): number {
  return waiting.size;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    let handle: NodeJS.Timeout;
    const timer: Timer = {
      cancel: () => {
        if (!waiting.delete(timer)) return;
        // Node keeps a list for each duration in milliseconds; when its last timer is cleared the list goes at once only
        // where that timer is ref'd (lib/timers.js, unenroll); else it stays until it would have been due.
        handle.ref();
        clearTimeout(handle);
      },
    };
    const arm = (left: number): void => {
      const leg = Math.min(Math.max(left, 0), LONGEST_LEG);
      handle = setTimeout(() => {
        if (left > leg) return arm(left - leg);
        waiting.delete(timer);
        fn();
      }, leg);
      handle.unref();
    };
    waiting.add(timer);
    arm(ms);
    return timer;
  },
};

/** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
