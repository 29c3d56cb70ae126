import { HttpError } from '../../runtime/http-error.ts';
import { explain, QueryError, refusalOf } from './client.ts';

/**
 * Whose fault it is that a shared query failed. `query`: perhaps one of those in it has too much to answer or is
 * refused, so that each is asked by itself. `perhaps`: the server is unwell, or something does not suit shared
 * queries; nobody asks again now, and singly from the next sample on. `server`: nothing would be better singly.
 */
export type Blame = 'query' | 'perhaps' | 'server';

/** 413, 414 and 431 say that it is too long, 504 that something in between has waited for too long. */
const OF_QUERY = [400, 413, 414, 422, 431, 504];
const PERHAPS = [403, 500, 502];

export function blameOf(error: unknown): Blame {
  if (!(error instanceof QueryError)) return 'server';
  // Something in the answer is of no use, a native histogram for example: perhaps only for one of those asked.
  if (!(error.cause instanceof HttpError)) return 'query';
  const { code, status } = error.cause;
  if (code === 'TooLarge' || code === 'Timeout') return 'query';
  if (code !== 'Status' || status === undefined) return 'server';
  if (OF_QUERY.includes(status) || refusalOf(error.cause)?.errorType === 'timeout') return 'query';
  return PERHAPS.includes(status) ? 'perhaps' : 'server';
}

/** The failure of a shared query as that of each question in it: the server's words may speak of another one. */
export function withoutWords(error: unknown): unknown {
  if (!(error instanceof QueryError) || !(error.cause instanceof HttpError)) return error;
  return new QueryError(
    explain(error.cause, () => 'it says why, about several gates at once'),
    {
      cause: error.cause,
    },
  );
}
