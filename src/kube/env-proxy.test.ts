import http from 'node:http';
import net from 'node:net';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { systemClock } from '../runtime/clock.ts';
import { KubeClient } from './client.ts';
import { proxyFor } from './env-proxy.ts';
import { loadKubeConfig } from './load-config.ts';
import { Loopback } from './testing/loopback.ts';

const PROXY = 'http://proxy.example:3128';

test.each<[string, Record<string, string>, string | undefined]>([
  ['https://api.example', { HTTPS_PROXY: PROXY }, PROXY],
  ['https://api.example', { https_proxy: 'proxy.example:3128' }, PROXY],
  ['https://api.example', { HTTP_PROXY: PROXY }, undefined],
  ['http://api.example', { HTTP_PROXY: PROXY }, PROXY],
  ['https://127.0.0.1:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['https://api.example', { HTTPS_PROXY: PROXY, NO_PROXY: 'other, api.example' }, undefined],
  ['https://api.example', { HTTPS_PROXY: PROXY, no_proxy: 'example' }, undefined],
  ['https://api.example', { HTTPS_PROXY: PROXY, NO_PROXY: '.example' }, undefined],
  ['https://api.example', { HTTPS_PROXY: PROXY, NO_PROXY: '*.example' }, undefined],
  ['https://api.example', { HTTPS_PROXY: PROXY, NO_PROXY: '.api.example' }, PROXY],
  ['https://myapi.example', { HTTPS_PROXY: PROXY, NO_PROXY: 'api.example' }, PROXY],
  ['https://api.example:6443', { HTTPS_PROXY: PROXY, NO_PROXY: 'api.example:443' }, PROXY],
  ['https://api.example', { HTTPS_PROXY: PROXY, NO_PROXY: 'api.example:443' }, undefined],
  ['https://api.example', { HTTPS_PROXY: PROXY, NO_PROXY: '*' }, undefined],
  ['https://10.1.2.3', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8' }, undefined],
  ['https://10.1.2.3', { HTTPS_PROXY: PROXY, NO_PROXY: '10.1.2.3' }, undefined],
  ['https://11.1.2.3', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8,nonsense/99' }, PROXY],
  ['https://[fd00::1]', { HTTPS_PROXY: PROXY, NO_PROXY: 'fd00::/8' }, undefined],
])('%s with %j goes by %s', (server, env, proxy) => {
  expect(proxyFor(server, env)).toBe(proxy);
});

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
});

/** A proxy that brings whoever asks for api.example to this port; `asked` is what it was asked for. */
async function proxyTo(port: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const through = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(through).pipe(socket);
    });
    for (const one of [socket, through]) one.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  cleanup.push(() => proxy.close());
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, asked };
}

test('requests go through the proxy of the environment, and each group of an impersonation is a header', async () => {
  const groups: string[] = [];
  const server = await Loopback.start((request, response) => {
    const raw: readonly string[] = request.rawHeaders;
    for (const [i, word] of raw.entries())
      if (/^impersonate-group$/i.test(word)) groups.push(raw[i + 1] ?? '');
    response.setHeader('content-type', 'application/json');
    response.end('{"kind":"Pod"}');
  });
  cleanup.push(() => server.stop());
  const proxy = await proxyTo(server.port);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'proxy-'));
  cleanup.push(() => fs.rmSync(dir, { recursive: true }));
  const kubeconfig = path.join(dir, 'config');
  const cluster = { server: 'https://api.example:6443', 'insecure-skip-tls-verify': true };
  const file = {
    'current-context': 'c',
    clusters: [{ name: 'c', cluster }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
  fs.writeFileSync(kubeconfig, JSON.stringify(file));
  const config = loadKubeConfig({ kubeconfig, asKubectl: true, env: { HTTPS_PROXY: proxy.url } });
  cleanup.push(() => config.close());
  config.impersonation = { user: 'bob', groups: ['sre', 'cab'] };
  const client = new KubeClient({ config, clock: systemClock });
  for (let n = 0; n < 3; n++) expect(await client.get('/api/v1/pods/x')).toEqual({ kind: 'Pod' });
  expect([...new Set(proxy.asked)]).toEqual(['api.example:6443']);
  expect(groups.slice(0, 2)).toEqual(['sre', 'cab']);
});
