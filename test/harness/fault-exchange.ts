import type { Agent } from 'node:https';
import { request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** What a client asked of the API server, in the words of its audit log. */
export interface ApiRequest {
  /** Place in the order of arrival, from 0. */
  order: number;
  /** `performance.now()` at arrival. */
  at: number;
  verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  /** With the subresource: `promotions/status`. */
  resource: string;
  namespace?: string;
  name?: string;
  /** With the query. */
  path: string;
  body: string;
  headers: IncomingHttpHeaders;
}

/** The client's side of an exchange. */
export interface Client {
  answer: ServerResponse | Http2ServerResponse;
  /** Breaks its connection. */
  cut(): void;
  answered(status: number): void;
  /** A line of its answer was changed, held back or delayed. */
  changed(): void;
}

/** The way to the API server. */
interface Upstream {
  url: string;
  agent: Agent;
  /** Added to the user agent, so that the audit log tells one operator from another. */
  agentSuffix: string;
}

/** One line of a watch in, the lines that take its place out. `count` counts the lines from 0. */
export type LineRewrite = (line: string, count: number) => readonly string[] | Promise<readonly string[]>;

/** One request with its client waiting: what a fault is made of. */
export class Exchange {
  readonly request: ApiRequest;
  /** Resolves when the client has all of the answer, or has gone. */
  readonly closed: Promise<void>;
  readonly #client: Client;
  readonly #upstream: Upstream;
  #sent: IncomingMessage | undefined;
  #isOpen = true;

  constructor(request: ApiRequest, client: Client, upstream: Upstream) {
    this.request = request;
    this.#client = client;
    this.#upstream = upstream;
    client.answer.on('error', () => {});
    this.closed = new Promise((resolve) => void client.answer.once('close', () => resolve()));
    void this.closed.then(() => {
      this.#isOpen = false;
      // A watch that nobody reads must not stay open at the server.
      this.#sent?.destroy();
    });
  }

  /** Sends the request on; resolves with the server's answer as soon as its head is there. */
  async send(): Promise<IncomingMessage> {
    const { path, headers, body } = this.request;
    const { url, agent, agentSuffix } = this.#upstream;
    const own = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !name.startsWith(':'));
    this.#sent = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpsRequest(
        new URL(path, url),
        {
          method: METHODS[this.request.verb],
          agent,
          headers: {
            ...Object.fromEntries(own),
            'accept-encoding': 'identity',
            'user-agent': `${headers['user-agent']} ${agentSuffix}`,
            'content-length': Buffer.byteLength(body),
          },
        },
        resolve,
      );
      sent.once('error', reject);
      sent.end(body);
    });
    return this.#sent;
  }

  /** Passes the server's answer on to the client as it comes, a watch line by line through `rewrite`. */
  async pass(from: IncomingMessage, rewrite?: LineRewrite): Promise<void> {
    this.begin(from);
    let rest = '';
    let count = 0;
    from.on('error', () => this.cut());
    if (rewrite) from.setEncoding('utf8');
    for await (const chunk of from) {
      if (!this.#isOpen) return;
      if (!rewrite) {
        this.#write(chunk as Buffer);
        continue;
      }
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const instead = await rewrite(line, count++);
        if (instead.length !== 1 || instead[0] !== line) this.changed();
        if (instead.length > 0) this.#write(instead.map((one) => `${one}\n`).join(''));
      }
    }
    this.end();
  }

  /** Passes on the head of the server's answer; what follows it is written by `write`. */
  begin(from: IncomingMessage): void {
    this.#head(from.statusCode ?? 0, from.headers);
    // A watch may be silent for long after its head.
    this.#flush();
  }

  /** Answers in the server's place. */
  reply(status: number, body = '', headers: Record<string, string> = {}): void {
    if (!this.#isOpen) return;
    this.#head(status, { 'content-type': 'application/json', ...headers });
    this.#write(body);
    this.end();
  }

  /** Says that a line of the answer does not come as it was sent; `pass` says it of those that it rewrites. */
  changed(): void {
    this.#client.changed();
  }

  /** Writes a piece of the answer. */
  write(text: string): void {
    this.#write(text);
  }

  /** Ends the answer. */
  end(): void {
    if (this.#isOpen) this.#client.answer.end();
  }

  /** Breaks the client's connection, and whatever else is under way on it; nothing when it has its answer, or has gone. */
  cut(): void {
    if (this.#isOpen) this.#client.cut();
  }

  #head(status: number, headers: IncomingHttpHeaders): void {
    if (!this.#isOpen) return;
    this.#client.answered(status);
    const { answer } = this.#client;
    answer.statusCode = status;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name)) answer.setHeader(name, value);
    }
  }

  #flush(): void {
    // Both have the method; the types of HTTP/2 leave it out.
    const { answer } = this.#client as { answer: ServerResponse };
    if (this.#isOpen) answer.flushHeaders();
  }

  #write(chunk: Buffer | string): void {
    if (!this.#isOpen || chunk.length === 0) return;
    // Both have the same method; their types differ in overloads only.
    const { answer } = this.#client as { answer: ServerResponse };
    answer.write(chunk);
  }
}

/** Says something about one connection, so it does not travel from one to the next (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

const METHODS: Record<ApiRequest['verb'], string> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

/** Reads a request as the API server would: verb, resource, namespace and name from method and path. */
export function readRequest(
  { method = 'GET', url = '/', headers }: IncomingMessage | Http2ServerRequest,
  body: Buffer,
  order: number,
): ApiRequest {
  const { pathname, searchParams } = new URL(url, 'https://host');
  const parts = pathname.split('/').filter((part) => part !== '');
  // `/api/v1/...` and `/apis/<group>/<version>/...`
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const namespaced = rest[0] === 'namespaces' && rest.length > 2;
  const namespace = namespaced ? rest[1] : undefined;
  const [plural = pathname, name, subresource] = namespaced ? rest.slice(2) : rest;
  const isWatch = searchParams.get('watch') === 'true';
  const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;
  const reading = isWatch ? 'watch' : name === undefined ? 'list' : 'get';
  return {
    order,
    at: performance.now(),
    verb: method in verbs ? verbs[method as keyof typeof verbs] : reading,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    path: url,
    body: body.toString('utf8'),
    headers,
  };
}
