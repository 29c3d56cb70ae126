import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A server on loopback. */
export interface LocalServer {
  url: string;
  stop(): Promise<void>;
}

/** Serves HTTP at a free port of 127.0.0.1; an exception of `handle` is answered with 500 and its message. */
export async function serve(
  handle: (request: IncomingMessage, answer: ServerResponse) => Promise<void> | void,
): Promise<LocalServer> {
  const server = createServer((incoming, answer) => {
    const handled = async (): Promise<void> => handle(incoming, answer);
    handled().catch((error: unknown) => {
      answer.statusCode = 500;
      answer.end(error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a plain HTTP server answered. */
export interface Answer {
  status: number;
  body: string;
}

/** Sends a plain HTTP request; any status is an answer. */
export function send(method: string, url: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false }, (answer) => {
      text(answer).then((read) => resolve({ status: answer.statusCode ?? 0, body: read }), reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
