import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/load-config.ts';
import { failure } from '../../src/kube/testing/until.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import {
  asks,
  cutAfter,
  cutBefore,
  type Fault,
  refuse,
  rewrite,
  silentAfter,
} from '../harness/fault-kinds.ts';
import { FaultProxy } from '../harness/fault-proxy.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* The proxy that the faults of the API server come from, with the client of the product in front of it. */

const { cluster } = sharedWorld();
const maps = '/api/v1/namespaces/fault-proxy/configmaps';
let proxy: FaultProxy;
let client: KubeClient;

beforeAll(async () => {
  await cluster.createNamespace('fault-proxy');
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
  const meta = { name: 'fault-proxy', namespace: 'fault-proxy' };
  await cluster.api.create(`${rbac}/namespaces/fault-proxy/roles`, { metadata: meta, rules });
  await cluster.api.create(`${rbac}/namespaces/fault-proxy/rolebindings`, {
    metadata: meta,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'fault-proxy' },
    subjects: [{ kind: 'ServiceAccount', name: 'sluice', namespace: 'sluice-system' }],
  });
  proxy = await new FaultProxy(cluster, 'proxied').start();
  client = new KubeClient({ config: loadKubeConfig({ kubeconfig: proxy.kubeconfig }), clock: systemClock });
  await until('the binding is in force', () => client.list(maps));
});
afterAll(async () => {
  await client.config.close();
  await proxy.stop();
});

const map = (name: string): object => ({ metadata: { name }, data: { a: '1' } });
const exists = async (name: string): Promise<boolean> =>
  (await cluster.api.find(`${maps}/${name}`)) !== undefined;
const once = (fault: Fault): void =>
  void proxy.rule({ matches: asks('create', 'configmaps'), times: 1, do: fault });

test('without a rule all passes, over one HTTP/2 connection, and is recorded', async () => {
  await client.create(maps, map('plain'));
  await client.get(`${maps}/plain`);
  const [created, read] = proxy.requests.slice(-2);
  expect(created).toMatchObject({
    verb: 'create',
    resource: 'configmaps',
    namespace: 'fault-proxy',
    status: 201,
  });
  expect(JSON.parse(created?.body ?? '')).toEqual(map('plain'));
  expect(read).toMatchObject({ verb: 'get', name: 'plain', status: 200, faulted: false });
  expect(client.config.connectionsOpened).toBe(1);
});

test('what is cut before it is sent is not there, what is cut after the commit is', async () => {
  once(cutBefore);
  expect(await failure(client.create(maps, map('before')))).toMatchObject({ code: 'Connection' });
  expect(await exists('before')).toBe(false);
  once(cutAfter);
  expect(await failure(client.create(maps, map('after')))).toMatchObject({ code: 'Connection' });
  expect(await exists('after')).toBe(true);
});

test('a commit whose answer never comes is a timeout to the client', async () => {
  once(silentAfter);
  const late = client.create(maps, map('silence'), { timeoutMs: 300 });
  expect(await failure(late)).toMatchObject({ code: 'Timeout' });
  expect(await exists('silence')).toBe(true);
});

test('a refusal comes in the form of the API server, and nothing is done', async () => {
  const rule = proxy.rule({ matches: asks('create', 'configmaps'), do: refuse(429, { 'retry-after': '7' }) });
  const refused = { code: 429, reason: 'TooManyRequests', retryAfterSeconds: 7 };
  expect(await failure(client.create(maps, map('much')))).toMatchObject(refused);
  expect(rule.hits).toBe(1);
  rule.remove();
  await client.create(maps, map('much'));
  expect(rule.hits).toBe(1);
});

test('a watch passes, is changed line by line, and can be ended', async () => {
  const rule = proxy.rule({
    matches: asks('watch', 'configmaps'),
    do: rewrite((line) => (line.includes('"name":"dropped"') ? [] : [line, line])),
  });
  const { metadata } = await client.list(maps);
  const seen: string[] = [];
  const watching = (async () => {
    const query = { resourceVersion: metadata.resourceVersion ?? '' };
    const events = client.watch<KubeObject>(maps, query, { signal: new AbortController().signal });
    for await (const event of events) if ('object' in event) seen.push(event.object.metadata.name);
  })();
  await until('the watch is there', () => proxy.requests.some((r) => r.verb === 'watch' && r.status === 200));
  await cluster.api.create(maps, map('dropped'));
  await cluster.api.create(maps, map('doubled'));
  await until('the second has come', () => seen.length === 2);
  expect(seen).toEqual(['doubled', 'doubled']);
  // Bookmarks come twice as well.
  expect(rule.changes).toBeGreaterThanOrEqual(2);
  expect(proxy.end(asks('watch', 'configmaps'))).toBe(1);
  await watching;
  rule.remove();
});

test('a reset breaks what is under way, and the next request dials again', async () => {
  const opened = client.config.connectionsOpened;
  proxy.rule({ matches: asks('create', 'configmaps'), times: 1, do: (exchange) => exchange.closed });
  const waiting = failure(client.create(maps, map('reset')));
  await until('it is under way', () => proxy.requests.at(-1)?.verb === 'create');
  proxy.reset();
  expect(await waiting).toMatchObject({ code: 'Connection' });
  await client.create(maps, map('reset'));
  expect(client.config.connectionsOpened).toBe(opened + 1);
});
