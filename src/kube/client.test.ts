import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubeClient, type KubeClientOptions } from './client.ts';
import { TransportError } from './errors.ts';
import { type Handle, Loopback, Tunnel, bodyOf } from './testing/loopback.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { failure, settle, until } from './testing/until.ts';
import type { RequestInfo } from './transport.ts';

interface Seen {
  method: string;
  url: string;
  contentType: string | undefined;
  authorization: string | undefined;
  body: string;
}

let server: Loopback;
let clock: ManualClock;
let seen: Seen[];
/** What the server does; by default it echoes the body. */
let answer: Handle;
const cleanup: (() => unknown)[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  seen = [];
  answer = (_, response) => void response.end(seen.at(-1)?.body || '{}');
  server = await Loopback.start(async (request, response) => {
    const { 'content-type': contentType, authorization } = request.headers;
    const { method, url } = request;
    seen.push({ method, url, contentType, authorization, body: await bodyOf(request) });
    await answer(request, response);
  });
});

afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
  await server.stop();
});

function connect(options: Partial<KubeClientOptions> = {}, port = server.port): KubeClient {
  const config = server.config(port);
  cleanup.push(() => config.close());
  return new KubeClient({ config, clock, ...options });
}

/** What client-node's typed models lose on the way, in either direction. */
const crd = {
  kind: 'CustomResourceDefinition',
  metadata: { name: 'promotions.sluice.dev', creationTimestamp: null },
  spec: {
    schema: {
      type: 'object',
      properties: {
        mode: { type: 'string', default: 'auto', enum: ['auto', 'manual'] },
        port: { 'x-kubernetes-int-or-string': true },
      },
      'x-kubernetes-validations': [{ rule: 'self.mode != "x"', message: 'ü → 日本' }],
      'x-kubernetes-preserve-unknown-fields': true,
    },
    date: '2026-01-01T00:00:00.123456Z',
    big: 0.1,
    _default: 1,
    undefinedInNoWay: null,
  },
};

test('a body goes out and comes back byte for byte, whatever typed models would do to it', async () => {
  const client = connect();
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  for (const send of [
    () => client.create(path, crd),
    () => client.update(`${path}/a`, crd),
    () => client.patch(`${path}/a`, crd, 'merge'),
    () => client.patch(`${path}/a`, crd, 'apply', { force: true }),
  ]) {
    expect(await send()).toEqual(crd);
    expect(seen.at(-1)?.body).toBe(JSON.stringify(crd));
  }
});

test('each verb has its method, content type and query', async () => {
  const client = connect();
  await client.get('/api/v1/namespaces/a/pods/b');
  await client.list('/api/v1/pods', { limit: 5, labelSelector: 'a=b,c', resourceVersion: '0', timeoutMs: 9 });
  await client.create('/api/v1/namespaces/a/pods', {}, { dryRun: true });
  await client.update('/api/v1/namespaces/a/pods/b', {});
  await client.patch('/api/v1/namespaces/a/pods/b', [], 'json', { force: true });
  await client.patch('/api/v1/namespaces/a/pods/b', {}, 'merge', { fieldManager: 'other' });
  await client.patch('/api/v1/namespaces/a/pods/b', {}, 'apply', { force: true });
  await client.get('/api/v1/namespaces/a/pods/b/log?tailLines=1');
  expect(seen.map(({ method, url, contentType }) => [method, url, contentType])).toEqual([
    ['GET', '/api/v1/namespaces/a/pods/b', undefined],
    ['GET', '/api/v1/pods?limit=5&labelSelector=a%3Db%2Cc&resourceVersion=0', undefined],
    ['POST', '/api/v1/namespaces/a/pods?fieldManager=sluice&dryRun=All', 'application/json'],
    ['PUT', '/api/v1/namespaces/a/pods/b?fieldManager=sluice', 'application/json'],
    ['PATCH', '/api/v1/namespaces/a/pods/b?fieldManager=sluice', 'application/json-patch+json'],
    ['PATCH', '/api/v1/namespaces/a/pods/b?fieldManager=other', 'application/merge-patch+json'],
    ['PATCH', '/api/v1/namespaces/a/pods/b?fieldManager=sluice&force=true', 'application/apply-patch+yaml'],
    ['GET', '/api/v1/namespaces/a/pods/b/log?tailLines=1', undefined],
  ]);
  expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer test-token']));
});

test('a delete carries its preconditions and its propagation', async () => {
  await connect().delete('/api/v1/namespaces/a/pods/b', {
    uid: 'u-1',
    resourceVersion: '7',
    propagationPolicy: 'Background',
  });
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: 'u-1', resourceVersion: '7' },
    propagationPolicy: 'Background',
  });
});

test('listAll follows the pages to the end', async () => {
  answer = (request, response) => {
    const { searchParams } = new URL(request.url, 'https://x');
    const from = Number(searchParams.get('continue') ?? 0);
    const next = from + Number(searchParams.get('limit'));
    const items = Array.from({ length: Math.min(next, 7) - from }, (_, n) => from + n);
    response.end(JSON.stringify({ items, metadata: { continue: next < 7 ? `${next}` : '' } }));
  };
  expect(await connect().listAll('/api/v1/pods', { pageSize: 3 })).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(seen).toHaveLength(3);
});

test('a refusal is an ApiError with code, reason, message, Retry-After and causes', async () => {
  const causes = [{ reason: 'FieldValueInvalid', message: 'bad', field: 'spec.x' }];
  answer = (_, response) => {
    response.writeHead(429, { 'retry-after': '4' });
    response.end(
      JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', message: 'slow', details: { causes } }),
    );
  };
  await expect(connect().get('/api/v1/pods')).rejects.toMatchObject({
    name: 'ApiError',
    code: 429,
    reason: 'TooManyRequests',
    message: 'slow',
    retryAfterSeconds: 4,
    causes,
  });
});

test('an answer that is not JSON is a TransportError that shows nothing of it', async () => {
  answer = (_, response) => void response.end('<html>hello</html>');
  const error = await connect()
    .get('/api/v1/pods')
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'Protocol' });
  expect(String(error)).not.toContain('hello');
});

test('a server that is not there is a TransportError that names the system error', async () => {
  const client = connect();
  await server.stop();
  await expect(client.get('/api/v1/pods')).rejects.toMatchObject({
    code: 'Connection',
    message: 'The API server cannot be reached: get pods (ECONNREFUSED)',
  });
  server = await Loopback.start(answer);
});

test('a certificate that nobody vouches for is refused', async () => {
  const other = await Loopback.start(answer);
  cleanup.push(() => other.stop());
  await expect(connect({}, other.port).get('/api/v1/pods')).rejects.toMatchObject({ code: 'Connection' });
});

test.each(['before the headers', 'within the body'])(
  'a server that hangs %s runs into the timeout',
  async (when) => {
    const client = connect();
    answer = (_, response) => {
      if (when === 'within the body') response.write('{"a":');
    };
    const asked = client.get('/api/v1/pods');
    const outcome = failure(asked);
    await until(() => seen.length === 1, 'the request');
    clock.advance(14_999);
    clock.advance(1);
    await outcome;
    expect(clock.timers).toBe(0);
  },
);

test('a credential plugin that hangs runs into the timeout too', async () => {
  const hangs = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'plugin-')), 'hangs');
  fs.writeFileSync(hangs, '');
  cleanup.push(() => fs.rmSync(path.dirname(hangs), { recursive: true }));
  const client = connect();
  const args = ['-c', `while [ -e ${hangs} ]; do sleep 0.05; done`];
  client.config.users = [{ name: 'tester', exec: { command: 'sh', args } }];
  const outcome = failure(client.get('/api/v1/pods'));
  clock.advance(15_000);
  expect(await outcome).toMatchObject({ code: 'Timeout' });
});

test('what a credential plugin prints stays out of the message', async () => {
  const client = connect();
  client.config.users = [
    { name: 'tester', exec: { command: 'sh', args: ['-c', 'echo s3cret >&2; exit 1'] } },
  ];
  const error = await client.get('/api/v1/pods').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ code: 'Connection', message: expect.not.stringContaining('s3cret') });
});

test("the caller's signal ends a request, before it is sent as well", async () => {
  const client = connect();
  answer = () => {};
  const caller = new AbortController();
  const outcome = failure(client.get('/api/v1/pods', { signal: caller.signal }));
  await until(() => seen.length === 1, 'the request');
  caller.abort();
  expect(await outcome).toMatchObject({ code: 'Aborted' });
  await expect(client.get('/api/v1/pods', { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'Aborted',
  });
  expect(seen).toHaveLength(1);
  expect(clock.timers).toBe(0);
});

test('requests beyond the bound wait their turn, and time out waiting', async () => {
  const client = connect({ maxInFlight: 2 });
  answer = () => {};
  const outcomes = [1, 2, 3].map((n) => failure(client.get(`/api/v1/nodes/${n}`)));
  await until(() => seen.length === 2, 'two requests');
  clock.advance(15_000);
  for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: 'Timeout' });
  expect(seen).toHaveLength(2);
});

test('connections that went silent are dialled anew after the first timeout', async () => {
  const tunnel = await Tunnel.start(server.port);
  cleanup.push(() => tunnel.stop());
  const client = connect({}, tunnel.port);
  await client.get('/api/v1/pods');
  tunnel.freeze();
  const outcomes = [1, 2].map((n) => failure(client.get(`/api/v1/nodes/${n}`)));
  await until(() => tunnel.swallowed > 0, 'both to be under way');
  await settle();
  clock.advance(15_000);
  for (const outcome of outcomes) expect(await outcome).toBeInstanceOf(TransportError);
  await client.get('/api/v1/pods');
  await client.get('/api/v1/pods');
  expect(tunnel.connections).toBe(2);
});

test('one slow answer among others does not cost the connection', async () => {
  const client = connect();
  answer = (request, response) => {
    if (request.url !== '/api/v1/nodes/slow') response.end('{}');
  };
  const outcome = failure(client.get('/api/v1/nodes/slow'));
  await until(() => seen.length === 1, 'the slow request');
  clock.advance(14_000);
  await client.get('/api/v1/nodes/quick');
  clock.advance(1_000);
  expect(await outcome).toMatchObject({ code: 'Timeout' });
  await client.get('/api/v1/nodes/quick');
  expect(server.connections).toBe(1);
});

test('each request is reported once, with its code, or 0 without an answer', async () => {
  const reports: RequestInfo[] = [];
  const client = connect({ onRequest: (info) => reports.push(info) });
  await client.get('/apis/sluice.dev/v1alpha1/namespaces/a/promotions/b');
  answer = (_, response) => void response.writeHead(404).end();
  await client
    .patch('/apis/sluice.dev/v1alpha1/namespaces/a/promotions/b/status', {}, 'merge')
    .catch(() => {});
  answer = (_, response) => response.stream.session?.destroy();
  await client.list('/api/v1/pods').catch(() => {});
  const host = `127.0.0.1:${server.port}`;
  expect(reports).toEqual([
    { verb: 'get', code: 200, host, resource: 'promotions', durationMs: 0 },
    { verb: 'patch', code: 404, host, resource: 'promotions/status', durationMs: 0 },
    { verb: 'list', code: 0, host, resource: 'pods', durationMs: 0 },
  ]);
});

test('an answer beyond its bound is given up, and the connection lives on', async () => {
  const client = connect();
  answer = (_, response) => void response.end(JSON.stringify('x'.repeat(2_000_000)));
  expect(await client.get('/api/v1/pods', { maxBytes: 3_000_000 })).toHaveLength(2_000_000);
  expect(await failure(client.get('/api/v1/pods', { maxBytes: 1_000_000 }))).toMatchObject({
    code: 'TooLarge',
  });
  answer = (_, response) => void response.end('{}');
  await client.get('/api/v1/pods');
  expect(server.connections).toBe(1);
});

test('whoever leaves the loop of a watch leaves no stream and no timer behind', async () => {
  const client = connect();
  let closed = false;
  answer = (_, response) => {
    response.on('close', () => (closed = true));
    response.write('{"type":"ADDED","object":{"n":1}}\n{"type":"ADDED","object":{"n":2}}\n');
  };
  for await (const event of client.watch('/api/v1/pods', {}, { signal: new AbortController().signal })) {
    expect(event).toEqual({ type: 'ADDED', object: { n: 1 } });
    break;
  }
  await until(() => closed, 'the stream to close');
  expect(clock.timers).toBe(0);
  answer = (_, response) => void response.end('{}');
  await client.get('/api/v1/pods');
  expect(server.connections).toBe(1);
});

test('a path that is none is refused before anything is sent', async () => {
  await expect(connect().get('https://elsewhere.example/')).rejects.toThrow('Not an API path');
  await expect(connect().get('@elsewhere.example/')).rejects.toThrow('Not an API path');
  expect(seen).toHaveLength(0);
});
