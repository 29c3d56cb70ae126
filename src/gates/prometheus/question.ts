import type { Shape } from '../../analysis/promql-batch.ts';
import { HttpError } from '../../runtime/http-error.ts';
import { type Answer, type Endpoint, QueryError } from './client.ts';

/** One query to one server at one time, and everybody who waits for its answer. */
export class Question {
  readonly endpoint: Endpoint;
  readonly text: string;
  readonly time: number | undefined;
  /** Told once nobody waits any more. */
  onAbandoned: () => void = () => {};
  readonly #waiting = new Set<{ resolve(answer: Answer): void; reject(error: unknown): void }>();

  constructor(endpoint: Endpoint, text: string, time: number | undefined) {
    this.endpoint = endpoint;
    this.text = text;
    this.time = time;
  }

  get isAbandoned(): boolean {
    return this.#waiting.size === 0;
  }

  /** The answer; rejects with QueryError when there is none, or `signal` aborts: the others then wait on. */
  async wait(signal: AbortSignal): Promise<Answer> {
    const { promise, ...one } = Promise.withResolvers<Answer>();
    const giveUp = (): void => {
      one.reject(cutShort(this.endpoint));
      if (this.#waiting.delete(one) && this.isAbandoned) this.onAbandoned();
    };
    this.#waiting.add(one);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    return promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  answer(answer: Answer): void {
    for (const one of this.#waiting) one.resolve(answer);
    this.#waiting.clear();
  }

  fail(error: unknown): void {
    for (const one of this.#waiting) one.reject(error);
    this.#waiting.clear();
  }
}

/** A question whose answer can be found in that of a shared query. */
export interface Shaped {
  question: Question;
  shape: Shape;
}

function cutShort({ address }: Endpoint): QueryError {
  const cause = new HttpError('Aborted', `${URL.parse(address)?.origin ?? 'The server'}: cut short`);
  return new QueryError(cause.message, { cause });
}
