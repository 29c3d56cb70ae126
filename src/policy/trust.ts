import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import { collectionPath, objectPath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { fromTime, toTime } from '../runtime/time.ts';
import { ownName } from './account.ts';
import { fingerprintOf, type InForce, stampOf, tamperingWith } from './compare.ts';
import { type Accounts, policiesFor, type Policy } from './policies.ts';
import { probe } from './probe.ts';
import type { Standing } from './standing.ts';

export interface TrustOptions {
  client: KubeClient;
  clock: Clock;
  log: Log;
  /** Accounts besides the operator's own, as the policies were installed with. */
  accounts: Pick<Accounts, 'keepers' | 'bots'>;
  /** What is in force. */
  found: InForce;
  /** Where it is recorded since when: the namespace of the Lease. */
  namespace: string;
  /** Told whether Decisions can be trusted, whenever that is looked at. */
  observe?(trusted: boolean): void;
}

const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps' };
const NAME = 'sluice-decision-trust';

interface TrustRecord extends KubeObject {
  data?: { inForce?: string; since?: string };
}

/**
 * API servers take an edit of a policy up within a second, each by itself. [M] 0.45 s apart, a second from edit to
 * effect; five leave room.
 */
const SPREAD_MS = 5_000;
/** A probe holds for so long. Its answer is for one namespace: a binding may spare some. */
const PROBE_MS = 2_000;

/**
 * Tells whether the admission policies are in force that prove the author of a Decision, and since when: by their
 * content, word for word, by a record of which objects they were and how often they had been edited, and by a dry run.
 * The record is kept in a ConfigMap, so that what is done to them while no operator runs is seen by the next one.
 */
export class Trust {
  readonly #o: TrustOptions;
  #shipped: readonly Policy[] | undefined;
  #recorded: { inForce: string; since: number } | undefined;
  /** Of each namespace when its last probe held, `clock.monotonic()`. */
  readonly #probed = new Map<string, number>();

  constructor(options: TrustOptions) {
    this.#o = options;
  }

  /**
   * Looks at the policies and keeps on record what they are: to be called when they change, so that what is made after
   * that counts. A failure is made up for when a Decision is to be used.
   */
  async look(): Promise<void> {
    try {
      const { found } = this.#o;
      const shipped = await this.#policies();
      const holds = tamperingWith(shipped, found) === undefined;
      if (holds) await this.#since(shipped);
      // Also that they are back: else the alert goes on until somebody makes a Decision.
      this.#o.observe?.(holds);
    } catch (error) {
      const reason = error instanceof Error ? error.message : '';
      this.#o.log.warn({ reason }, 'The admission policies for Decisions could not be looked at');
    }
  }

  /**
   * How things stand in a namespace, now. Never rejects: without an answer nothing is trusted, and what needs no
   * Decision goes on.
   */
  async standing(namespace: string): Promise<Standing> {
    const standing = await this.#ask(namespace).catch((error: unknown): Standing => {
      const why = error instanceof Error ? error.message : 'no answer';
      return {
        trusted: false,
        message: `whether Decisions can be trusted is not known (${why}): it is asked again`,
      };
    });
    this.#o.observe?.(standing.trusted);
    return standing;
  }

  async #ask(namespace: string): Promise<Standing> {
    const shipped = await this.#policies();
    const message = tamperingWith(shipped, this.#o.found) ?? (await this.#probe(namespace));
    if (message !== undefined) return { trusted: false, message };
    return { trusted: true, since: await this.#since(shipped) };
  }

  async #policies(): Promise<readonly Policy[]> {
    this.#shipped ??= policiesFor({ ...this.#o.accounts, operator: await ownName(this.#o.client) });
    return this.#shipped;
  }

  async #probe(namespace: string): Promise<string | undefined> {
    const { client, clock } = this.#o;
    const now = clock.monotonic();
    const last = this.#probed.get(namespace);
    if (last !== undefined && now - last < PROBE_MS) return undefined;
    this.#probed.delete(namespace);
    const message = await probe(client, namespace);
    if (message === undefined) this.#probed.set(namespace, now);
    return message;
  }

  /** Since when exactly this has been in force, epoch milliseconds; what is new is recorded. */
  async #since(shipped: readonly Policy[]): Promise<number> {
    const { clock, found, log } = this.#o;
    const inForce = fingerprintOf(shipped, found);
    if (this.#recorded?.inForce === inForce) return this.#recorded.since;
    const stored = await this.#read();
    const known = stored?.data?.inForce === inForce ? fromTime(stored.data.since) : undefined;
    if (known === undefined) {
      // Nothing on record: they are as old as the API server says. Else somebody has changed them, at the latest now.
      const stamp = stampOf(shipped, found);
      const since = (stored || stamp === undefined ? Math.max(clock.now(), stamp ?? 0) : stamp) + SPREAD_MS;
      log.info({ inForce, since: toTime(since) }, 'The admission policies for Decisions are on record');
      await this.#write(stored, { inForce, since: toTime(since) });
      this.#recorded = { inForce, since };
    } else this.#recorded = { inForce, since: known };
    return this.#recorded.since;
  }

  async #read(): Promise<TrustRecord | undefined> {
    try {
      return await this.#o.client.get<TrustRecord>(objectPath(CONFIG_MAPS, this.#o.namespace, NAME));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #write(stored: TrustRecord | undefined, data: Required<TrustRecord>['data']): Promise<void> {
    const { client, namespace } = this.#o;
    const path = objectPath(CONFIG_MAPS, namespace, NAME);
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace }, data };
    try {
      if (stored) await client.patch(path, { data }, 'merge');
      else await client.create(collectionPath(CONFIG_MAPS, namespace), body);
    } catch (error) {
      // Made meanwhile, by another look of this process: it is read at the next one.
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
