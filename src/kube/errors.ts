import { presentable } from '../runtime/presentable.ts';

/** The Status object with which the API server refuses (meta/v1 Status), as far as we read it. */
interface Status {
  message?: unknown;
  reason?: unknown;
  details?: { retryAfterSeconds?: unknown; causes?: unknown };
}

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** A message of an admission webhook or of a CEL rule can be as long as its author liked. */
const LONGEST_MESSAGE = 1024;

/**
 * The API server answered, and the answer is no.
 * `message` is the server's own, in one line of at most 1,024 characters, and safe to show: it names objects and
 * fields only.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly code: number;
  /** Status.reason, for example `Conflict`; empty when something else than the API server answered. */
  readonly reason: string;
  /** How long the server asks to be left alone, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  readonly causes: readonly StatusCause[];

  constructor(
    code: number,
    message: string,
    details: {
      reason?: string;
      retryAfterSeconds?: number | undefined;
      causes?: readonly StatusCause[];
    } = {},
  ) {
    super(presentable(message, LONGEST_MESSAGE));
    this.code = code;
    this.reason = details.reason ?? '';
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.causes = details.causes ?? [];
  }
}

/**
 * No answer, or none that can be read: `Timeout` (ours), `Aborted` (by the caller's signal), `Connection`
 * (refused, reset, TLS), `Protocol` (an answer that is not what Kubernetes sends), `TooLarge` (an answer beyond
 * the bound that the caller set). A write that ends so may or may not have happened.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: 'Timeout' | 'Aborted' | 'Connection' | 'Protocol' | 'TooLarge';

  constructor(code: TransportError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/**
 * The code at the bottom of a chain of causes (`ECONNREFUSED`), which says more than "fetch failed" and, unlike
 * messages, never quotes what was sent.
 */
export function errorCode(error: unknown): string {
  let deepest = error;
  while (isObject(deepest) && isObject(deepest['cause'])) deepest = deepest['cause'];
  const { code, name } = isObject(deepest) ? deepest : {};
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

/** Retry-After in seconds; the HTTP-date form is not used by the API server and counts as absent. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number.parseInt(value, 10) : value;
  return typeof number === 'number' && number >= 0 && number < 86_400 ? number : undefined;
}

/**
 * Builds the error of a refusal.
 * @param body the parsed Status, or anything else when a proxy or load balancer answered in its place: then
 * nothing of the body is shown
 */
export function apiError(code: number, body: unknown, retryAfter?: string | null): ApiError {
  const status: Status = isObject(body) && body['kind'] === 'Status' ? body : {};
  const details = isObject(status.details) ? status.details : {};
  const causes: StatusCause[] = Array.isArray(details.causes) ? details.causes : [];
  return new ApiError(
    code,
    typeof status.message === 'string' ? status.message : `The API server answered ${code} without a reason`,
    {
      reason: typeof status.reason === 'string' ? status.reason : '',
      retryAfterSeconds: seconds(retryAfter ?? undefined) ?? seconds(details.retryAfterSeconds || undefined),
      causes,
    },
  );
}

const hasCode = (error: unknown, code: number): error is ApiError =>
  error instanceof ApiError && error.code === code;

export const isNotFound = (error: unknown): error is ApiError => hasCode(error, 404);
/** Somebody else wrote first (409); creating what exists is not a conflict but `isAlreadyExists`. */
export const isConflict = (error: unknown): error is ApiError =>
  hasCode(error, 409) && error.reason !== 'AlreadyExists';
export const isAlreadyExists = (error: unknown): error is ApiError =>
  hasCode(error, 409) && error.reason === 'AlreadyExists';
export const isInvalid = (error: unknown): error is ApiError => hasCode(error, 422);
/** The object would be larger than what can be stored: etcd's own words in a 500, or a 413. */
export const isTooLarge = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  (error.code === 413 || /request is too large|larger than max/.test(error.message));
export const isForbidden = (error: unknown): error is ApiError => hasCode(error, 403);
/** The resource version or continue token is too old (410, KEP-365). */
export const isGone = (error: unknown): error is ApiError => hasCode(error, 410);

/** Worth trying again unchanged: no answer, throttled, or the server is unwell. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TransportError) return error.code !== 'Aborted';
  return error instanceof ApiError && [429, 500, 502, 503, 504].includes(error.code);
}
