import { ExpressionError } from '../analysis/cel.ts';
import { presentable, type Sample } from '../analysis/sample.ts';
import { TemplateError } from '../analysis/template.ts';
import type { Clock } from '../runtime/clock.ts';
import { CredentialsError } from './credentials.ts';
import { QueryError } from './prometheus/client.ts';

/** What a kind of gate finds out; the rest of a sample is the same for all. */
export type Outcome = Omit<Sample, 'at' | 'query' | 'tookMs'>;

/**
 * One sample by `look`, which writes into `asked.query` what it is going to send. Whatever it throws is an Error
 * sample.
 */
export async function take(
  clock: Clock,
  query: string,
  look: (asked: { query: string }) => Promise<Outcome>,
): Promise<Sample> {
  const [at, started] = [clock.now(), clock.monotonic()];
  const asked = { query };
  const outcome = await look(asked).catch(
    (error: unknown): Outcome => ({ verdict: 'Error', message: describe(error) }),
  );
  const message = presentable(outcome.message);
  return { at, ...outcome, message, query: asked.query, tookMs: clock.monotonic() - started };
}

/** Errors whose message is made for people. */
export function isOurs(error: unknown): error is Error {
  return [QueryError, CredentialsError, ExpressionError, TemplateError].some((kind) => error instanceof kind);
}

/** What to say about an error. */
export function describe(error: unknown): string {
  if (isOurs(error)) return error.message;
  return `The gate could not be evaluated: ${error instanceof Error ? error.message : 'unknown error'}`;
}
