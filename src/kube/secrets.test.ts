import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubeClient } from './client.ts';
import { isNotFound } from './errors.ts';
import { SecretReader } from './secrets.ts';
import { type Handle, Loopback } from './testing/loopback.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { failure } from './testing/until.ts';

let server: Loopback;
let clock: ManualClock;
let reader: SecretReader;
let asked: string[];
let answer: Handle;
let close: () => unknown;

const secret = (data: Record<string, string> | null): Handle => {
  const encoded = Object.entries(data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  const body = { kind: 'Secret', type: 'Opaque', data: data && Object.fromEntries(encoded) };
  return (_, response) => void response.end(JSON.stringify(body));
};
const missing: Handle = (_, response) => {
  response.writeHead(404);
  response.end(JSON.stringify({ kind: 'Status', reason: 'NotFound', message: 'secrets "prom" not found' }));
};

beforeEach(async () => {
  asked = [];
  clock = new ManualClock();
  server = await Loopback.start((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    return answer(request, response);
  });
  const config = server.config();
  close = () => config.close();
  reader = new SecretReader(new KubeClient({ config, clock }), clock);
});
afterEach(async () => {
  await close();
  await server.stop();
});

test('one Secret is got, and nothing is listed', async () => {
  answer = secret({ token: 'tökén' });
  expect(await reader.of('shop').read('prom')).toEqual({ type: 'Opaque', data: { token: 'tökén' } });
  expect(asked).toEqual(['GET /api/v1/namespaces/shop/secrets/prom']);
});

test('a Secret without data has none', async () => {
  answer = secret(null);
  expect((await reader.read('shop', 'prom')).data).toEqual({});
});

test('an answer is used for 30 s, by all who read it', async () => {
  answer = secret({ token: 'a' });
  await Promise.all([reader.read('shop', 'prom'), reader.read('shop', 'prom')]);
  clock.advance(29_999);
  answer = secret({ token: 'b' });
  expect((await reader.read('shop', 'prom')).data).toEqual({ token: 'a' });
  expect(asked).toHaveLength(1);
  clock.advance(1);
  expect((await reader.read('shop', 'prom')).data).toEqual({ token: 'b' });
});

test('namespaces are kept apart', async () => {
  answer = secret({ token: 'a' });
  await reader.read('shop', 'prom');
  answer = secret({ token: 'b' });
  expect((await reader.read('cart', 'prom')).data).toEqual({ token: 'b' });
});

test('one that a server refused is read anew', async () => {
  answer = secret({ token: 'a' });
  await reader.read('shop', 'prom');
  answer = secret({ token: 'b' });
  reader.of('shop').forget('prom');
  expect((await reader.read('shop', 'prom')).data).toEqual({ token: 'b' });
});

test('that there is none is not kept', async () => {
  answer = missing;
  expect(isNotFound(await failure(reader.read('shop', 'prom')))).toBe(true);
  answer = secret({ token: 'a' });
  expect((await reader.read('shop', 'prom')).data).toEqual({ token: 'a' });
});

test('a name that would leave its place in the path is not asked for', async () => {
  expect(await failure(reader.read('shop', '../../../nodes'))).toMatchObject({ reason: 'InvalidName' });
  expect(asked).toEqual([]);
});
