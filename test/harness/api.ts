import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

/** Any object of the Kubernetes API. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** The parts of ObjectMeta that the harness and the tests read or write. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  generation?: number;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
}

/** A list as the API server answers it. */
export interface KubeList<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[];
}

/** The API server refused; `status` is the HTTP code and `reason` the machine-readable word beside it. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** How to reach an API server, and as whom. */
export interface ApiConnection {
  url: string;
  /** base64 of the PEM bundle that signs the server's certificate, as in a kubeconfig. */
  caData: string;
  token: string;
}

/** Details of one request. */
export interface RequestOptions {
  body?: unknown;
  contentType?: string;
  /** Sent besides. */
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/** Content types of the three patches that `Api.patch` can send. */
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

/**
 * A small client for the harness and the tests: raw paths in, JSON out.
 * It shares no code with the product on purpose, so that a defect of the product's client cannot hide
 * itself from the tests.
 */
export class Api {
  readonly connection: ApiConnection;
  readonly #agent: Agent;

  constructor(connection: ApiConnection) {
    this.connection = connection;
    this.#agent = new Agent({ keepAlive: true, ca: Buffer.from(connection.caData, 'base64') });
  }

  /** Reads one object, or whatever else the path answers with. */
  get<T = KubeObject>(path: string): Promise<T> {
    return this.send('GET', path);
  }

  /** Reads one object; undefined when there is none. */
  async find<T = KubeObject>(path: string): Promise<T | undefined> {
    return this.get<T>(path).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
  }

  /** Lists a collection, in one page. */
  list<T = KubeObject>(path: string): Promise<KubeList<T>> {
    return this.send('GET', path);
  }

  /** POST to a collection. */
  create<T = KubeObject>(path: string, body: unknown): Promise<T> {
    return this.send('POST', path, { body });
  }

  /** PUT; the body's resourceVersion, if any, must still be the current one. */
  replace<T = KubeObject>(path: string, body: unknown): Promise<T> {
    return this.send('PUT', path, { body });
  }

  /** PATCH of the given type; a path may end in `/status`. */
  patch<T = KubeObject>(path: string, body: unknown, type: keyof typeof PATCH_TYPES = 'merge'): Promise<T> {
    return this.send('PATCH', path, { body, contentType: PATCH_TYPES[type] });
  }

  /** DELETE of an object or a collection; one that is gone already is no error. */
  async delete(
    path: string,
    options: { gracePeriodSeconds?: number; propagationPolicy?: string } = {},
  ): Promise<void> {
    await this.send('DELETE', path, { body: options }).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  /**
   * Sends a request and parses the answer.
   * @throws ApiError for every answer that is not 2xx; a plain Error when there is no answer.
   */
  async send<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const answer = await this.open(method, path, options);
    const text = await textOf(answer);
    // The caller says what comes; the API server's own schema is what proves it.
    const value: T = answer.headers['content-type']?.includes('json') ? JSON.parse(text) : text;
    return value;
  }

  /** Sends a request and resolves with the answer's stream once its head says 2xx: for watches. */
  async open(
    method: string,
    path: string,
    { body, contentType, headers, signal }: RequestOptions,
  ): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(
        new URL(path, this.connection.url),
        {
          method,
          agent: this.#agent,
          ...(signal && { signal }),
          headers: {
            accept: 'application/json',
            authorization: `Bearer ${this.connection.token}`,
            ...headers,
            ...(payload !== undefined && {
              'content-type': contentType ?? 'application/json',
              'content-length': Buffer.byteLength(payload),
            }),
          },
        },
        resolve,
      );
      sent.once('error', reject);
      sent.end(payload);
    });
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw refusal(status, `${method} ${path}`, await textOf(answer));
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) text += chunk;
  return text;
}

function refusal(status: number, what: string, text: string): ApiError {
  try {
    const { reason, message }: { reason?: string; message?: string } = JSON.parse(text);
    return new ApiError(status, reason ?? '', `${what}: ${message ?? text}`);
  } catch {
    return new ApiError(status, '', `${what}: ${status} ${text}`);
  }
}
