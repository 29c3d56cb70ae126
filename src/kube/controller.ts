import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, sleep } from '../runtime/clock.ts';
import { RetryError, TerminalError, WaitError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { systemUuid } from '../runtime/random.ts';
import { Deadline } from './deadline.ts';
import { ApiError, TransportError, isConflict } from './errors.ts';
import { splitKey } from './paths.ts';
import type { Lane, WorkQueue } from './workqueue.ts';

/** When to look at the key again without being told to; nothing: only when something happens. */
export interface ReconcileResult {
  requeueAfterMs?: number;
  lane?: Lane;
}

/** The label `result` of controller-runtime's `controller_runtime_reconcile_total`. */
export type ReconcileOutcome = 'success' | 'requeue_after' | 'requeue' | 'error';

export interface ControllerHooks {
  reconciled?(outcome: ReconcileOutcome, seconds: number): void;
  /** An error that will be retried, or that is terminal; conflicts and waits are none. */
  failed?(): void;
  terminal?(): void;
  /** A programming error: what a panic is elsewhere. */
  panicked?(): void;
  timedOut?(): void;
  activeWorkers?(count: number): void;
}

export interface ControllerOptions {
  name: string;
  /** Keys at the same time. */
  workers: number;
  /** Workers on top that take only the urgent lane, so that a revert finds one free; 1 by default. */
  urgentWorkers?: number;
  queue: WorkQueue;
  /**
   * One pass over one key. Says by throwing what stands in the way: `RetryError`, `WaitError`, `TerminalError`,
   * an `ApiError` as it came; anything else is a defect. `signal` fires when the pass takes too long or the
   * process must go.
   */
  reconcile: (key: string, signal: AbortSignal, log: Log) => Promise<ReconcileResult | void>;
  clock: Clock;
  log: Log;
  uuid?: () => string;
  hooks?: ControllerHooks;
  /** Longest delay between retries of a key, in milliseconds; the queue's own by default. */
  backoffCapMs?: (key: string) => number;
  /** Milliseconds a pass may take; 2 minutes by default. */
  timeoutMs?: number;
  /** Milliseconds that passes under way are given when the controller stops; 30 s by default. */
  drainMs?: number;
}

/** After a conflict: at once, but with a moment for the watch to bring the write that came first. */
const SOON = { baseMs: 20, capMs: 1_000 };

/**
 * Passes that ask nothing of anybody follow each other without an end to the turn of the event loop: thousands of them
 * would keep answers, samples and probes waiting for seconds. After so many milliseconds the others have their turn.
 */
const TURN_MS = 10;

/** Takes keys from a queue and reconciles them, some at a time; errors decide when a key comes again. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #workers: Promise<void>[] = [];
  #active = 0;
  #turnBegan: number;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#log = options.log.child({ controller: options.name });
    this.#turnBegan = options.clock.monotonic();
  }

  /** Begins; resolves at once. */
  async start(): Promise<void> {
    const { workers, urgentWorkers = 1 } = this.#options;
    for (let n = 0; n < workers; n++) this.#workers.push(this.#work());
    for (let n = 0; n < urgentWorkers; n++) this.#workers.push(this.#work('urgent'));
  }

  /** Takes no more keys, gives passes under way `drainMs`, then fires their signal; resolves when all have ended. */
  async stop(): Promise<void> {
    const { queue, clock, drainMs = 30_000 } = this.#options;
    queue.shutDown();
    const drained = new AbortController();
    const ended = Promise.all(this.#workers).then(() => drained.abort());
    await sleep(clock, drainMs, drained.signal);
    this.#stopping.abort();
    await ended;
  }

  async #work(only?: Lane): Promise<void> {
    const { queue, hooks } = this.#options;
    for (;;) {
      const item = await queue.take(only);
      if (item === undefined) return;
      hooks?.activeWorkers?.(++this.#active);
      try {
        await this.#pass(item.key, item.lane);
      } finally {
        queue.done(item.key);
        hooks?.activeWorkers?.(--this.#active);
      }
      await this.#giveWay();
    }
  }

  async #giveWay(): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#turnBegan < TURN_MS) return;
    await nextTurn();
    this.#turnBegan = clock.monotonic();
  }

  async #pass(key: string, lane: Lane): Promise<void> {
    const { clock, reconcile, uuid = systemUuid, hooks, timeoutMs = 120_000 } = this.#options;
    const log = this.#log.child({ ...splitKey(key), reconcileID: uuid() });
    const started = clock.monotonic();
    const deadline = new Deadline(clock, timeoutMs, this.#stopping.signal);
    let outcome: ReconcileOutcome;
    try {
      const result = await reconcile(key, deadline.signal, log);
      outcome = this.#again(key, lane, result ?? {});
    } catch (error) {
      if (deadline.fired === 'Timeout') hooks?.timedOut?.();
      outcome = this.#failed(key, lane, error, log);
    } finally {
      deadline.dispose();
    }
    hooks?.reconciled?.(outcome, (clock.monotonic() - started) / 1000);
  }

  #again(key: string, lane: Lane, { requeueAfterMs, lane: next }: ReconcileResult): ReconcileOutcome {
    const { queue } = this.#options;
    if (requeueAfterMs !== undefined && !(requeueAfterMs > 0)) {
      // A time that has passed already would spin; this way it only hurries.
      queue.addRateLimited(key, { ...SOON, lane: next ?? lane });
      return 'requeue';
    }
    queue.forget(key);
    if (requeueAfterMs === undefined) return 'success';
    queue.addAfter(key, requeueAfterMs, next);
    return 'requeue_after';
  }

  /** Decides by the error when the key comes again, and who hears of it. */
  #failed(key: string, lane: Lane, error: unknown, log: Log): ReconcileOutcome {
    const { queue, clock, hooks, backoffCapMs } = this.#options;
    if (this.#stopping.signal.aborted) return 'requeue';
    if (error instanceof WaitError)
      return this.#again(key, lane, { requeueAfterMs: error.untilMs - clock.now() });
    if (isConflict(error)) {
      queue.addRateLimited(key, { ...SOON, lane });
      return 'requeue';
    }
    hooks?.failed?.();
    if (error instanceof TerminalError) {
      hooks?.terminal?.();
      queue.forget(key);
      log.warn({ reason: error.reason, message: error.message }, 'Reconciling failed for good');
      return 'error';
    }
    const waitMs = queue.addRateLimited(key, {
      lane,
      atLeastMs: askedMs(error),
      ...(backoffCapMs && { capMs: backoffCapMs(key) }),
    });
    const retryInMs = Math.round(waitMs);
    if (error instanceof RetryError || error instanceof ApiError || error instanceof TransportError) {
      log.warn({ reason: error.message, retryInMs }, 'Reconciling failed, trying again');
    } else {
      hooks?.panicked?.();
      log.error({ err: error, retryInMs }, 'Reconciling failed on a defect, trying again');
    }
    return 'error';
  }
}

/** How long the other side asked to be left alone, in milliseconds. */
function askedMs(error: unknown): number {
  if (error instanceof ApiError) return (error.retryAfterSeconds ?? 0) * 1000;
  return error instanceof RetryError ? (error.retryAfterMs ?? 0) : 0;
}
