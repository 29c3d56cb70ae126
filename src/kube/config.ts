import { isDeepStrictEqual } from 'node:util';
import type https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Cluster, DispatcherOptions, RequestContext } from '@kubernetes/client-node';
import type { Dispatcher } from './dispatcher.ts';
import { type Impersonation, impersonating } from './impersonation.ts';

/**
 * A KubeConfig that keeps its connections.
 *
 * client-node 2.0.1 makes a new undici Agent, and so a new TLS connection, for every request that has any TLS
 * option set, which inside a cluster is every request. Here one Agent is kept for as long as what it was made
 * of stays the same: client-node reads CA and certificate files again for each request, so a rotated
 * certificate is seen on the next one, and only then a new Agent takes over.
 */
export class PooledKubeConfig extends KubeConfig {
  /** Connections opened and open now, over all Agents of this configuration. */
  connectionsOpened = 0;
  connectionsOpen = 0;
  /** Whom each request is to be counted as, where whoever asks has the right to say so. */
  impersonation: Impersonation | undefined;
  #kept: Dispatcher | undefined;
  #madeOf: unknown;

  /** Namespace of the current context; inside a cluster the one the pod runs in. */
  get namespace(): string | undefined {
    return this.getContextObject(this.getCurrentContext())?.namespace;
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    // `super` asks for the options, makes the Agent and hands it over in one synchronous go; adopting it in
    // that same moment keeps two first requests from adopting two Agents.
    const adopting: RequestContext = Object.create(context);
    adopting.setDispatcher = (fresh) => this.#adopt(fresh);
    await super.applySecurityAuthentication(adopting);
    const kept = this.#kept;
    if (kept === undefined) return;
    context.setDispatcher(this.impersonation ? kept.compose(impersonating(this.impersonation)) : kept);
  }

  override createDispatcherOptions(
    cluster: Cluster | null,
    agentOptions: https.AgentOptions,
  ): DispatcherOptions {
    const options = super.createDispatcherOptions(cluster, agentOptions);
    if (this.#kept !== undefined && isDeepStrictEqual(options, this.#madeOf)) return { type: 'none' };
    this.#madeOf = options;
    // 'none' would mean the dispatcher of the whole process, which is not ours to count, renew or close.
    if (options.type === 'agent') return { ...options, connect: { ...options.connect, ...this.#protocol() } };
    if (options.type === 'proxy')
      return { ...options, requestTls: { ...options.requestTls, ...this.#protocol() } };
    if (options.type !== 'none') return options;
    const connect = { keepAlive: true, keepAliveInitialDelay: 30_000, ...this.#protocol() };
    return { type: 'agent', connect };
  }

  /**
   * Gives up the connections of `stuck` at once, so that the next request dials again: for connections that
   * are open and dead (a lost peer sends no reset, and TCP takes a quarter of an hour to notice). Does nothing
   * when `stuck` has been replaced already.
   */
  renew(stuck: Dispatcher | undefined): void {
    if (stuck === undefined || stuck !== this.#kept) return;
    this.#kept = undefined;
    void stuck.destroy();
  }

  /** Ends every connection. A later request would dial again. */
  async close(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.destroy();
  }

  /** Of several groups of an impersonation undici makes one header over HTTP/2, which names no group at all. */
  #protocol(): { allowH2?: false } {
    return (this.impersonation?.groups.length ?? 0) > 1 ? { allowH2: false } : {};
  }

  #adopt(fresh: Dispatcher): void {
    const old = this.#kept;
    this.#kept = fresh;
    fresh.on('connect', () => {
      this.connectionsOpened++;
      this.connectionsOpen++;
    });
    fresh.on('disconnect', () => this.connectionsOpen--);
    // Requests in flight on the old credentials may finish; watches end by their own timeout.
    void old?.close();
  }
}
