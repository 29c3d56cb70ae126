import type { ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalServer, serve } from '../../test/harness/http.ts';
import { serveTls } from '../../test/harness/tls.ts';
import { selfSigned } from '../kube/testing/self-signed.ts';
import { createHttp, type HttpRequest } from './http.ts';
import type { HttpError } from './http-error.ts';

/* Requests with credentials: a header, or a client certificate. */

const http = createHttp({ allowLoopback: true, timeoutMs: 2000 });
const server = selfSigned('server');
const alice = selfSigned('alice');
const bob = selfSigned('bob');
const stranger = selfSigned('stranger');
let mutual: LocalServer;
let from: LocalServer;
let elsewhere: LocalServer;
/** Authorization headers that arrived, by the path asked for. */
const arrived: [path: string, authorization: string | undefined][] = [];
let redirect: (response: ServerResponse) => void;

beforeAll(async () => {
  mutual = await serveTls(
    { ...server, ca: [alice.cert, bob.cert], requestCert: true, rejectUnauthorized: true },
    ({ socket }, response) => {
      const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : undefined;
      response.end(subject);
    },
  );
  elsewhere = await serve(({ url, headers }, response) => {
    arrived.push([`elsewhere ${url}`, headers.authorization]);
    response.end('elsewhere');
  });
  from = await serve(({ url, headers }, response) => {
    arrived.push([url ?? '', headers.authorization]);
    if (url === '/new') response.end('here');
    else redirect(response);
  });
});
afterAll(async () => {
  http.close();
  await Promise.all([mutual, from, elsewhere].map((one) => one.stop()));
});

const failure = async (request: HttpRequest): Promise<HttpError> =>
  http.request(request).then(
    () => Promise.reject(new Error('It was answered')),
    (error: HttpError) => error,
  );

describe('a client certificate', () => {
  test('is shown to a server that a given authority has signed', async () => {
    const { body } = await http.request({ url: mutual.url, tls: { ...alice, ca: server.cert } });
    expect(body).toBe('alice');
  });

  test('is not shared: each request comes with its own, on connections that are kept', async () => {
    const bodies: string[] = [];
    for (const one of [alice, bob, alice, bob]) {
      const { body } = await http.request({ url: mutual.url, tls: { ...one, ca: server.cert } });
      bodies.push(body);
    }
    expect(bodies).toEqual(['alice', 'bob', 'alice', 'bob']);
  });

  test.each([
    ['none', { ca: server.cert }],
    ['one that the server does not know', { ...stranger, ca: server.cert }],
  ])('%s is refused', async (_, tls) => {
    expect((await failure({ url: mutual.url, tls })).code).toMatch(/^(Tls|Network|Truncated)$/);
  });

  test.each([
    ['of no given authority', { ...alice }],
    ['of another authority', { ...alice, ca: stranger.cert }],
  ])('a server %s is not believed', async (_, tls) => {
    expect((await failure({ url: mutual.url, tls })).code).toBe('Tls');
  });
});

describe('credentials and redirects', () => {
  const headers = { authorization: 'Bearer secret' };

  test('they stay with the origin', async () => {
    arrived.length = 0;
    redirect = (response) => void response.writeHead(302, { location: '/new' }).end();
    expect((await http.request({ url: `${from.url}/old`, headers })).body).toBe('here');
    expect(arrived).toEqual([
      ['/old', 'Bearer secret'],
      ['/new', 'Bearer secret'],
    ]);
  });

  test.each<[string, Partial<HttpRequest>]>([
    ['a header', { headers }],
    ['a header in other letters', { headers: { Authorization: 'Bearer secret' } }],
    ['a certificate', { tls: alice }],
  ])('with %s another port of the same host is not asked', async (_, request) => {
    arrived.length = 0;
    redirect = (response) => void response.writeHead(307, { location: `${elsewhere.url}/new` }).end();
    expect(await failure({ url: `${from.url}/old`, ...request })).toMatchObject({ code: 'Redirect' });
    expect(arrived.map(([path]) => path)).toEqual(['/old']);
  });

  test('without any it is', async () => {
    redirect = (response) => void response.writeHead(307, { location: `${elsewhere.url}/new` }).end();
    expect((await http.request({ url: `${from.url}/old` })).body).toBe('elsewhere');
  });
});
