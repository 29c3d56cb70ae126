import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { KubeObject } from '../types.ts';
import { Loopback, bodyOf } from './loopback.ts';

interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  collection: string;
  object: KubeObject;
  version: number;
}

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

/** A watch that is open, for tests that want to write into it by hand. */
export interface OpenWatch {
  collection: string;
  namespace: string | undefined;
  response: Http2ServerResponse;
  query: URLSearchParams;
}

/** Takes a request away from the server: true when it has answered itself. */
export type Intercept = (asked: Asked, response: Http2ServerResponse) => boolean | Promise<boolean>;

type Target = { collection: string; namespace: string | undefined; name: string | undefined };

/**
 * A small API server over real TLS and HTTP/2 that knows the rules a client depends on: resource versions,
 * paged lists with expiring tokens, watches with history, conflicts, preconditions, merge patches. It knows no
 * schema. What real servers do wrong is provoked through `intercept`.
 */
export class ApiServer {
  version = 1000;
  /** Versions up to this one are compacted: watching from them answers 410. */
  compacted = 0;
  intercept: Intercept = () => false;
  readonly asked: Asked[] = [];
  readonly watches = new Set<OpenWatch>();
  /** Whether changes reach the watches; off makes a watch that is open and blind. */
  delivering = true;
  readonly #objects = new Map<string, KubeObject>();
  #history: Change[] = [];
  #uids = 0;

  static async start(): Promise<{ api: ApiServer; server: Loopback }> {
    const api = new ApiServer();
    const server = await Loopback.start((request, response) => api.#serve(request, response));
    return { api, server };
  }

  /** Creates or changes an object directly, as another client would. */
  put(path: string, fields: Record<string, unknown> = {}): KubeObject {
    return this.#write(path, fields);
  }

  remove(path: string): void {
    const object = this.#objects.get(path);
    if (object === undefined) throw new Error(`There is no ${path}`);
    this.#objects.delete(path);
    const version = ++this.version;
    const metadata = { ...object.metadata, resourceVersion: `${version}` };
    this.#record({
      type: 'DELETED',
      collection: target(path).collection,
      object: { ...object, metadata },
      version,
    });
  }

  /** Goes back to an old backup: versions count from there again, and what came after was never recorded. */
  restore(version: number): void {
    this.version = version;
    this.#history = this.#history.filter((change) => change.version <= version);
  }

  get(path: string): KubeObject | undefined {
    return this.#objects.get(path);
  }

  /** Sends a line to every open watch. */
  send(line: string): void {
    for (const { response } of this.watches) response.write(line);
  }

  bookmark(): void {
    const object = { kind: 'X', metadata: { resourceVersion: `${this.version}` } };
    this.send(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  /** Ends every open watch as a server does whose timeout has come. */
  closeWatches(): void {
    for (const { response } of this.watches) response.end();
    this.watches.clear();
  }

  requests(method: string, watch = false): Asked[] {
    return this.asked.filter((one) => one.method === method && one.query.has('watch') === watch);
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const url = new URL(request.url, 'https://api');
    const text = await bodyOf(request);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const asked = { method: request.method, path: url.pathname, query: url.searchParams, body };
    this.asked.push(asked);
    if (await this.intercept(asked, response)) return;
    if (asked.query.has('watch')) return this.#watch(asked, response);
    const [code, answer] = this.#answer(asked);
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  #answer({ method, path, query, body }: Asked): [number, unknown] {
    const { name } = target(path);
    const object = this.#objects.get(path.replace(/\/status$/, ''));
    if (method === 'POST') return this.#create(path, body);
    if (name === undefined) return this.#list(path, query);
    if (object === undefined) return refusal(404, 'NotFound');
    if (method === 'GET') return [200, object];
    const sent: KubeObject & { preconditions?: Partial<KubeObject['metadata']> } = Object(body);
    const guard = method === 'DELETE' ? sent.preconditions : sent.metadata;
    const { uid, resourceVersion } = guard ?? {};
    if (uid !== undefined && uid !== object.metadata.uid) return refusal(409, 'Conflict');
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
      return refusal(409, 'Conflict');
    }
    if (method === 'DELETE') {
      this.remove(path);
      return [200, { kind: 'Status', status: 'Success' }];
    }
    const plain = path.replace(/\/status$/, '');
    if (method === 'PUT') return [200, this.#write(plain, Object(sent), true)];
    return [200, this.#write(plain, Object(mergePatched(object, sent)))];
  }

  #create(path: string, body: unknown): [number, unknown] {
    const sent: KubeObject = Object(body);
    const full = `${path}/${sent.metadata.name}`;
    if (this.#objects.has(full)) return refusal(409, 'AlreadyExists');
    return [201, this.#write(full, Object(sent))];
  }

  #list(path: string, query: URLSearchParams): [number, unknown] {
    const { collection, namespace } = target(path);
    const [at, after] = (query.get('continue') ?? `${this.version}/`).split('/');
    if (Number(at) < this.compacted) return refusal(410, 'Expired');
    const all = [...this.#objects]
      .filter(([one]) => inScope(target(one), { collection, namespace, name: undefined }))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .filter(([one]) => one > decodeURIComponent(after ?? ''));
    const limit = Number(query.get('limit') ?? Number.MAX_SAFE_INTEGER);
    const page = all.slice(0, limit);
    const last = encodeURIComponent(page.at(-1)?.[0] ?? '');
    return [
      200,
      {
        apiVersion: 'example.dev/v1',
        kind: 'ThingList',
        metadata: { resourceVersion: at, continue: all.length > limit ? `${at}/${last}` : '' },
        items: page.map(([, object]) => object),
      },
    ];
  }

  #watch({ path, query }: Asked, response: Http2ServerResponse): void {
    const { collection, namespace } = target(path);
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    const watch = { collection, namespace, response, query };
    if (from < this.compacted) {
      const [, object] = refusal(410, 'Expired');
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    // Sends the headers; the API server does so at once, and readers skip empty lines.
    response.write('\n');
    this.watches.add(watch);
    response.on('close', () => this.watches.delete(watch));
    for (const change of this.#history) if (change.version > from) this.#deliver(watch, change);
  }

  #write(path: string, fields: Record<string, unknown>, replace = false): KubeObject {
    const existing = this.#objects.get(path);
    const { namespace, name, collection } = target(path);
    const version = ++this.version;
    const sent: Partial<KubeObject['metadata']> = Object(fields['metadata']);
    const object: KubeObject = {
      ...(replace ? {} : existing),
      ...fields,
      metadata: {
        ...(replace ? {} : existing?.metadata),
        ...sent,
        name: name ?? '',
        ...(namespace !== undefined && { namespace }),
        uid: existing?.metadata.uid ?? `uid-${++this.#uids}`,
        resourceVersion: `${version}`,
        managedFields: [{ manager: 'somebody', fieldsV1: { 'f:spec': {} } }],
      },
    };
    this.#objects.set(path, object);
    this.#record({ type: existing === undefined ? 'ADDED' : 'MODIFIED', collection, object, version });
    return object;
  }

  #record(change: Change): void {
    this.#history.push(change);
    if (this.delivering) for (const watch of this.watches) this.#deliver(watch, change);
  }

  #deliver(watch: OpenWatch, { type, object, collection }: Change): void {
    const { namespace } = object.metadata;
    if (!inScope({ collection, namespace, name: '' }, { ...watch, name: undefined })) return;
    watch.response.write(`${JSON.stringify({ type, object })}\n`);
  }
}

const refusal = (code: number, reason: string): [number, object] => [
  code,
  { kind: 'Status', status: 'Failure', code, reason, message: `${reason}, said the test server` },
];

/** Where a path leads: `/apis/g/v/namespaces/n/things/a` and the like. */
function target(path: string): Target {
  const match = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?/.exec(
    path,
  );
  const [, root, namespace, plural, name] = match ?? [];
  return { collection: `${root}/${plural}`, namespace, name };
}

const inScope = (one: Target, scope: Target): boolean =>
  one.collection === scope.collection && (scope.namespace === undefined || scope.namespace === one.namespace);

/** RFC 7386. */
export function mergePatched(value: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged = new Map(
    Object.entries(typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}),
  );
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) merged.delete(key);
    else merged.set(key, mergePatched(merged.get(key), change));
  }
  return Object.fromEntries(merged);
}
