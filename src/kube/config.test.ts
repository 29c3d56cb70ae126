import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CoreV1Api, HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { afterEach, expect, test } from '@jest/globals';
import { systemClock } from '../runtime/clock.ts';
import { KubeClient } from './client.ts';
import type { PooledKubeConfig } from './config.ts';
import { Loopback } from './testing/loopback.ts';
import { until } from './testing/until.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
});

async function world(
  http1 = false,
  held?: Promise<void>,
): Promise<{ server: Loopback; config: PooledKubeConfig; client: KubeClient }> {
  const server = await Loopback.start(
    async (request, response) => {
      if (request.url === '/held') await held;
      response.setHeader('content-type', 'application/json');
      response.end('{"items":[],"metadata":{}}');
    },
    { http1 },
  );
  const config = server.config();
  cleanup.push(
    () => server.stop(),
    () => config.close(),
  );
  return { server, config, client: new KubeClient({ config, clock: systemClock }) };
}

test.each([
  ['HTTP/2', 'one after the other', false, 1],
  ['HTTP/2', 'all at once', false, 1],
  ['HTTP/1.1', 'one after the other', true, 1],
  ['HTTP/1.1', 'eight at a time', true, 8],
])(
  '1,000 requests over %s, %s, need few connections',
  async (_, how, http1, most) => {
    const { server, config, client } = await world(http1);
    const lanes = how === 'all at once' ? 1_000 : how === 'eight at a time' ? 8 : 1;
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        for (let n = 0; n < 1_000 / lanes; n++) await client.get('/api/v1/namespaces/a/pods/b');
      }),
    );
    expect(server.connections).toBeLessThanOrEqual(most);
    expect(config.connectionsOpened).toBe(server.connections);
    expect(config.connectionsOpen).toBe(server.sockets.size);
  },
  60_000,
);

test('client-node as it comes opens one connection a request: when this fails, upstream has cured it', async () => {
  const { server, config } = await world();
  const plain = new KubeConfig();
  plain.loadFromOptions(config);
  const api = plain.makeApiClient(CoreV1Api);
  for (let n = 0; n < 10; n++) await api.listNamespacedPod({ namespace: 'a' });
  expect(server.connections).toBe(10);
});

test('client-node given this configuration keeps its connection', async () => {
  const { server, config } = await world();
  const api = config.makeApiClient(CoreV1Api);
  for (let n = 0; n < 10; n++) await api.listNamespacedPod({ namespace: 'a' });
  expect(server.connections).toBe(1);
});

test('a rotated CA takes over on the next request, and what is in flight may finish', async () => {
  const held = Promise.withResolvers<void>();
  const { server, config, client } = await world(false, held.promise);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'ca-')), 'ca.crt');
  cleanup.push(() => fs.rmSync(path.dirname(file), { recursive: true }));
  fs.writeFileSync(file, server.cert);
  const [cluster] = config.clusters;
  config.clusters = [{ name: 'loopback', server: cluster?.server ?? '', skipTLSVerify: false, caFile: file }];
  await client.get('/version');
  await client.get('/version');
  expect(server.connections).toBe(1);
  const inFlight = client.get('/held');
  await until(() => server.requests === 3, 'the request that is held');

  fs.writeFileSync(file, `${server.cert}\n${server.cert}`);
  await client.get('/version');
  await client.get('/version');
  expect(server.connections).toBe(2);

  held.resolve();
  await expect(inFlight).resolves.toEqual({ items: [], metadata: {} });
});

test('connections that went silent are given up only once, however many requests noticed', async () => {
  const { server, config, client } = await world();
  await client.get('/version');
  const context = new RequestContext(`${config.getCurrentCluster()?.server}/version`, HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  config.renew(context.getDispatcher());
  await client.get('/version');
  config.renew(context.getDispatcher());
  await client.get('/version');
  expect(server.connections).toBe(2);
});
