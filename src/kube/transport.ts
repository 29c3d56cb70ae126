import {
  HttpMethod,
  IsomorphicFetchHttpLibrary,
  RequestContext,
  type ResponseContext,
} from '@kubernetes/client-node';
import type { Clock } from '../runtime/clock.ts';
import type { PooledKubeConfig } from './config.ts';
import { Deadline } from './deadline.ts';
import type { Dispatcher } from './dispatcher.ts';
import { TransportError, apiError, errorCode } from './errors.ts';
import { Limiter } from './limiter.ts';
import { resourceLabel } from './paths.ts';

export interface CallOptions {
  signal?: AbortSignal;
  /** Milliseconds for this request instead of the client's default. */
  timeoutMs?: number;
  /** Bytes of the answer beyond which it is given up with `TooLarge`; unbounded by default. */
  maxBytes?: number;
}

/** One request, for metrics. `code` is the HTTP status, 0 when there was no answer. */
export interface RequestInfo {
  verb: Verb;
  code: number;
  host: string;
  resource: string;
  durationMs: number;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface Request {
  verb: Verb;
  method: keyof typeof HttpMethod;
  path: string;
  query?: object;
  body?: unknown;
  contentType?: string;
}

interface Options {
  config: PooledKubeConfig;
  clock: Clock;
  timeoutMs: number;
  maxInFlight: number;
  onRequest?: (info: RequestInfo) => void;
}

/** client-node's own fetch, below its generated models: the one part of it that leaves bodies alone. */
const http = new IsomorphicFetchHttpLibrary();

/** Sends requests, bounds them in time and number, and turns what goes wrong into the errors of `errors.ts`. */
export class Transport {
  readonly #options: Options;
  readonly #places: Limiter;
  /** Monotonic time at which the server last gave any sign of life. */
  #heard = Number.NEGATIVE_INFINITY;

  constructor(options: Options) {
    this.#options = options;
    this.#places = new Limiter(options.maxInFlight);
  }

  /** Sends and parses: the answer's body as it is. */
  async json<T>(request: Request, options: CallOptions): Promise<T> {
    const deadline = new Deadline(
      this.#options.clock,
      options.timeoutMs ?? this.#options.timeoutMs,
      options.signal,
    );
    let release: (() => void) | undefined;
    try {
      release = await this.#places.acquire(deadline.signal).catch((error: unknown) => {
        throw this.#transportError(request, deadline, error);
      });
      const response = await this.#answer(request, deadline);
      const text = await textOf(response, options.maxBytes).catch((error: unknown) => {
        throw this.#transportError(request, deadline, error);
      });
      const value: T = tryParse(text);
      if (value !== undefined) return value;
      throw new TransportError('Protocol', 'The API server answered with something that is not JSON');
    } finally {
      release?.();
      deadline.dispose();
    }
  }

  /** Sends and hands the body out in chunks; ends with `Timeout` after `inactivityMs` without one. */
  async *#chunks(
    request: Request,
    body: ReadableStream<Uint8Array>,
    quiet: Deadline,
  ): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of body) {
        this.#heard = this.#options.clock.monotonic();
        quiet.touch();
        yield chunk;
      }
    } catch (error) {
      throw this.#transportError(request, quiet, error);
    } finally {
      quiet.dispose();
    }
  }

  async stream(
    request: Request,
    signal: AbortSignal,
    inactivityMs: number,
  ): Promise<AsyncGenerator<Uint8Array, void>> {
    const quiet = new Deadline(this.#options.clock, this.#options.timeoutMs, signal);
    try {
      const { body } = await this.#answer(request, quiet);
      const stream = body.stream();
      if (stream === null) throw new TransportError('Protocol', 'The API server answered without a body');
      quiet.touch(inactivityMs);
      return this.#chunks(request, stream, quiet);
    } catch (error) {
      quiet.dispose();
      throw error;
    }
  }

  /** Waits for the headers. @throws ApiError for any status but 2xx */
  async #answer(request: Request, deadline: Deadline): Promise<ResponseContext> {
    const { clock } = this.#options;
    const server = this.#options.config.getCurrentCluster()?.server ?? '';
    const context = this.#context(server, request);
    const sent = clock.monotonic();
    let dispatcher: Dispatcher | undefined;
    let code = 0;
    try {
      context.setSignal(deadline.signal);
      // A credential plugin may hang like anything else; what it writes to stderr is nobody's business.
      await deadline
        .race(this.#options.config.applySecurityAuthentication(context))
        .catch((error: unknown) => {
          if (deadline.fired !== undefined) throw error;
          throw new TransportError(
            'Connection',
            'The credentials for the API server cannot be obtained',
            error,
          );
        });
      dispatcher = context.getDispatcher();
      const response = await http.send(context).toPromise();
      this.#heard = clock.monotonic();
      code = response.httpStatusCode;
      if (code >= 200 && code < 300) return response;
      const text = await response.body.text().catch(() => '');
      throw apiError(code, tryParse(text), response.headers['retry-after']);
    } catch (error) {
      if (code !== 0) throw error;
      // Silence on everything since this was sent: the connection is dead rather than the server slow.
      if (deadline.fired === 'Timeout' && this.#heard <= sent) this.#options.config.renew(dispatcher);
      throw this.#transportError(request, deadline, error);
    } finally {
      this.#options.onRequest?.({
        verb: request.verb,
        code,
        host: URL.parse(server)?.host ?? '',
        resource: resourceLabel(request.path),
        durationMs: clock.monotonic() - sent,
      });
    }
  }

  #context(server: string, request: Request): RequestContext {
    if (!request.path.startsWith('/')) throw new TypeError(`Not an API path: ${request.path}`);
    const context = new RequestContext(server.replace(/\/$/, '') + request.path, HttpMethod[request.method]);
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) context.setQueryParam(key, String(value));
    }
    context.setHeaderParam('Accept', 'application/json');
    context.setHeaderParam('User-Agent', 'sluice');
    if (request.body !== undefined) {
      context.setHeaderParam('Content-Type', request.contentType ?? 'application/json');
      context.setBody(JSON.stringify(request.body));
    }
    return context;
  }

  #transportError(request: Request, deadline: Deadline, error: unknown): Error {
    if (error instanceof TransportError) return error;
    const what = `${request.verb} ${resourceLabel(request.path)}`;
    if (deadline.fired === 'Aborted') return new TransportError('Aborted', `Gave up: ${what}`, error);
    if (deadline.fired === 'Timeout') {
      return new TransportError('Timeout', `The API server did not answer in time: ${what}`, error);
    }
    return new TransportError(
      'Connection',
      `The API server cannot be reached: ${what} (${errorCode(error)})`,
      error,
    );
  }
}

async function textOf({ body }: ResponseContext, maxBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const stream = body.stream();
  if (maxBytes === Number.POSITIVE_INFINITY || stream === null) return body.text();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > maxBytes) throw new TransportError('TooLarge', `The answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

/** As loosely typed as JSON.parse itself: what is read from the API is checked where it is understood. */
function tryParse(text: string): ReturnType<typeof JSON.parse> {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
