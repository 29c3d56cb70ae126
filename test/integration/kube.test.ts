import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/kube/client.ts';
import { isAlreadyExists, isConflict, isGone, isInvalid, isNotFound } from '../../src/kube/errors.ts';
import { referenceTo } from '../../src/kube/event-body.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import { Informer, type InformerOptions } from '../../src/kube/informer.ts';
import { jsonPatch, pointer } from '../../src/kube/json-patch.ts';
import { LeaseElector } from '../../src/kube/lease.ts';
import { loadKubeConfig } from '../../src/kube/load-config.ts';
import { patchStatus } from '../../src/kube/patch.ts';
import { collectionPath, objectPath } from '../../src/kube/paths.ts';
import { Tunnel } from '../../src/kube/testing/loopback.ts';
import { failure, until } from '../../src/kube/testing/until.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { established } from '../harness/crds.ts';
import { sharedWorld } from '../harness/shared.ts';

interface Widget extends KubeObject {
  spec?: { color?: string; mode?: string };
  status?: { phase?: string; parts?: Record<string, unknown>; conditions?: unknown[] };
}

const { cluster } = sharedWorld();
const namespace = 'kube-client';
const widgets = { group: 'kube.sluice.test', version: 'v1', plural: 'widgets' };
const at = (name: string): string => objectPath(widgets, namespace, name);
const collection = collectionPath(widgets, namespace);

/** Everything here that the typed models of client-node lose: `default`, `enum`, `x-kubernetes-*`. */
const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      'x-kubernetes-validations': [
        { rule: "!has(self.color) || self.color != 'forbidden'", message: 'pick another' },
      ],
      properties: {
        color: { type: 'string', maxLength: 64 },
        mode: { type: 'string', default: 'auto', enum: ['auto', 'manual'] },
        port: { 'x-kubernetes-int-or-string': true },
      },
    },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.kube.sluice.test' },
  spec: {
    group: widgets.group,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: schema },
      },
    ],
  },
};

let tunnel: Tunnel;
let client: KubeClient;
const cleanup: (() => unknown)[] = [];

/** Through a tunnel of its own, so that connections can be counted and cut without harm to anybody else. */
function connect(through: Tunnel): KubeClient {
  const config = loadKubeConfig({ kubeconfig: cluster.kubeconfigFor('admin') });
  config.clusters = config.clusters.map((one) => ({ ...one, server: `https://127.0.0.1:${through.port}` }));
  return new KubeClient({ config, clock: systemClock });
}

const opened = async (): Promise<Tunnel> => {
  const made = await Tunnel.start(Number(new URL(cluster.url).port));
  cleanup.push(() => made.stop());
  return made;
};

beforeAll(async () => {
  tunnel = await Tunnel.start(Number(new URL(cluster.url).port));
  client = connect(tunnel);
  await cluster.createNamespace(namespace);
  await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
  await established(cluster.api, crd.metadata.name);
});

afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
});

afterAll(async () => {
  await client.delete('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.kube.sluice.test');
  await client.config.close();
  await tunnel.stop();
});

const make = (
  name: string,
  more: Partial<Widget> & { labels?: Record<string, string> } = {},
): Promise<Widget> =>
  client.create<Widget>(collection, {
    apiVersion: 'kube.sluice.test/v1',
    kind: 'Widget',
    metadata: { name, ...(more.labels && { labels: more.labels }) },
    spec: more.spec ?? {},
  });

test('1,000 requests, one after the other or all at once, open at most two connections', async () => {
  const own = await opened();
  const many = connect(own);
  cleanup.push(() => many.config.close());
  for (let n = 0; n < 500; n++) await many.get(`/api/v1/namespaces/${namespace}`);
  await Promise.all(Array.from({ length: 500 }, () => many.get(`/api/v1/namespaces/${namespace}`)));
  expect(own.connections).toBeLessThanOrEqual(2);
});

test('a CRD comes back as it went: defaults, enums, validations and int-or-string hold', async () => {
  const read = await client.get<typeof crd>(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.kube.sluice.test',
  );
  expect(read.spec.versions[0]?.schema.openAPIV3Schema).toMatchObject(schema);
  expect((await make('defaulted')).spec).toEqual({ mode: 'auto' });
  expect(isInvalid(await failure(make('refused', { spec: { color: 'forbidden' } })))).toBe(true);
});

test('each kind of patch, update and delete does what it says, and refusals are told apart', async () => {
  const made = await make('verbs', { spec: { color: 'red' } });
  expect(isAlreadyExists(await failure(make('verbs')))).toBe(true);
  expect(isNotFound(await failure(client.get(at('absent'))))).toBe(true);

  const merged = await client.patch<Widget>(at('verbs'), { spec: { color: 'blue' } }, 'merge');
  expect(merged.spec).toEqual({ color: 'blue', mode: 'auto' });

  const annotate = jsonPatch.add(pointer('metadata', 'annotations'), { 'sluice.dev/by': 'x' });
  const stale = await failure(client.patch(at('verbs'), [...jsonPatch.guard(made), annotate], 'json'));
  expect(isInvalid(stale)).toBe(true);
  const annotated = await client.patch<Widget>(at('verbs'), [...jsonPatch.guard(merged), annotate], 'json');
  expect(annotated.metadata.annotations).toEqual({ 'sluice.dev/by': 'x' });

  const applied = { apiVersion: 'kube.sluice.test/v1', kind: 'Widget', spec: { color: 'green' } };
  expect(
    isConflict(await failure(client.patch(at('verbs'), applied, 'apply', { fieldManager: 'other' }))),
  ).toBe(true);
  const forced = await client.patch<Widget>(at('verbs'), applied, 'apply', {
    fieldManager: 'other',
    force: true,
  });
  expect(forced.spec?.color).toBe('green');

  expect(isConflict(await failure(client.update(at('verbs'), { ...made, spec: { color: 'x' } })))).toBe(true);
  const updated = await client.update<Widget>(at('verbs'), {
    ...forced,
    spec: { color: 'grey', mode: 'manual' },
  });
  expect(updated.spec).toEqual({ color: 'grey', mode: 'manual' });

  expect(isConflict(await failure(client.delete(at('verbs'), { uid: 'another' })))).toBe(true);
  await client.delete(at('verbs'), {
    uid: made.metadata.uid,
    resourceVersion: updated.metadata.resourceVersion,
  });
  expect(isNotFound(await failure(client.get(at('verbs'))))).toBe(true);
});

test('a status patch deletes what is gone, is guarded, and is not sent when nothing changed', async () => {
  const made = await make('status');
  const first = await patchStatus(client, at('status'), made, {
    phase: 'Running',
    parts: { a: { x: 1 }, b: 2 },
    conditions: [{ type: 'Ready' }],
  });
  const second = await patchStatus(client, at('status'), first, { parts: { a: {} }, conditions: [] });
  expect(second.status).toEqual({ parts: { a: {} }, conditions: [] });
  expect(second.metadata.generation).toBe(made.metadata.generation);
  expect(await patchStatus(client, at('status'), second, { conditions: [], parts: { a: {} } })).toBe(second);
  expect((await client.get<Widget>(at('status'))).metadata.resourceVersion).toBe(
    second.metadata.resourceVersion,
  );
  expect(isConflict(await failure(patchStatus(client, at('status'), first, { phase: 'Old' })))).toBe(true);
});

async function follow(options: Partial<InformerOptions<Widget>> = {}): Promise<{
  informer: Informer<Widget>;
  told: string[];
  counts: Record<string, number>;
}> {
  const told: string[] = [];
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1): void => void (counts[what] = (counts[what] ?? 0) + by);
  const informer = new Informer<Widget>({
    client,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    resource: widgets,
    namespaces: [namespace],
    hooks: {
      restarted: (reason) => count(reason),
      missed: (number) => count('missed', number),
      handlerFailed: () => count('failed'),
    },
    ...options,
  });
  cleanup.push(() => informer.stop());
  await informer.start();
  await informer.synced;
  informer.onEvent(({ type, object }) =>
    told.push(`${type} ${object.metadata.name} ${object.spec?.color ?? ''}`),
  );
  told.length = 0;
  return { informer, told, counts };
}

test('an informer lists in pages, follows, and finds objects by index', async () => {
  await Promise.all(
    Array.from({ length: 120 }, (_, n) => make(`page-${n}`, { spec: { color: `c${n % 3}` } })),
  );
  const { informer, told } = await follow({
    pageSize: 50,
    indexes: { color: ({ spec }) => (spec?.color === undefined ? [] : [spec.color]) },
  });
  expect(informer.store.byIndex('color', 'c1')).toHaveLength(40);
  expect(informer.store.get(namespace, 'page-7')).toMatchObject({ kind: 'Widget', spec: { mode: 'auto' } });
  expect(informer.store.get(namespace, 'page-7')?.metadata).not.toHaveProperty('managedFields');

  await make('followed', { spec: { color: 'red' } });
  await client.patch(at('followed'), { spec: { color: 'blue' } }, 'merge');
  await client.delete(at('followed'));
  await until(() => told.length === 3, 'three events');
  expect(told).toEqual(['added followed red', 'updated followed blue', 'deleted followed blue']);
});

test('a cut connection loses no event and repeats none', async () => {
  const own = await opened();
  const shaky = connect(own);
  cleanup.push(() => shaky.config.close());
  const { informer, told, counts } = await follow({ client: shaky, labelSelector: 'cut=yes' });
  for (let n = 0; n < 5; n++) {
    await make(`cut-${n}`, { labels: { cut: 'yes' } });
    own.cut();
    await client.delete(at(`cut-${n}`));
  }
  await until(() => told.length === 10, 'ten events');
  expect(told).toEqual(Array.from({ length: 5 }, (_, n) => [`added cut-${n} `, `deleted cut-${n} `]).flat());
  expect(informer.store.size).toBe(0);
  expect(counts['missed']).toBeUndefined();
  expect(counts['error']).toBeGreaterThanOrEqual(1);
});

test('an object that leaves the selector is deleted for us, and added when it comes back', async () => {
  const { told } = await follow({ labelSelector: 'team=a' });
  await make('selected', { labels: { team: 'a' } });
  for (const team of ['b', 'a'])
    await client.patch(at('selected'), { metadata: { labels: { team } } }, 'merge');
  await until(() => told.length === 3, 'three events');
  expect(told).toEqual(['added selected ', 'deleted selected ', 'added selected ']);
});

test('the answer to our own write and its echo are one event', async () => {
  const { informer, told } = await follow({ labelSelector: 'own=yes' });
  const made = await make('own', { labels: { own: 'yes' } });
  informer.store.upsertLocal(made);
  expect(told).toEqual(['added own ']);
  informer.store.upsertLocal(await client.patch<Widget>(at('own'), { spec: { color: 'red' } }, 'merge'));
  await make('own-end', { labels: { own: 'yes' } });
  await until(() => told.includes('added own-end '), 'the end');
  expect(told).toEqual(['added own ', 'updated own red', 'added own-end ']);
});

test('a version that is compacted is told as gone', async () => {
  const stop = new AbortController();
  cleanup.push(() => stop.abort());
  const watch = client.watch(collection, { resourceVersion: '1' }, { signal: stop.signal });
  expect(isGone(await failure(watch.next()))).toBe(true);
});

interface Candidate {
  elector: LeaseElector;
  told: string[];
  through: Tunnel;
}

async function candidate(identity: string, lease: string): Promise<Candidate> {
  const through = await opened();
  const own = connect(through);
  const told: string[] = [];
  const elector = new LeaseElector({
    client: own,
    namespace,
    name: lease,
    identity,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    leaseDurationMs: 3_000,
    renewDeadlineMs: 2_000,
    retryPeriodMs: 200,
    onStartedLeading: () => told.push('started'),
    onStoppedLeading: () => told.push('stopped'),
    onLost: () => told.push('lost'),
  });
  cleanup.push(
    () => own.config.close(),
    () => elector.stop(),
  );
  await elector.start();
  return { elector, told, through };
}

test('a lease is handed over when it is released, in a form that the API server accepts', async () => {
  const a = await candidate('a', 'handed-over');
  await a.elector.leading;
  const b = await candidate('b', 'handed-over');
  await until(() => b.elector.leader === 'a', 'b to see a');
  await a.elector.stop();
  await b.elector.leading;
  expect([a.told, b.told]).toEqual([['started', 'stopped'], ['started']]);
  const lease = await client.get(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/handed-over`);
  expect(lease).toMatchObject({
    spec: { holderIdentity: 'b', leaseDurationSeconds: 3, leaseTransitions: 1 },
  });
});

test('a leader that is cut off loses the lease before the other takes it', async () => {
  const a = await candidate('a', 'cut-off');
  await a.elector.leading;
  const b = await candidate('b', 'cut-off');
  await until(() => b.elector.leader === 'a', 'b to see a');
  const order: string[] = [];
  void b.elector.leading.then(() => order.push('b leads'));
  await a.through.stop();
  await until(() => a.told.includes('lost'), 'a to lose');
  order.unshift('a lost');
  expect(b.elector.isLeader).toBe(false);
  await until(() => order.includes('b leads'), 'b to lead');
  expect(order).toEqual(['a lost', 'b leads']);
});

test('events are accepted, counted as a series, and shown by kubectl', async () => {
  const about = await make('noted');
  const dropped: string[] = [];
  const recorder = new EventRecorder({
    client,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    reportingInstance: 'test-0',
    hooks: { dropped: (why) => dropped.push(why) },
  });
  cleanup.push(() => recorder.stop());
  const note = {
    type: 'Warning',
    reason: 'Noted',
    action: 'Noting',
    note: `日本 ${'x'.repeat(2_000)}`,
  } as const;
  recorder.record(referenceTo(about), note);
  await recorder.flush();
  recorder.record(referenceTo(about), note);
  await recorder.flush();
  const node = { apiVersion: 'v1', kind: 'Node', name: 'node-0', uid: 'node-0' };
  recorder.record(node, { reason: 'Noted', action: 'Noting', note: 'about a cluster-scoped object' });
  await recorder.flush();
  expect(dropped).toEqual([]);

  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const found = await client.listAll<{
    regarding: { name: string };
    note: string;
    series?: { count: number };
  }>(path);
  const ours = found.filter(({ regarding }) => regarding.name === 'noted');
  expect(ours).toMatchObject([{ series: { count: 2 } }]);
  expect(Buffer.byteLength(ours[0]?.note ?? '')).toBeLessThanOrEqual(1024);
  const { stdout } = await cluster.kubectl(['events', '-n', namespace, '--for', 'widget/noted']);
  expect(stdout).toContain('Noted');
});
