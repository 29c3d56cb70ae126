import type { Api } from '../harness/api.ts';
import { send } from '../harness/http.ts';

/** One series of a text exposition. */
interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The series of a text exposition (https://prometheus.io/docs/instrumenting/exposition_formats/). */
function series(text: string): Series[] {
  return [...text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, name = '', labels = '', value]) => ({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]),
      ),
      value: Number(value),
    }),
  );
}

/** What a program counts, at one moment. */
export class Counters {
  readonly bytes: number;
  readonly #series: readonly Series[];

  constructor(text: string) {
    this.bytes = Buffer.byteLength(text);
    this.#series = series(text);
  }

  /** Sum of the series of that name whose labels have these values. */
  sum(name: string, labels: Readonly<Record<string, string | readonly string[]>> = {}): number {
    return this.#series
      .filter((one) => one.name === name && Object.entries(labels).every(([k, v]) => fits(one.labels[k], v)))
      .reduce((sum, one) => sum + one.value, 0);
  }
}

const fits = (value: string | undefined, wanted: string | readonly string[]): boolean =>
  typeof wanted === 'string' ? value === wanted : value !== undefined && wanted.includes(value);

/** What the API server counts. */
export async function apiserverCounters(api: Api): Promise<Counters> {
  return new Counters(await api.get<string>('/metrics'));
}

/** Writes that the API server has taken so far of one kind of object. */
export function writes(counters: Counters, resource: string): number {
  return counters.sum('apiserver_request_total', {
    resource,
    verb: ['POST', 'PUT', 'PATCH', 'DELETE', 'APPLY'],
    code: ['200', '201', '202'],
  });
}

/** What the operator counts, from its `/metrics`. */
export async function operatorCounters(url: string): Promise<Counters> {
  return new Counters((await send('GET', `${url}/metrics`)).body);
}
