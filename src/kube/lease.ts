import { type Clock, sleep } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { KubeClient } from './client.ts';
import { Deadline } from './deadline.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import { LEASES, type Lease, claimed, isSameRecord, newLease, released } from './lease-record.ts';
import { collectionPath, objectPath } from './paths.ts';

export interface LeaseOptions {
  client: KubeClient;
  namespace: string;
  name: string;
  /** Unique to this process: a restarted one that kept its identity would believe it still leads. */
  identity: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** How long others wait without a renewal before they take over; 15 s by default. */
  leaseDurationMs?: number;
  /** How long we lead without having renewed; 10 s by default. */
  renewDeadlineMs?: number;
  /** Between attempts to renew; 2 s by default. */
  retryPeriodMs?: number;
  /** Between two looks at another's lease, and up to 1.2 times as much more; 250 ms by default. */
  lookPeriodMs?: number;
  onStartedLeading?: () => void;
  /** Leading has ended, by loss or by release. */
  onStoppedLeading?: () => void;
  /** The lease was lost: another process may lead already, so this one has to exit at once. */
  onLost: () => void;
  onNewLeader?: (identity: string) => void;
}

/**
 * Leader election by a Lease, with client-go's algorithm: another's lease has expired when its record has not
 * changed for its duration by our own monotonic clock; what time the other wrote there does not matter, so
 * clocks may differ. A lease is no fence: a process that is paused can act after it lost, so every effect
 * carries its own guard (client-go says the same in its package comment).
 */
export class LeaseElector {
  /** Resolves when this process leads for the first time. */
  readonly leading: Promise<void>;
  readonly #options: LeaseOptions;
  readonly #duration: { leaseMs: number; renewMs: number; retryMs: number; lookMs: number };
  readonly #stopped = new AbortController();
  readonly #markLeading: () => void;
  #running: Promise<void> | undefined;
  #observed: Lease | undefined;
  #observedAt = Number.NEGATIVE_INFINITY;
  #leadingUntil = Number.NEGATIVE_INFINITY;
  /** The last attempt got no answer that could be used. */
  #isFailing = false;

  /** @throws RangeError unless lease > renew deadline > 1.2 x retry period */
  constructor(options: LeaseOptions) {
    const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
    const { lookPeriodMs = 250 } = options;
    if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > 1.2 * retryPeriodMs && retryPeriodMs > 0)) {
      throw new RangeError('A lease must outlast its renew deadline, and that 1.2 times the retry period');
    }
    this.#options = options;
    this.#duration = {
      leaseMs: leaseDurationMs,
      renewMs: renewDeadlineMs,
      retryMs: retryPeriodMs,
      lookMs: lookPeriodMs,
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.leading = promise;
    this.#markLeading = resolve;
  }

  /** False as soon as the renew deadline has passed, also when nothing has run since to notice it. */
  get isLeader(): boolean {
    return this.#options.clock.monotonic() < this.#leadingUntil;
  }

  /** Who held the lease when it was last looked at. */
  get leader(): string | undefined {
    return this.#observed?.spec?.holderIdentity || undefined;
  }

  /** Becomes a candidate; resolves at once. */
  async start(): Promise<void> {
    this.#running ??= this.#run(this.#stopped.signal);
  }

  /** Gives the lease back if it is held, so that the next leader need not wait: workers must have ended before. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    if (!this.isLeader) return;
    this.#leadingUntil = Number.NEGATIVE_INFINITY;
    await this.#release();
    this.#options.onStoppedLeading?.();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, identity } = this.#options;
    const { retryMs, lookMs } = this.#duration;
    while (!(await this.#attempt(signal))) {
      // client-go looks every 2 to 4.4 s, which is how long a lease that was given back would lie there. A look is a
      // small GET, and only those that stand by look.
      await sleep(clock, (this.#isFailing ? retryMs : lookMs) * (1 + 1.2 * random()), signal);
      if (signal.aborted) return;
    }
    log.info({ identity }, 'Leading');
    this.#options.onStartedLeading?.();
    this.#markLeading();
    do await sleep(clock, retryMs, signal);
    while (!signal.aborted && (await this.#renew(signal)));
    if (signal.aborted) return;
    this.#leadingUntil = Number.NEGATIVE_INFINITY;
    log.error({ identity, leader: this.leader }, 'The lease was lost');
    this.#options.onStoppedLeading?.();
    this.#options.onLost();
  }

  /** Tries until the renew deadline. True when the lease is still ours, or we are stopping. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { clock, identity } = this.#options;
    const deadline = new Deadline(clock, this.#leadingUntil - clock.monotonic(), signal);
    try {
      while (deadline.fired === undefined) {
        if (await this.#attempt(deadline.signal)) return true;
        if (this.leader !== identity) return signal.aborted;
        await sleep(clock, this.#duration.retryMs, deadline.signal);
      }
      return signal.aborted;
    } finally {
      deadline.dispose();
    }
  }

  /** One attempt to take or renew the lease; false when it is another's or the API server does not let us. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#options;
    const asked = clock.monotonic();
    try {
      const taken = await this.#takeOrRenew(signal);
      this.#isFailing = false;
      if (taken === undefined) return false;
      this.#observe(taken);
      // From before the request was sent: the others count from when the server wrote it, which is later.
      this.#leadingUntil = asked + this.#duration.renewMs;
      return true;
    } catch (error) {
      this.#isFailing = true;
      const reason = error instanceof Error ? error.message : '';
      if (!signal.aborted) log.warn({ reason }, 'Renewing the lease failed, trying again');
      return false;
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, clock, namespace, name, identity } = this.#options;
    // Half the deadline, so that one request that hangs leaves time for another.
    const call = { signal, timeoutMs: this.#duration.renewMs / 2 };
    const path = objectPath(LEASES, namespace, name);
    if (this.#observed !== undefined && this.leader === identity) {
      try {
        return await client.update<Lease>(path, this.#claim(this.#observed), call);
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
        // Somebody touched it: look before writing again.
      }
    }
    try {
      this.#observe(await client.get<Lease>(path, call));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const fresh = this.#claim(newLease(namespace, name));
      return unlessTaken(client.create<Lease>(collectionPath(LEASES, namespace), fresh, call));
    }
    const { leaseDurationSeconds = 0 } = this.#observed?.spec ?? {};
    const expires = this.#observedAt + leaseDurationSeconds * 1000;
    const isAnothers = this.leader !== undefined && this.leader !== identity;
    if (this.#observed === undefined || (isAnothers && clock.monotonic() < expires)) return undefined;
    return unlessTaken(client.update<Lease>(path, this.#claim(this.#observed), call));
  }

  #claim(lease: Lease): Lease {
    const seconds = Math.ceil(this.#duration.leaseMs / 1000);
    return claimed(lease, this.#options.identity, seconds, this.#options.clock.now());
  }

  #observe(lease: Lease): void {
    const { clock, onNewLeader } = this.#options;
    const before = this.leader;
    const isSame = this.#observed !== undefined && isSameRecord(lease, this.#observed);
    this.#observed = lease;
    if (!isSame) this.#observedAt = clock.monotonic();
    if (this.leader !== undefined && this.leader !== before) onNewLeader?.(this.leader);
  }

  async #release(): Promise<void> {
    const { client, clock, log, namespace, name } = this.#options;
    if (this.#observed === undefined) return;
    const call = { timeoutMs: this.#duration.renewMs / 2 };
    try {
      await client.update(objectPath(LEASES, namespace, name), released(this.#observed, clock.now()), call);
    } catch (error) {
      const reason = error instanceof Error ? error.message : '';
      log.warn({ reason }, 'Releasing the lease failed, it will expire by itself');
    }
  }
}

/** Undefined when another candidate was quicker. */
async function unlessTaken(writing: Promise<Lease>): Promise<Lease | undefined> {
  try {
    return await writing;
  } catch (error) {
    if (isConflict(error) || isAlreadyExists(error)) return undefined;
    throw error;
  }
}
