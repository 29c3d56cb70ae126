import { z } from 'zod';
import { presentable } from '../../analysis/sample.ts';
import type { Http, HttpRequest } from '../../runtime/http.ts';
import { HttpError } from '../../runtime/http-error.ts';
import type { Redact } from '../redact.ts';

/** One series of an instant vector, or a scalar as one without labels. */
export interface Series {
  labels: Readonly<Record<string, string>>;
  /** As it came: NaN and infinities too. */
  value: number;
}

/** What an instant query gave. */
export interface Answer {
  series: readonly Series[];
  /** Instant of evaluation by the server's clock, in seconds since the epoch; unknown for an empty answer. */
  at?: number;
  warnings: readonly string[];
}

/** No usable answer: the backend is away, refuses, or says something that no gate can use. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code = 'QueryError';

  /** The server wants credentials, or other ones. */
  get isRefusal(): boolean {
    return this.cause instanceof HttpError && (this.cause.status === 401 || this.cause.status === 403);
  }
}

/** Where and how to ask. */
export interface Endpoint {
  address: string;
  headers: Readonly<Record<string, string>>;
  tls: HttpRequest['tls'];
  /** Goes over every word that the server says. */
  redact: Redact;
  /** Queries of those who have the same here, and the same headers, may be asked as one; absent: never. */
  sharedBy?: string;
}

const value = z.tuple([z.number(), z.string()]);
const success = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: value }),
    z.object({
      resultType: z.literal('vector'),
      // A native histogram comes as `histogram` instead of `value`.
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: value.optional() })),
    }),
    z.object({ resultType: z.literal('matrix') }),
    z.object({ resultType: z.literal('string') }),
  ]),
  warnings: z.array(z.string()).optional(),
});
const failure = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

/** The server should give up a little before we do, so that its reason arrives. */
const SERVER_TIMEOUT = '9s';

/**
 * Asks `POST {address}/api/v1/query` (https://prometheus.io/docs/prometheus/latest/querying/api). No `time` is
 * sent: the server evaluates at its own now. Our clock may be off by more than its look-back of 5 minutes, and
 * then a `time` of ours would ask for data that is old, or not there yet. Throws QueryError.
 */
export async function instantQuery(
  http: Http,
  { address, headers, tls, redact }: Endpoint,
  query: string,
  signal: AbortSignal,
  time?: number,
): Promise<Answer> {
  const url = queryUrl(address);
  const form = { query, timeout: SERVER_TIMEOUT, ...(time !== undefined && { time: String(time) }) };
  const response = await http
    .request({
      method: 'POST',
      url,
      form,
      signal,
      headers: { ...headers, accept: 'application/json' },
      ...(tls && { tls }),
    })
    .catch((error: unknown) => {
      throw new QueryError(explain(error, redact), { cause: error });
    });
  return answerOf(response.body, new URL(url).origin, redact);
}

function queryUrl(address: string): string {
  const url = URL.parse(address);
  if (url === null)
    throw new QueryError('The address is no URL; write for example http://prometheus.monitoring.svc:9090');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query`;
  return url.href;
}

function answerOf(body: string, server: string, redact: Redact): Answer {
  const parsed = success.safeParse(json(body));
  if (!parsed.success) {
    const html = /^\s*</.test(body) ? ' but a web page' : '';
    throw new QueryError(`${server}: this is no answer of the Prometheus API${html}; is the address right?`);
  }
  const { data } = parsed.data;
  const warnings = (parsed.data.warnings ?? []).map(redact);
  if (data.resultType === 'matrix' || data.resultType === 'string')
    throw new QueryError(
      `The query gives a ${data.resultType}, not one number; aggregate it, for example with sum()`,
    );
  if (data.resultType === 'scalar')
    return {
      series: [{ labels: {}, value: numberOf(data.result[1], redact) }],
      at: data.result[0],
      warnings,
    };
  const series = data.result.map(({ metric, value }): Series => {
    if (value === undefined)
      throw new QueryError(
        'The query gives a native histogram; take histogram_quantile() or histogram_fraction() of it',
      );
    return { labels: redacted(metric, redact), value: numberOf(value[1], redact) };
  });
  const at = data.result[0]?.value?.[0];
  return { series, ...(at !== undefined && { at }), warnings };
}

function redacted(labels: Record<string, string>, redact: Redact): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [redact(name), redact(value)]));
}

/** A sample value as Prometheus writes it. `Number` alone would take an empty string for 0 and +Inf for NaN. */
function numberOf(text: string, redact: Redact): number {
  if (text === 'NaN') return Number.NaN;
  if (/^[+-]?Inf$/.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text))
    throw new QueryError(`Prometheus gave ${presentable(JSON.stringify(redact(text)), 40)} for a number`);
  return Number(text);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const HINTS: Record<number, string> = {
  401: 'it wants credentials',
  403: 'it wants credentials, or other ones',
  404: 'there is no Prometheus API here; is a path missing in the address?',
  429: 'it has too much to do',
  503: 'it is not ready, or the query took too long',
};

/** What the Prometheus API says of a request that it refuses. */
export function refusalOf(error: HttpError): { errorType: string; error: string } | undefined {
  return failure.safeParse(json(error.body ?? '')).data;
}

/** What to say of a request that failed. */
export function explain(error: unknown, redact: Redact): string {
  if (!(error instanceof HttpError)) return error instanceof Error ? error.message : 'The query failed';
  if (error.code === 'TooLarge')
    return `${error.message}; aggregate the query to one number, for example with sum()`;
  if (error.code !== 'Status' || error.status === undefined) return error.message;
  const said = refusalOf(error);
  const reason = said ? redact(`${said.error} (${said.errorType})`) : HINTS[error.status];
  if (said && (error.status === 400 || error.status === 422))
    return presentable(`Prometheus refused the query: ${reason}`);
  return presentable(reason === undefined ? error.message : `${error.message}: ${reason}`);
}
