import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OPEN_METRICS, PLAIN, toOpenMetrics, wantsOpenMetrics } from '../metrics/open-metrics.ts';
import type { Log } from '../runtime/log.ts';

/** What the process says about itself over HTTP. */
export interface Health {
  /** Everything is read that has to be read before work can begin; true on standby replicas too. */
  ready(): string | undefined;
  /** What is wedged, so that a restart would help; undefined: nothing. */
  wedged(): string | undefined;
  /** In the text format 0.0.4. */
  metrics(): Promise<string>;
}

/** `/healthz`, `/readyz` and `/metrics`. */
export class HealthServer {
  readonly name = 'health server';
  readonly #server: Server;
  readonly #at: { host: string; port: number };

  constructor(options: { at: { host: string; port: number }; health: Health; log: Log }) {
    const { health, log } = options;
    this.#at = options.at;
    this.#server = createServer((request, response) => {
      const answer = (code: number, body: string, type = 'text/plain; charset=utf-8'): void => {
        response.writeHead(code, { 'content-type': type }).end(body);
      };
      const check = (problem: string | undefined): void =>
        answer(problem ? 503 : 200, `${problem ?? 'ok'}\n`);
      switch (String(request.url).replace(/\?.*/, '')) {
        case '/healthz':
          return check(health.wedged());
        case '/readyz':
          return check(health.ready());
        case '/metrics':
          health.metrics().then(
            (text) =>
              wantsOpenMetrics(request.headers.accept)
                ? answer(200, toOpenMetrics(text), OPEN_METRICS)
                : answer(200, text, PLAIN),
            (error: unknown) => {
              log.error({ err: error }, 'Metrics could not be written');
              answer(500, 'metrics could not be written\n');
            },
          );
          return;
        default:
          answer(404, 'there are /healthz, /readyz and /metrics\n');
      }
    });
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#at, () => resolve());
    });
  }

  /** The port that it listens on: the one chosen by the system where 0 was asked for. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#at.port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
