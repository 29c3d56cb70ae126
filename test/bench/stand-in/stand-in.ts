import { Worker } from 'node:worker_threads';
import type { Log, Order } from './server.ts';

export type { Log } from './server.ts';

interface Reply {
  id: number;
  port?: number;
  log?: Log;
}

type Wanted = Order extends infer O ? (O extends Order ? Omit<O, 'id'> : never) : never;

/**
 * A stand-in for Prometheus: answers `GET` and `POST /api/v1/query` at once, with good news or bad, and notes
 * when each promotion was asked about. Batched queries are understood (see query.ts).
 */
export class StandIn {
  readonly url: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.url = `http://127.0.0.1:${port}`;
    worker.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  static async start(): Promise<StandIn> {
    const worker = new Worker(new URL('./server.ts', import.meta.url));
    const { port } = await new Promise<Reply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (port === undefined) throw new Error('the stand-in for Prometheus has no port');
    return new StandIn(worker, port);
  }

  /** From now on: bad news for everybody or not, seconds late or not, a share of errors or none. */
  async behave(how: { bad?: boolean; latencyMs?: number; errorRate?: number }): Promise<void> {
    await this.#ask({ do: 'behave', ...how });
  }

  /** Forgets what was seen. */
  async clear(): Promise<void> {
    await this.#ask({ do: 'clear' });
  }

  /** What was seen since the last `clear`. */
  async log(): Promise<Log> {
    const { log } = await this.#ask({ do: 'log' });
    if (!log) throw new Error('the stand-in for Prometheus has no log');
    return log;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(order: Wanted): Promise<Reply> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.#worker.postMessage({ id, ...order });
    });
  }
}
