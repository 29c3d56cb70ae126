import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the server behind has answered. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** One query on its way to Prometheus. */
export interface Exchange {
  query: string;
  answer: ServerResponse;
  /** Asks the server behind. */
  ask: () => Promise<Reply>;
  /** Hands a reply over. */
  give: (reply: Reply) => void;
  /** Says that nothing happened to this one: it does not count. */
  spared: () => void;
}

/** What becomes of a query instead of its answer. */
export type Play = (exchange: Exchange) => Promise<void> | void;

/** A front of the real Prometheus, at a loopback port of its own, which plays faults by a rule. */
export class MetricsProxy {
  /** Every query that has arrived, as it arrived. */
  readonly queries: string[] = [];
  readonly #behind: string;
  #server: Server | undefined;
  #port = 0;
  #rule: { play: Play; isMet: (query: string) => boolean } | undefined;
  #injected = 0;

  constructor(behind: string) {
    this.#behind = behind;
  }

  /** Base URL: the same after `down` and `up`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How many queries something has happened to. */
  get injected(): number {
    return this.#injected;
  }

  /** From now on queries that the rule is for are played with. */
  arm(play: Play, isMet: (query: string) => boolean): void {
    this.#rule = { play, isMet };
  }

  /** From now on every query is answered by the server behind. */
  disarm(): void {
    this.#rule = undefined;
  }

  /** Listens. */
  async up(): Promise<this> {
    const server = createServer((incoming, answer) => {
      this.#handle(incoming, answer).catch(() => answer.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    this.#server = server;
    return this;
  }

  /** Listens no more: connections are refused, and those that are open are cut. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const query = new URLSearchParams(body).get('query') ?? '';
    this.queries.push(query);
    const ask = async (): Promise<Reply> => forward(this.#behind, incoming, body);
    const give = ({ status, headers, body: said }: Reply): void => {
      answer.writeHead(status, headers).end(said);
    };
    const rule = this.#rule;
    if (!rule?.isMet(query)) return give(await ask());
    let isSpared = false;
    const spared = (): void => void (isSpared = true);
    await rule.play({ query, answer, ask, give, spared });
    // Not before: whoever waits for the first one would take one that is still to be spared for it.
    if (!isSpared) this.#injected += 1;
  }
}

async function forward(
  behind: string,
  { method, url, headers }: IncomingMessage,
  body: string,
): Promise<Reply> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(`${behind}${url}`, { method, headers, agent: false }, resolve);
    sent.once('error', reject);
    sent.end(body);
  });
  const said = await text(reply);
  const type = reply.headers['content-type'] ?? 'application/json';
  return { status: reply.statusCode ?? 502, headers: { 'content-type': type }, body: said };
}
