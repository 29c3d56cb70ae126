import type { Clock, Timer } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { type BackoffRange, exponential } from './backoff.ts';

/** The lanes, first to last. */
const LANES = ['urgent', 'prompt', 'normal', 'low'] as const;
/**
 * What was just found failing, and what people decide, is urgent: it goes before everything else that waits. The rest
 * of a way back is prompt, so that a thousand that are brought back do not keep traffic on the next one that fails.
 * What can only wait for others is low, so that thousands of those hold nothing up.
 */
export type Lane = (typeof LANES)[number];

function highestOf(...lanes: readonly (Lane | undefined)[]): Lane {
  return LANES.find((lane) => lanes.includes(lane)) ?? 'normal';
}

/** What client-go's workqueue metrics count, under the same meaning. */
export interface QueueHooks {
  added?(lane: Lane): void;
  depth?(depth: number): void;
  /** Seconds a key waited before a worker took it. */
  queued?(seconds: number): void;
  /** Seconds a worker had it. */
  worked?(seconds: number): void;
  retried?(): void;
}

export interface WorkQueueOptions {
  clock: Clock;
  random: Random;
  /** 250 ms to 10 s by default. */
  backoff?: Partial<BackoffRange>;
  hooks?: QueueHooks;
}

export interface RetryOptions extends Partial<BackoffRange> {
  lane?: Lane;
  /** Somebody asked to be left alone for so long. */
  atLeastMs?: number;
}

interface Taker {
  only: Lane | undefined;
  resolve: (item: { key: string; lane: Lane } | undefined) => void;
}

/**
 * A queue of keys with client-go's guarantees: a key waits once however often it is added, is never with two
 * workers, and one that is added while a worker has it runs again afterwards. Of controller-runtime's priority
 * queue it has this: adding again keeps the higher lane and the earlier time.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: BackoffRange;
  readonly #hooks: QueueHooks;
  /** Keys to the time they were added, oldest first. */
  readonly #waiting: Record<Lane, Map<string, number>> = {
    urgent: new Map(),
    prompt: new Map(),
    normal: new Map(),
    low: new Map(),
  };
  readonly #processing = new Map<string, number>();
  /** Added while a worker has them. */
  readonly #dirty = new Map<string, { lane: Lane; since: number }>();
  readonly #delayed = new Map<string, { lane: Lane; due: number; timer: Timer }>();
  readonly #failures = new Map<string, number>();
  readonly #takers = new Set<Taker>();
  readonly #drained = new Set<() => void>();
  #isShutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#backoff = { baseMs: 250, capMs: 10_000, ...options.backoff };
    this.#hooks = options.hooks ?? {};
  }

  /** Keys that wait for a worker; those that wait for their time are not among them. */
  get depth(): number {
    return LANES.reduce((sum, lane) => sum + this.#waiting[lane].size, this.#dirty.size);
  }

  get processing(): number {
    return this.#processing.size;
  }

  /** Whether `key` will be taken without being added again. */
  has(key: string): boolean {
    return this.#laneOf(key) !== undefined || this.#delayed.has(key);
  }

  /** As soon as a worker is free; a delay that was set for the key is overtaken. */
  add(key: string, lane: Lane = 'normal'): void {
    if (this.#isShutDown) return;
    const waiting = this.#laneOf(key);
    const highest = highestOf(lane, waiting, this.#undelay(key));
    if (waiting === highest) return;
    const since =
      this.#dirty.get(key)?.since ?? (waiting && this.#waiting[waiting].get(key)) ?? this.#clock.monotonic();
    if (waiting) this.#waiting[waiting].delete(key);
    if (this.#processing.has(key)) this.#dirty.set(key, { lane: highest, since });
    else this.#waiting[highest].set(key, since);
    if (waiting === undefined) this.#hooks.added?.(highest);
    this.#serve();
  }

  /** After `ms`, or at the earlier time that was set before; a key that waits already is not delayed. */
  addAfter(key: string, ms: number, lane: Lane = 'normal'): void {
    if (this.#isShutDown) return;
    if (ms <= 0 || this.#laneOf(key) !== undefined) return this.add(key, lane);
    const before = this.#delayed.get(key);
    const due = Math.min(this.#clock.monotonic() + ms, before?.due ?? Number.POSITIVE_INFINITY);
    const highest = highestOf(lane, before?.lane);
    this.#undelay(key);
    const timer = this.#clock.after(due - this.#clock.monotonic(), () => this.add(key, highest));
    this.#delayed.set(key, { lane: highest, due, timer });
  }

  /**
   * After a delay that doubles with each failure since `forget`; a fifth of it is left to chance, so that keys
   * which failed together do not come back together. Answers the delay in milliseconds.
   */
  addRateLimited(key: string, options: RetryOptions = {}): number {
    const failures = this.failures(key) + 1;
    if (this.#isShutDown) return 0;
    this.#failures.set(key, failures);
    this.#hooks.retried?.();
    const { baseMs = this.#backoff.baseMs, capMs = this.#backoff.capMs } = options;
    const backoff = exponential({ baseMs, capMs }, failures) * (0.8 + 0.2 * this.#random());
    const ms = Math.max(backoff, options.atLeastMs ?? 0);
    this.addAfter(key, ms, options.lane);
    return ms;
  }

  /** The key succeeded: its next failure counts as the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /**
   * The next key, waiting for one if need be; undefined once the queue is shut down. `done` must follow. With
   * `only`, keys of that lane alone: for a worker that is kept free for them.
   */
  take(only?: Lane): Promise<{ key: string; lane: Lane } | undefined> {
    return new Promise((resolve) => {
      this.#takers.add({ only, resolve });
      this.#serve();
    });
  }

  /** The worker has finished with the key, however it went. */
  done(key: string): void {
    const started = this.#processing.get(key);
    if (started === undefined) return;
    this.#processing.delete(key);
    this.#hooks.worked?.((this.#clock.monotonic() - started) / 1000);
    const dirty = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (dirty !== undefined) this.#waiting[dirty.lane].set(key, dirty.since);
    this.#serve();
  }

  /** Seconds that the keys being worked on have taken so far, summed up. */
  unfinishedSeconds(): number {
    const now = this.#clock.monotonic();
    return [...this.#processing.values()].reduce((sum, started) => sum + (now - started) / 1000, 0);
  }

  longestRunningSeconds(): number {
    const oldest = Math.min(...this.#processing.values());
    return Number.isFinite(oldest) ? (this.#clock.monotonic() - oldest) / 1000 : 0;
  }

  /** Takes nothing any more and hands nothing out: what waits is found again by whoever leads next. */
  shutDown(): void {
    this.#isShutDown = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    for (const keys of [this.#delayed, this.#dirty, ...Object.values(this.#waiting)]) keys.clear();
    this.#serve();
  }

  /** Resolves when no worker has a key. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.add(resolve);
      this.#serve();
    });
  }

  #laneOf(key: string): Lane | undefined {
    return LANES.find((lane) => this.#waiting[lane].has(key)) ?? this.#dirty.get(key)?.lane;
  }

  #undelay(key: string): Lane | undefined {
    const delayed = this.#delayed.get(key);
    delayed?.timer.cancel();
    this.#delayed.delete(key);
    return delayed?.lane;
  }

  /** Brings keys and takers together, after anything that may have changed either. */
  #serve(): void {
    for (const taker of this.#takers) {
      const item = this.#isShutDown ? undefined : this.#next(taker.only);
      if (item === undefined && !this.#isShutDown) continue;
      this.#takers.delete(taker);
      taker.resolve(item);
    }
    this.#hooks.depth?.(this.depth);
    if (this.#processing.size > 0) return;
    for (const resolve of this.#drained) resolve();
    this.#drained.clear();
  }

  #next(only: Lane | undefined): { key: string; lane: Lane } | undefined {
    const lane = only ?? LANES.find((l) => this.#waiting[l].size > 0) ?? 'normal';
    const [first] = this.#waiting[lane];
    if (first === undefined) return undefined;
    const [key, since] = first;
    this.#waiting[lane].delete(key);
    const now = this.#clock.monotonic();
    this.#processing.set(key, now);
    this.#hooks.queued?.((now - since) / 1000);
    return { key, lane };
  }
}
