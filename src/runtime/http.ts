import { lookup as systemLookup } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got from 'got';
import { guardedLookup, type Lookup, refusalOfHost } from './http-address.ts';
import { HttpError, retryAfterMs, toHttpError } from './http-error.ts';

export interface HttpRequest {
  /** http or https, without credentials. */
  url: string;
  method?: 'GET' | 'POST';
  /** With an Authorization header, or a client certificate, no redirect leaves the origin. */
  headers?: Record<string, string>;
  /** PEM: the client's certificate and key, and the authority that signs the server instead of the system's. */
  tls?: { cert?: string | undefined; key?: string | undefined; ca?: string | undefined };
  /** Sent as application/x-www-form-urlencoded. */
  form?: Record<string, string>;
  /** Milliseconds for all of it, instead of the client's default. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** All that Sluice asks over HTTP, but for the API server, goes through one of these. */
export interface Http {
  /** Answers 2xx; everything else is an HttpError. Nothing is retried: whoever asks knows when to ask again. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Closes the connections that are kept. */
  close(): void;
}

export interface HttpOptions {
  /** Loopback is refused unless this is true: it reaches what listens beside the operator. */
  allowLoopback?: boolean;
  /** Largest body that is read, in bytes; default 1 MiB. */
  maxBytes?: number;
  /** Milliseconds for a whole request, redirects and body included; default 10 s. */
  timeoutMs?: number;
  /** Milliseconds to get a connection; default 5 s. */
  connectTimeoutMs?: number;
  userAgent?: string;
  /** Resolves names; default the system's. */
  dns?: Lookup;
}

/** Shorter than what proxies keep (60 s and more): a connection closed under a request would cost a sample. */
const IDLE_MS = 30_000;
const MOST_REDIRECTS = 3;

/**
 * A client for servers that tenants name: bounded in time, size and redirects, and kept away from what only
 * the operator's own machine should reach (see http-address.ts).
 */
export function createHttp(options: HttpOptions = {}): Http {
  const {
    allowLoopback = false,
    maxBytes = 1024 * 1024,
    timeoutMs = 10_000,
    connectTimeoutMs = 5_000,
  } = options;
  const agentOptions = { keepAlive: true, timeout: IDLE_MS };
  const agent = { http: new HttpAgent(agentOptions), https: new HttpsAgent(agentOptions) };
  const client = got.extend({
    agent,
    dnsLookup: guardedLookup(options.dns ?? systemLookup, allowLoopback),
    retry: { limit: 0 },
    throwHttpErrors: false,
    // A small compressed body can be a large one; what is asked for here is small anyway.
    decompress: false,
    // A query that was posted is still a query after 301 or 302.
    methodRewriting: false,
    maxRedirects: MOST_REDIRECTS,
    headers: { 'user-agent': options.userAgent ?? 'sluice', 'accept-encoding': 'identity' },
  });

  async function request(wanted: HttpRequest): Promise<HttpResponse> {
    const url = checkedUrl(wanted.url, allowLoopback);
    const total = wanted.timeoutMs ?? timeoutMs;
    const connect = Math.min(connectTimeoutMs, total);
    const stays = isPrivate(wanted) ? staysAtOrigin : staysAtHost;
    const { cert, key, ca } = wanted.tls ?? {};
    const stream = client.stream(url, {
      method: wanted.method ?? 'GET',
      followRedirect: (response) => stays(response.url, response.headers.location),
      // The agent keeps connections apart by these.
      https: {
        ...(cert !== undefined && { certificate: cert }),
        ...(key !== undefined && { key }),
        ...(ca !== undefined && { certificateAuthority: ca }),
      },
      timeout: { request: total, lookup: connect, connect, secureConnect: connect },
      ...(wanted.headers && { headers: wanted.headers }),
      ...(wanted.form && { form: wanted.form }),
      ...(wanted.signal && { signal: wanted.signal }),
    });
    // Errors come out of the iteration below. One that comes after its end (a signal aborted once the answer is
    // there) would be an 'error' event that nobody listens to, and end the process.
    stream.on('error', () => {});
    try {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of stream) {
        const part: Buffer = Buffer.from(chunk);
        bytes += part.length;
        if (bytes > maxBytes)
          throw new HttpError('TooLarge', `${url.origin}: the answer is larger than ${maxBytes} bytes`);
        chunks.push(part);
      }
      const response = stream.response;
      if (response === undefined) throw new HttpError('Network', `${url.origin}: no answer`);
      return accepted(url, response.statusCode, response.headers, Buffer.concat(chunks).toString());
    } catch (error) {
      stream.destroy();
      throw toHttpError(error, url.origin);
    }
  }

  return {
    request,
    close() {
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}

function checkedUrl(text: string, allowLoopback: boolean): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new HttpError(
      'Url',
      'The address is no http or https URL; write for example http://prometheus.monitoring.svc:9090',
    );
  if (url.username !== '' || url.password !== '')
    throw new HttpError('Url', `${url.origin}: credentials do not belong in an address`);
  const refusal = refusalOfHost(url.hostname, allowLoopback);
  if (refusal !== undefined) throw new HttpError('Address', `${url.origin}: ${refusal}`);
  return url;
}

/** Whether the request carries credentials. */
function isPrivate({ headers = {}, tls }: HttpRequest): boolean {
  return (
    tls?.key !== undefined || Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
  );
}

/** Another port of the same host may be another's server: credentials do not go there. */
function staysAtOrigin(from: string, location: string | undefined): boolean {
  const [before, after] = [URL.parse(from), URL.parse(location ?? '', from)];
  return before !== null && after !== null && before.origin === after.origin;
}

/** Only the same host may be asked instead, and never in the clear after TLS. */
function staysAtHost(from: string, location: string | undefined): boolean {
  const [before, after] = [URL.parse(from), URL.parse(location ?? '', from)];
  if (before === null || after === null) return false;
  return (
    before.hostname === after.hostname && (after.protocol === before.protocol || after.protocol === 'https:')
  );
}

function accepted(url: URL, status: number, headers: HttpResponse['headers'], body: string): HttpResponse {
  if (status >= 200 && status < 300) return { status, headers, body };
  if (status >= 300 && status < 400 && headers['location'] !== undefined)
    throw new HttpError(
      'Redirect',
      `${url.origin}: redirects to another host; write that one as the address`,
      { status },
    );
  const wait = retryAfterMs(headers['retry-after'], Date.now());
  throw new HttpError('Status', `${url.origin}: answered ${status}`, {
    status,
    body,
    ...(wait !== undefined && { retryAfterMs: wait }),
  });
}
