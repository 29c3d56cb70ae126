import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { selfSigned } from '../../src/kube/testing/self-signed.ts';
import type { Cluster } from './cluster.ts';
import { type ApiRequest, type Client, Exchange, readRequest } from './fault-exchange.ts';
import { type Fault, pass } from './fault-kinds.ts';
import { tokenOf, writeKubeconfig } from './users.ts';

/** A request as it went: in the order of arrival. */
export interface Recorded extends ApiRequest {
  /** Status that the client got; undefined while it has none, and for ever when it was cut. */
  status?: number;
  /** Whether a rule took it. */
  faulted: boolean;
}

/** What is done with which requests. */
export interface Rule {
  matches: (request: ApiRequest) => boolean;
  /** How many requests it takes; all unless given. */
  times?: number;
  /** Takes only the first request of each key. */
  once?: (request: ApiRequest) => string;
  do: Fault;
}

/** A rule in force. */
export interface RuleInForce {
  /** How many requests it has taken. */
  readonly hits: number;
  /** How many lines of their answers were changed, held back or delayed. */
  readonly changes: number;
  remove(): void;
}

interface RuleState extends Rule {
  hits: number;
  changes: number;
  taken: Set<string>;
}

function takes(
  { hits, times = Number.POSITIVE_INFINITY, once, taken, matches }: RuleState,
  request: ApiRequest,
): boolean {
  return hits < times && matches(request) && !(once && taken.has(once(request)));
}

function note(rule: RuleState, request: ApiRequest): void {
  rule.hits += 1;
  if (rule.once) rule.taken.add(rule.once(request));
}

/**
 * A TLS proxy between one client and the API server, which speaks HTTP/2 with those that ask for it, as the API
 * server does. Without a rule it passes on everything. The first rule that matches and has not had its times
 * decides about a request.
 */
export class FaultProxy {
  /** Everything that was asked, oldest first. */
  readonly requests: Recorded[] = [];
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #upstream: Agent;
  readonly #key = selfSigned('fault-proxy');
  readonly #rules: RuleState[] = [];
  readonly #open = new Set<Exchange>();
  readonly #sockets = new Map<number, Socket>();
  #port = 0;
  #close: () => Promise<void> = async () => {};

  /** @param name tells the client in the API server's audit log, as the end of its user agent, and in file names. */
  constructor(cluster: Cluster, name: string) {
    this.name = name;
    this.#cluster = cluster;
    this.#upstream = new Agent({ keepAlive: true, ca: Buffer.from(cluster.caData, 'base64') });
  }

  /** Begins to listen on loopback. */
  async start(): Promise<this> {
    const server = createSecureServer({ ...this.#key, allowHTTP1: true }, (request, answer) => {
      void this.#handle(request, answer);
    });
    server.on('connection', (socket: Socket) => {
      const port = socket.remotePort ?? 0;
      this.#sockets.set(port, socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(port));
    });
    // A connection that was reset on purpose is told here as well.
    for (const event of ['sessionError', 'clientError', 'tlsClientError']) server.on(event, () => {});
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    this.#close = () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        this.reset();
      });
    return this;
  }

  /** Path of a kubeconfig that leads here, with the operator's identity. */
  get kubeconfig(): string {
    const { dir, tokens } = this.#cluster.facts;
    return writeKubeconfig(dir, {
      url: `https://127.0.0.1:${this.#port}`,
      caData: Buffer.from(this.#key.cert).toString('base64'),
      user: `operator-${this.name}`,
      token: tokenOf(tokens, 'operator'),
    });
  }

  /** Puts a rule in force, after those that are. */
  rule(rule: Rule): RuleInForce {
    const entry: RuleState = { ...rule, hits: 0, changes: 0, taken: new Set() };
    this.#rules.push(entry);
    return {
      get hits() {
        return entry.hits;
      },
      get changes() {
        return entry.changes;
      },
      remove: () => {
        const at = this.#rules.indexOf(entry);
        if (at >= 0) this.#rules.splice(at, 1);
      },
    };
  }

  /** Takes all rules away. */
  calm(): void {
    this.#rules.length = 0;
  }

  /** Breaks every connection there is, and with it all that is under way; the port goes on listening. */
  reset(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  /** Ends the answers under way to requests that match, as a server does that closes a watch; how many there were. */
  end(matches: (request: ApiRequest) => boolean): number {
    const ending = [...this.#open].filter(({ request }) => matches(request));
    for (const exchange of ending) exchange.end();
    return ending.length;
  }

  async stop(): Promise<void> {
    await this.#close();
    this.#upstream.destroy();
  }

  async #handle(
    incoming: IncomingMessage | Http2ServerRequest,
    answer: ServerResponse | Http2ServerResponse,
  ): Promise<void> {
    const port = incoming.socket.remotePort ?? 0;
    // An error here means that the client has gone: there is nobody left to tell.
    const body = await buffer(incoming).catch(() => undefined);
    if (body === undefined) return;
    const request = readRequest(incoming, body, this.requests.length);
    const rule = this.#rules.find((r) => takes(r, request));
    if (rule) note(rule, request);
    const recorded: Recorded = { ...request, faulted: rule !== undefined };
    this.requests.push(recorded);
    const client: Client = {
      answer,
      // Below TLS, `resetAndDestroy` leaves a handle that Node 24 waits for for ever when it exits.
      cut: () => this.#sockets.get(port)?.destroy(),
      answered: (status) => (recorded.status = status),
      changed: () => {
        if (rule) rule.changes += 1;
      },
    };
    const exchange = new Exchange(request, client, {
      url: this.#cluster.url,
      agent: this.#upstream,
      agentSuffix: this.name,
    });
    this.#open.add(exchange);
    void exchange.closed.then(() => this.#open.delete(exchange));
    try {
      await (rule?.do ?? pass)(exchange);
    } catch {
      // The API server is away: the client sees a connection that breaks, as it would without the proxy.
      exchange.cut();
    }
  }
}
