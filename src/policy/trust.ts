import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import { collectionPath, objectPath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { fingerprintOf, type InForce, tamperingWith } from './compare.ts';
import { ownName } from './account.ts';
import { type Accounts, policiesFor, type Policy } from './policies.ts';
import { probe } from './probe.ts';
import type { Standing } from './standing.ts';

export interface TrustOptions {
  client: KubeClient;
  clock: Clock;
  log: Log;
  /** Accounts besides the operator's own, as the policies were installed with. */
  accounts: Pick<Accounts, 'keepers' | 'bots'>;
  /** What is. */
  found: InForce;
  /** Where it is recorded since when: the namespace of the Lease. */
  namespace: string;
  /** Told whether Decisions can be trusted, whenever that is looked at. */
  observe?(trusted: boolean): void;
}

const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps' };
const NAME = 'sluice-decision-trust';

interface TrustRecord extends KubeObject {
  data?: { inForce?: string };
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
 * The record is kept in a ConfigMap, stamped by the API server, so that what happens while no operator runs is seen by
 * the next one.
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
   * How things stand in a namespace, now. Never rejects: without an answer nothing is trusted, and what needs no
   * Decision goes on.
   */
  async standing(namespace: string): Promise<Standing> {
    const standing = await this.#look(namespace).catch((error: unknown): Standing => {
      const why = error instanceof Error ? error.message : 'no answer';
      return {
        trusted: false,
        message: `whether Decisions can be trusted is not known (${why}): it is asked again`,
      };
    });
    this.#o.observe?.(standing.trusted);
    return standing;
  }

  async #look(namespace: string): Promise<Standing> {
    const { found } = this.#o;
    const shipped = await this.#policies();
    const message = tamperingWith(shipped, found) ?? (await this.#probe(namespace));
    if (message !== undefined) return { trusted: false, message };
    return { trusted: true, since: await this.#since(fingerprintOf(shipped, found)) };
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
    const message = await probe(client, namespace);
    this.#probed.delete(namespace);
    if (message === undefined) this.#probed.set(namespace, now);
    return message;
  }

  /** Since when exactly this has been in force, as far as it is on record; what is new is recorded. */
  async #since(inForce: string): Promise<number> {
    if (this.#recorded?.inForce !== inForce) {
      const stored = await this.#read();
      const record = stored?.data?.inForce === inForce ? stored : await this.#write(stored, inForce);
      this.#recorded = { inForce, since: writtenAt(record) + SPREAD_MS };
    }
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

  async #write(stored: TrustRecord | undefined, inForce: string): Promise<TrustRecord> {
    const { client, namespace, log } = this.#o;
    log.info({ inForce }, 'The admission policies for Decisions are new: earlier Decisions are not used');
    const data = { inForce };
    if (stored) return client.patch<TrustRecord>(objectPath(CONFIG_MAPS, namespace, NAME), { data }, 'merge');
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace }, data };
    try {
      return await client.create<TrustRecord>(collectionPath(CONFIG_MAPS, namespace), body);
    } catch (error) {
      // Somebody made it meanwhile: what stands in it is seen at the next look.
      if (isAlreadyExists(error))
        return client.patch<TrustRecord>(objectPath(CONFIG_MAPS, namespace, NAME), { data }, 'merge');
      throw error;
    }
  }
}

/** When an object was last written, by the API server's clock, in whole seconds; epoch milliseconds. */
function writtenAt({ metadata }: TrustRecord): number {
  const times = (metadata.managedFields ?? []).map((entry) =>
    Date.parse((entry as { time?: string }).time ?? ''),
  );
  const known = [Date.parse(metadata.creationTimestamp ?? ''), ...times].filter((t) => !Number.isNaN(t));
  return Math.max(...known);
}
