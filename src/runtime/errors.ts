/**
 * What a reconcile may say by throwing. `code` is stable and goes into logs and metrics; `message` is one
 * sentence that is safe to show to whoever may read the object: no secret, no credential, no stack.
 */
export abstract class SluiceError extends Error {
  abstract readonly code: string;
}

/** Something outside failed and may work later: the key is tried again with backoff. */
export class RetryError extends SluiceError {
  override readonly name = 'RetryError';
  readonly code = 'Retry';
  /** Milliseconds that the other side asked to be left alone, when it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Nothing is wrong, there is only nothing to do before `untilMs` (wall clock, milliseconds since the epoch). */
export class WaitError extends SluiceError {
  override readonly name = 'WaitError';
  readonly code = 'Wait';
  readonly untilMs: number;

  constructor(untilMs: number, message = 'Waiting') {
    super(message);
    this.untilMs = untilMs;
  }
}

/** No retry can help: the object, or what it names, has to change first. `reason` is CamelCase and stable. */
export class TerminalError extends SluiceError {
  override readonly name = 'TerminalError';
  readonly code = 'Terminal';
  readonly reason: string;

  constructor(reason: string, message: string = reason, options: { cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.reason = reason;
  }
}
