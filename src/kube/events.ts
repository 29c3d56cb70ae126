import { type Clock, type Timer, sleep } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { fullJitter } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { ApiError, isAlreadyExists, isNotFound, isTransient } from './errors.ts';
import {
  type EventNote,
  type ObjectReference,
  type Occurrences,
  type Reporter,
  eventBody,
  eventKey,
  eventName,
  eventNamespace,
  eventSeries,
} from './event-body.ts';
import { collectionPath, objectPath } from './paths.ts';

export interface EventRecorderOptions {
  client: KubeClient;
  clock: Clock;
  random: Random;
  log: Log;
  /** This process: the pod's name. */
  reportingInstance: string;
  /** `sluice.dev/controller` by default. */
  reportingController?: string;
  hooks?: { recorded?(): void; dropped?(why: 'overflow' | 'refused'): void };
}

interface Series extends Occurrences {
  /** `clock.monotonic()` of the last occurrence. */
  lastSeen: number;
  /** Occurrences that the API server knows of. */
  written: number;
  timer: Timer | undefined;
}

const EVENTS = { group: 'events.k8s.io', version: 'v1', plural: 'events' };
/** client-go finishes a series that was silent for so long. */
const SERIES_MS = 6 * 60_000;
/** The second occurrence is told at once, the later ones at most so often. */
const REFRESH_MS = 60_000;
/** Series that are remembered, and events that wait to be written. */
const MOST = 1_000;
const ATTEMPTS = 4;
const BACKOFF = { baseMs: 500, capMs: 10_000 };
const STOP_MS = 5_000;

/**
 * Writes events.k8s.io/v1 events, one at a time and in the background. The same event about the same object
 * within 6 minutes becomes a series with a count instead of another object. Events are for people: when the API
 * server does not want them they are dropped and counted, and nobody else notices.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #reporter: Reporter;
  /** Least recently seen first. */
  readonly #series = new Map<string, Series>();
  readonly #pending = new Set<Series>();
  readonly #stopped = new AbortController();
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { reportingInstance, reportingController = 'sluice.dev/controller' } = options;
    this.#reporter = { reportingController, reportingInstance };
  }

  /** Nothing to begin; here so that the recorder is a part like the others. */
  async start(): Promise<void> {}

  /** Takes a note; it is written later. Never throws and never waits. */
  record(regarding: ObjectReference, event: EventNote): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    const key = eventKey(regarding, event);
    const known = this.#series.get(key);
    this.#series.delete(key);
    if (known !== undefined && clock.monotonic() - known.lastSeen < SERIES_MS) {
      this.#series.set(key, known);
      known.count++;
      known.lastMs = clock.now();
      known.lastSeen = clock.monotonic();
      if (known.written < 2) this.#enqueue(known);
      else known.timer ??= clock.after(REFRESH_MS, () => this.#enqueue(known));
      return;
    }
    known?.timer?.cancel();
    const [firstMs, lastSeen] = [clock.now(), clock.monotonic()];
    const fresh: Series = {
      regarding,
      event,
      count: 1,
      firstMs,
      lastMs: firstMs,
      lastSeen,
      written: 0,
      timer: undefined,
    };
    this.#series.set(key, fresh);
    this.#enqueue(fresh);
    if (this.#series.size > MOST) this.#forgetOldest();
  }

  /** Resolves when everything noted so far is written or dropped. */
  async flush(): Promise<void> {
    for (const series of this.#series.values()) if (series.timer !== undefined) this.#enqueue(series);
    await this.#writing;
  }

  /** Takes no more notes, and writes what is pending for 5 seconds at most. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    const timer = this.#options.clock.after(STOP_MS, () => this.#stopped.abort());
    await this.flush();
    timer.cancel();
  }

  #forgetOldest(): void {
    const [oldest] = this.#series;
    if (oldest === undefined) return;
    this.#series.delete(oldest[0]);
    if (oldest[1].timer !== undefined) this.#enqueue(oldest[1]);
  }

  #enqueue(series: Series): void {
    series.timer?.cancel();
    series.timer = undefined;
    if (this.#pending.size >= MOST && !this.#pending.has(series)) this.#options.hooks?.dropped?.('overflow');
    else this.#pending.add(series);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // One turn later, so that what is recorded together is counted together.
    await Promise.resolve();
    for (const series of this.#pending) {
      this.#pending.delete(series);
      if (series.count > series.written) await this.#write(series);
    }
    this.#writing = undefined;
  }

  async #write(series: Series): Promise<void> {
    const { clock, random, log, hooks } = this.#options;
    const { signal } = this.#stopped;
    for (let attempt = 1; ; attempt++) {
      const { count } = series;
      try {
        await this.#send(series, signal);
        series.written = count;
        hooks?.recorded?.();
        return;
      } catch (error) {
        if (signal.aborted || attempt === ATTEMPTS || !isTransient(error)) {
          hooks?.dropped?.('refused');
          log.debug({ reason: error instanceof Error ? error.message : '' }, 'An event was dropped');
          return;
        }
        const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
        await sleep(clock, Math.max(asked, fullJitter(BACKOFF, attempt, random)), signal);
      }
    }
  }

  async #send(series: Series, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const namespace = eventNamespace(series.regarding);
    if (series.written > 0) {
      const path = objectPath(EVENTS, namespace, eventName(series, this.#reporter));
      try {
        await client.patch(path, { series: eventSeries(series) }, 'merge', { signal });
        return;
      } catch (error) {
        // Events live an hour by default; one that is gone is made again, with its count.
        if (!isNotFound(error)) throw error;
      }
    }
    try {
      await client.create(collectionPath(EVENTS, namespace), eventBody(series, this.#reporter), { signal });
    } catch (error) {
      // Our own earlier attempt, whose answer was lost: names are unique to an event.
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
