import type { Clock } from '../runtime/clock.ts';
import type { KubeClient } from './client.ts';
import { objectPath } from './paths.ts';

const SECRETS = { group: '', version: 'v1', plural: 'secrets' };

/** A Secret's values, decoded as UTF-8. Nothing of it may be shown. */
export interface Secret {
  /** For example `Opaque`, `kubernetes.io/tls`. */
  type: string;
  data: Readonly<Record<string, string>>;
}

/** How long an answer is used: a changed Secret is used after so much time, or when the server refuses it. */
const FRESH_MS = 30_000;
/** What is not used for so long is dropped from memory. */
const MOST_KEPT = 1_000;

interface Kept {
  secret: Promise<Secret>;
  at: number;
}

/**
 * Reads single Secrets when they are needed. There is no informer on purpose: that would want the right to list
 * all Secrets and keep them all in memory, where `get` of those that are named is enough.
 */
export class SecretReader {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * The Secret as it is, or was at most 30 s ago. Readers at the same time share one request, which none of them
   * can cut; failures are not kept.
   * @throws ApiError, TransportError, or TerminalError for a name that cannot be one
   */
  read(namespace: string, name: string): Promise<Secret> {
    const key = `${namespace}/${name}`;
    const now = this.#clock.monotonic();
    const known = this.#kept.get(key);
    if (known !== undefined && now - known.at < FRESH_MS) return known.secret;
    const kept: Kept = { secret: this.#get(namespace, name), at: now };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    kept.secret.catch(() => {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    });
    this.#shed(now);
    return kept.secret;
  }

  /** Reads anew the next time: a server has refused what this Secret says. */
  forget(namespace: string, name: string): void {
    this.#kept.delete(`${namespace}/${name}`);
  }

  /** The same for one namespace: whoever has it can name no other. */
  of(namespace: string): {
    namespace: string;
    read(name: string): Promise<Secret>;
    forget(name: string): void;
  } {
    return {
      namespace,
      read: (name) => this.read(namespace, name),
      forget: (name) => this.forget(namespace, name),
    };
  }

  async #get(namespace: string, name: string): Promise<Secret> {
    const path = objectPath(SECRETS, namespace, name);
    const { type, data } = await this.#client.get<{ type?: string; data?: Record<string, string> | null }>(
      path,
    );
    const decoded = Object.entries(data ?? {}).map(
      ([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')] as const,
    );
    return { type: type ?? 'Opaque', data: Object.fromEntries(decoded) };
  }

  /** Entries stand in the order of their age. */
  #shed(now: number): void {
    for (const [key, { at }] of this.#kept) {
      if (now - at < FRESH_MS && this.#kept.size <= MOST_KEPT) return;
      this.#kept.delete(key);
    }
  }
}
