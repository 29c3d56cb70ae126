import { HTTPError, MaxRedirectsError, ReadError, RequestError, TimeoutError } from 'got';
import { REFUSED_ADDRESS } from './http-address.ts';

/** What went wrong with a request; stable, goes into metrics. */
export type HttpErrorCode =
  | 'Aborted' // the caller's signal
  | 'Address' // an address that may not be asked
  | 'Dns'
  | 'Network' // reset, unreachable ..
  | 'Redirect' // to another host, or too often
  | 'Refused' // nobody listens
  | 'Status' // an answer, but not 2xx
  | 'Timeout'
  | 'Tls'
  | 'TooLarge'
  | 'Truncated'
  | 'Url';

/** A request without a usable answer. The message names the server and nothing else of the URL. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  /** HTTP status, with `Status`. */
  readonly status?: number;
  /** Milliseconds that the server asks to be left alone, with `Status`; at most an hour. */
  readonly retryAfterMs?: number;
  /** What the server sent with `Status`: not safe to show as it is. */
  readonly body?: string;

  constructor(
    code: HttpErrorCode,
    message: string,
    more: { status?: number; retryAfterMs?: number; body?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    if (more.status !== undefined) this.status = more.status;
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs;
    if (more.body !== undefined) this.body = more.body;
  }
}

const TLS_CODES = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/;

/** got's error as ours. `server` is the origin of the URL: paths and queries may carry tokens. */
export function toHttpError(error: unknown, server: string): HttpError {
  if (error instanceof HttpError) return error;
  const [code, says] = classify(error);
  return new HttpError(code, `${server}: ${says}`, { cause: error });
}

function classify(error: unknown): [HttpErrorCode, string] {
  if (error instanceof TimeoutError)
    return [
      'Timeout',
      error.event === 'request' ? 'no answer in time' : `no answer in time (${error.event})`,
    ];
  if (error instanceof MaxRedirectsError) return ['Redirect', 'redirects too often'];
  if (error instanceof ReadError) return ['Truncated', 'the answer ended early'];
  const code = error instanceof RequestError && !(error instanceof HTTPError) ? error.code : '';
  if (code === 'ERR_ABORTED') return ['Aborted', 'cut short'];
  if (code === REFUSED_ADDRESS) return ['Address', error instanceof Error ? error.message : 'refused'];
  if (code === 'ECONNREFUSED') return ['Refused', 'connection refused; is it running, and is this its port?'];
  if (/^(ENOTFOUND|EAI_|ENODATA)/.test(code))
    return ['Dns', 'the name does not resolve; is it spelled right?'];
  if (TLS_CODES.test(code)) return ['Tls', `TLS failed (${code})`];
  if (code.startsWith('HPE_')) return ['Truncated', 'this is not HTTP'];
  return ['Network', `connection failed (${/^[A-Z_]{1,40}$/.test(code) ? code : 'unknown'})`];
}

const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Milliseconds of a Retry-After header, seconds or a date (RFC 9110, 10.2.3); undefined when it has none. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
