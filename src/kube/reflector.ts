import { type Clock, sleep } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { fullJitter } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { ApiError, TransportError, isGone } from './errors.ts';
import { MissedEvents } from './missed-events.ts';
import { type ListPurpose, type Listed, type Sink, listInto } from './listing.ts';
import type { KubeObject } from './types.ts';
import { compareVersions } from './versions.ts';
import type { WatchEvent } from './watch-stream.ts';

export type RestartReason = 'closed' | 'inactive' | 'gone' | 'throttled' | 'error';

export interface ReflectorHooks {
  listed?(info: { items: number; durationMs: number }): void;
  restarted?(reason: RestartReason): void;
  missed?(count: number): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  client: KubeClient;
  clock: Clock;
  random: Random;
  log: Log;
  /** The collection to follow. */
  path: string;
  selectors: { labelSelector?: string; fieldSelector?: string };
  sink: Sink<T>;
  pageSize: number;
  relistMs: number;
  inactivityMs: number;
  hooks: ReflectorHooks;
}

const BACKOFF = { baseMs: 250, capMs: 30_000 };
/** Refusals and silences in a row, after which the version that the watch starts from is in doubt itself. */
const MOST_DOUBTS = 5;
/** Lists older than what was seen before, until they are believed: etcd was restored from a backup. */
const MOST_STALE_LISTS = 3;
/** A watch that lived this long was healthy, even if nothing happened in it. */
const HEALTHY_MS = 1_000;

/**
 * Follows one collection for ever: list, then watch from the list's version. Nothing that the API server does
 * ends it; only `stop` does. After client-go's Reflector, whose names and watch timeout it has.
 */
export class Reflector<T extends KubeObject> {
  /** Resolves when the first list is complete. */
  readonly synced: Promise<void>;
  /** `clock.monotonic()` at the last list, event or bookmark. */
  lastSeen = Number.NEGATIVE_INFINITY;
  readonly #options: ReflectorOptions<T>;
  readonly #stopped = new AbortController();
  readonly #markSynced: () => void;
  readonly #missed: MissedEvents;
  #running: Promise<void> | undefined;
  /** How far the watch has come; the next one starts here. */
  #version: string | undefined;
  #failures = 0;
  #doubts = 0;
  #staleLists = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#markSynced = resolve;
    this.#missed = new MissedEvents((count) => options.hooks.missed?.(count));
  }

  start(): void {
    this.#running ??= this.#run(this.#stopped.signal);
  }

  /** Resolves when nothing of it is left: no request, no timer, no call of the sink. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#listToStartFrom(signal);
        this.#markSynced();
        await this.#follow(signal);
      } catch (error) {
        await this.#pause('Listing failed, trying again', error, signal);
      }
    }
  }

  async #listToStartFrom(signal: AbortSignal): Promise<void> {
    const { version } = await this.#list(signal, {
      judge: (version) => {
        const isOlder = this.#version !== undefined && isBefore(version, this.#version);
        if (!isOlder) this.#staleLists = 0;
        else if (++this.#staleLists <= MOST_STALE_LISTS)
          throw new Error('The list is older than the watch was');
        return isOlder ? 'by force' : 'by version';
      },
    });
    this.#version = version;
    this.#doubts = 0;
    this.#missed.reset();
  }

  /** A list beside the watch makes up for what the watch may have lost, and counts it. */
  async #listToCompare(signal: AbortSignal): Promise<void> {
    const watched = this.#version ?? '';
    let lost = 0;
    const { version, gone } = await this.#list(signal, {
      judge: (version) => {
        if (isBefore(version, watched)) throw new Error('The list is older than the watch');
        return 'by version';
      },
      onNews: ({ metadata }) => {
        if ((compareVersions(metadata.resourceVersion, watched) ?? 1) <= 0) lost++;
      },
    });
    this.#missed.listed(lost, gone, version);
  }

  async #list(signal: AbortSignal, how: ListPurpose<T>): Promise<Listed> {
    const { clock, hooks } = this.#options;
    const started = clock.monotonic();
    const onPage = (): void => {
      this.lastSeen = clock.monotonic();
    };
    const listed = await listInto(this.#options, signal, { ...how, onPage });
    hooks.listed?.({ items: listed.items, durationMs: clock.monotonic() - started });
    return listed;
  }

  /** Watches, again and again, until the version to watch from is too old or in doubt. */
  async #follow(signal: AbortSignal): Promise<void> {
    const following = new AbortController();
    const end = (): void => following.abort();
    signal.addEventListener('abort', end);
    const comparing = this.#compareNowAndThen(following.signal);
    while (!signal.aborted && this.#doubts < MOST_DOUBTS) {
      const reason = await this.#watch(signal);
      if (signal.aborted) break;
      this.#options.hooks.restarted?.(reason);
      if (reason === 'gone') break;
    }
    end();
    signal.removeEventListener('abort', end);
    await comparing;
  }

  /** Every `relistMs`; one that failed is made up for soon, since the watch may be lying meanwhile. */
  async #compareNowAndThen(signal: AbortSignal): Promise<void> {
    const { clock, random, relistMs, log } = this.#options;
    const soon = { baseMs: relistMs / 60, capMs: relistMs };
    for (let failures = 0; ; ) {
      const waitMs = failures > 0 ? fullJitter(soon, failures, random) : relistMs * (0.9 + 0.2 * random());
      await sleep(clock, waitMs, signal);
      if (signal.aborted) return;
      try {
        await this.#listToCompare(signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!signal.aborted) log.warn({ reason: reasonOf(error) }, 'Relisting beside the watch failed');
      }
    }
  }

  /** One watch to its end, and the pause that its end calls for. */
  async #watch(signal: AbortSignal): Promise<RestartReason> {
    const { client, clock, random, path, selectors, inactivityMs } = this.#options;
    const started = clock.monotonic();
    const query = {
      ...selectors,
      resourceVersion: this.#version ?? '',
      allowWatchBookmarks: 'true',
      // The spread keeps the watches of all kinds and replicas from ending together.
      timeoutSeconds: String(300 + Math.floor(300 * random())),
    };
    try {
      for await (const event of client.watch<T>(path, query, { signal, inactivityMs })) {
        if (signal.aborted) return 'closed';
        this.#take(event);
      }
      if (clock.monotonic() - started >= HEALTHY_MS) this.#failures = 0;
      else await this.#pause('The watch closed at once, watching again', undefined, signal);
      return 'closed';
    } catch (error) {
      if (signal.aborted) return 'closed';
      if (isDoubt(error)) this.#doubts++;
      if (error instanceof TransportError && error.code === 'Timeout') return 'inactive';
      await this.#pause('Watching failed, trying again', error, signal);
      if (isGone(error)) return 'gone';
      return error instanceof ApiError && error.code === 429 ? 'throttled' : 'error';
    }
  }

  #take(event: WatchEvent<T>): void {
    this.lastSeen = this.#options.clock.monotonic();
    if (event.type === 'DELETED') {
      this.#options.sink.remove(event.object);
      this.#missed.deleted(event.object.metadata.uid);
    } else if (event.type !== 'BOOKMARK') {
      this.#options.sink.put(event.object, false);
    }
    const version = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
    // A replayed event must not take the watch back.
    if (this.#version !== undefined && isBefore(version, this.#version)) return;
    if (version !== this.#version) this.#failures = this.#doubts = 0;
    this.#version = version;
    this.#missed.reached(version);
  }

  async #pause(message: string, error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { clock, random, log } = this.#options;
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const waitMs = Math.max(asked, fullJitter(BACKOFF, ++this.#failures, random));
    // The first time is everyday life (a restart, a compaction); a second in a row is worth a line.
    const line = { reason: reasonOf(error), waitMs: Math.round(waitMs), failures: this.#failures };
    if (this.#failures > 1) log.warn(line, message);
    else log.debug(line, message);
    await sleep(clock, waitMs, signal);
  }
}

const isBefore = (version: string, other: string): boolean => (compareVersions(version, other) ?? 0) < 0;

/** Answers and silences that may be about our version; a server that is down or busy says nothing about it. */
function isDoubt(error: unknown): boolean {
  if (error instanceof ApiError) return error.code !== 429;
  return error instanceof TransportError && error.code !== 'Connection';
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : '');
