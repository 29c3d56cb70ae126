import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LocalServer, serve } from '../../test/harness/http.ts';
import { createHttp, type Http, type HttpOptions, type HttpRequest } from './http.ts';
import type { Lookup } from './http-address.ts';
import { HttpError, retryAfterMs } from './http-error.ts';

let clients: Http[] = [];
let servers: LocalServer[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;
let url: string;

function client(options: HttpOptions = {}): Http {
  const http = createHttp({ allowLoopback: true, ...options });
  clients.push(http);
  return http;
}

async function start(handle: typeof answer): Promise<string> {
  const server = await serve(handle);
  servers.push(server);
  return server.url;
}

beforeEach(async () => {
  url = await start((request, response) => answer(request, response));
});

afterEach(async () => {
  for (const http of clients) http.close();
  await Promise.all(servers.map(async (server) => server.stop()));
  clients = [];
  servers = [];
});

async function failure(request: HttpRequest, options: HttpOptions = {}): Promise<HttpError> {
  const outcome = await client(options)
    .request(request)
    .catch((error: unknown) => error);
  if (!(outcome instanceof HttpError))
    throw new Error(`expected an HttpError, got ${JSON.stringify(outcome)}`);
  return outcome;
}

test('a form is posted and the answer read', async () => {
  answer = async (request, response) => {
    response.end(`${request.method} ${request.headers['content-type']} ${await text(request)}`);
  };
  const { status, body } = await client().request({ url, method: 'POST', form: { query: 'a{b="c"}' } });
  expect([status, body]).toEqual([200, 'POST application/x-www-form-urlencoded query=a%7Bb%3D%22c%22%7D']);
});

test('connections are kept', async () => {
  const sockets = new Set<Socket>();
  answer = (request, response) => {
    sockets.add(request.socket);
    response.end('x');
  };
  const http = client();
  for (let i = 0; i < 5; i++) await http.request({ url });
  expect(sockets.size).toBe(1);
});

test('a signal aborted when the answer is there, and the form not yet sent, hurts nobody', async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', note);
  answer = (_, response) => void response.end('early');
  const controller = new AbortController();
  const form = { large: 'x'.repeat(20_000_000) };
  const { body } = await client().request({ url, method: 'POST', form, signal: controller.signal });
  controller.abort();
  await new Promise((resolve) => void setImmediate(resolve));
  process.off('uncaughtException', note);
  expect([body, uncaught]).toEqual(['early', []]);
});

test('any other status is an error that carries the answer and how long to wait', async () => {
  answer = (_, response) => {
    response.writeHead(429, { 'retry-after': '7' }).end('{"error":"slow down"}');
  };
  expect(await failure({ url: `${url}/a?token=secret` })).toMatchObject({
    code: 'Status',
    status: 429,
    retryAfterMs: 7000,
    body: '{"error":"slow down"}',
    message: `${url}: answered 429`,
  });
});

describe('an answer that never ends is cut', () => {
  test.each([
    ['100 MB streamed', {}],
    ['declared as small', { 'content-length': '100' }],
    ['declared as large', { 'content-length': String(100 * 1024 * 1024) }],
  ])('%s', async (name, headers) => {
    let sent = 0;
    answer = (_, response) => {
      response.writeHead(200, headers);
      const pour = (): void => {
        while (sent < 100 * 1024 * 1024 && !response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 'a'))) {
            response.once('drain', pour);
            return;
          }
        }
        response.end();
      };
      pour();
    };
    const error = await failure({ url }, { maxBytes: 100_000 });
    expect(['TooLarge', 'Truncated']).toContain(error.code);
    expect([name, sent < 50 * 1024 * 1024]).toEqual([name, true]);
  });
});

test('an answer of exactly the largest size is read', async () => {
  answer = (_, response) => {
    response.end('x'.repeat(1024 * 1024));
  };
  expect((await client().request({ url })).body).toHaveLength(1024 * 1024);
});

describe('an answer that is not there', () => {
  test.each<[string, string, (response: ServerResponse) => void]>([
    ['no answer at all', 'Timeout', () => {}],
    ['headers and then nothing', 'Timeout', (response) => void response.writeHead(200).write('x')],
    ['a connection cut before the headers', 'Network', (response) => response.socket?.destroy()],
    [
      'a body shorter than declared',
      'Truncated',
      (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => response.socket?.destroy());
      },
    ],
    [
      'a chunked body cut',
      'Truncated',
      (response) => {
        response.writeHead(200);
        response.write('{', () => response.socket?.destroy());
      },
    ],
  ])('%s is %s', async (_, code, reply) => {
    answer = (request, response) => {
      request.resume();
      reply(response);
    };
    const error = await failure({ url, timeoutMs: 300 });
    expect(error.code).toBe(code);
  });

  test('nobody listens', async () => {
    const gone = await serve(() => {});
    await gone.stop();
    expect(await failure({ url: gone.url })).toMatchObject({ code: 'Refused' });
  });

  test('the caller gives up', async () => {
    const controller = new AbortController();
    answer = () => controller.abort();
    expect(await failure({ url, signal: controller.signal })).toMatchObject({ code: 'Aborted' });
    expect(await failure({ url, signal: AbortSignal.abort() })).toMatchObject({ code: 'Aborted' });
  });

  test('something that is not HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect(['Truncated', 'Network']).toContain((await failure({ url: `http://127.0.0.1:${port}` })).code);
    server.close();
  });

  test('no TLS where TLS was asked for', async () => {
    answer = (_, response) => void response.end();
    expect(await failure({ url: url.replace('http:', 'https:') })).toMatchObject({ code: 'Tls' });
  });
});

describe('redirects', () => {
  test('at the same host are followed with method and form', async () => {
    answer = async (request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else response.end(`${request.method} ${request.url} ${await text(request)}`);
    };
    const { body } = await client().request({ url: `${url}/old`, method: 'POST', form: { query: 'up' } });
    expect(body).toBe('POST /new query=up');
  });

  test('to another host are not followed', async () => {
    let visits = 0;
    const other = await start((_, response) => {
      visits++;
      response.end('stolen');
    });
    answer = (_, response) =>
      void response.writeHead(307, { location: other.replace('127.0.0.1', 'localhost') }).end();
    expect(await failure({ url, headers: { authorization: 'Bearer secret' } })).toMatchObject({
      code: 'Redirect',
    });
    expect(visits).toBe(0);
  });

  test('in a circle end', async () => {
    let visits = 0;
    answer = (_, response) => {
      visits++;
      response.writeHead(302, { location: '/again' }).end();
    };
    expect(await failure({ url })).toMatchObject({ code: 'Redirect' });
    expect(visits).toBe(4);
  });
});

describe('what may not be asked', () => {
  test.each([
    ['a loopback literal', 'http://127.0.0.1:9', 'Address'],
    ['a name that resolves to loopback', 'http://localhost:9', 'Address'],
    ['the metadata service', 'http://169.254.169.254', 'Address'],
    ['a file', 'file:///etc/passwd', 'Url'],
    ['no URL', 'prometheus:9090', 'Url'],
    ['a URL with credentials', 'http://user:secret@prometheus', 'Url'],
    ['a name that does not resolve', 'http://nowhere.invalid', 'Dns'],
  ])('%s', async (_, address, code) => {
    const error = await failure({ url: address }, { allowLoopback: false });
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/secret/);
  });

  test('a name that answers differently when it is connected to', async () => {
    let asked = 0;
    const dns: Lookup = (_name, _options, callback) => {
      asked++;
      callback(null, [
        { address: '10.0.0.1', family: 4 },
        { address: '169.254.169.254', family: 4 },
      ]);
    };
    expect(await failure({ url: 'http://rebind.example' }, { dns })).toMatchObject({ code: 'Address' });
    expect(asked).toBe(1);
  });

  test('loopback, by name, when it is allowed', async () => {
    answer = (_, response) => void response.end('here');
    expect((await client().request({ url: url.replace('127.0.0.1', 'localhost') })).body).toBe('here');
  });
});

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  ['0', 0],
  ['120', 120_000],
  ['99999999', 3_600_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
])('Retry-After %j is %j ms', (header, ms) => {
  expect(retryAfterMs(header, 10_000)).toBe(ms);
});
