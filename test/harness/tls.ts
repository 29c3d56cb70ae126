import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TlsOptions } from 'node:tls';
import type { LocalServer } from './http.ts';

/** The same as `serve` of http.ts, over TLS. */
export async function serveTls(
  options: TlsOptions,
  handle: (request: IncomingMessage, answer: ServerResponse) => void,
): Promise<LocalServer> {
  const server = createServer(options, handle);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `https://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
