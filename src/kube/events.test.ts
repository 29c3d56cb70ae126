import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { silentLog } from '../runtime/log.ts';
import { KubeClient } from './client.ts';
import { type EventNote, type ObjectReference, cut, eventName, referenceTo } from './event-body.ts';
import { EventRecorder } from './events.ts';
import { ApiServer } from './testing/api-server.ts';
import type { Loopback } from './testing/loopback.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { settle, until } from './testing/until.ts';

const regarding: ObjectReference = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  namespace: 'n',
  name: 'checkout',
  uid: 'u-1',
};
const event: EventNote = { type: 'Warning', reason: 'GateFailed', action: 'Evaluating', note: 'It failed' };

let api: ApiServer;
let server: Loopback;
let clock: ManualClock;
let client: KubeClient;
let recorder: EventRecorder;
let hooked: string[];

beforeEach(async () => {
  ({ api, server } = await ApiServer.start());
  clock = new ManualClock();
  client = new KubeClient({ config: server.config(), clock });
  hooked = [];
  recorder = new EventRecorder({
    client,
    clock,
    random: () => 1,
    log: silentLog,
    reportingInstance: 'sluice-0',
    hooks: { recorded: () => hooked.push('recorded'), dropped: (why) => hooked.push(why) },
  });
});

afterEach(async () => {
  api.intercept = () => false;
  const stopped = recorder.stop();
  clock.advance(60_000);
  await stopped;
  await client.config.close();
  await server.stop();
});

const bodies = (): Record<string, unknown>[] => api.asked.map(({ body }) => Object(body));

test('an event is an events.k8s.io/v1 object in the namespace of what it is about', async () => {
  recorder.record(regarding, event);
  await recorder.flush();
  expect(api.asked).toMatchObject([{ method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/n/events' }]);
  expect(bodies()[0]).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: expect.stringMatching(/^checkout\.[0-9a-f]{16}$/), namespace: 'n' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    type: 'Warning',
    reason: 'GateFailed',
    action: 'Evaluating',
    note: 'It failed',
    regarding,
    reportingController: 'sluice.dev/controller',
    reportingInstance: 'sluice-0',
  });
});

test('events about cluster-scoped objects live in default', async () => {
  const { namespace: _, ...cluster } = regarding;
  recorder.record(cluster, event);
  await recorder.flush();
  expect(api.asked[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/default/events');
});

test('the same event again is counted in a series: the second at once, later ones once a minute', async () => {
  recorder.record(regarding, event);
  await recorder.flush();
  clock.advance(1_000);
  recorder.record(regarding, event);
  await until(() => hooked.length === 2, 'the series');
  for (let n = 0; n < 50; n++) {
    clock.advance(1_000);
    recorder.record(regarding, event);
  }
  await settle();
  expect(api.asked.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  clock.advance(60_000);
  await until(() => hooked.length === 3, 'the refreshed count');
  expect(bodies().map(({ series }) => series)).toEqual([
    undefined,
    { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' },
    { count: 52, lastObservedTime: '2026-01-01T00:00:51.000000Z' },
  ]);
});

test('what is recorded together is written together', async () => {
  for (let n = 0; n < 5; n++) recorder.record(regarding, event);
  await recorder.flush();
  expect(bodies().map(({ series }) => Object(series).count)).toEqual([5]);
});

test.each([
  ['another note', regarding, { ...event, note: 'Else' }],
  ['another reason', regarding, { ...event, reason: 'Else' }],
  ['another action', regarding, { ...event, action: 'Else' }],
  ['another object', { ...regarding, uid: 'u-2' }, event],
])('%s is another event', async (_, about, other) => {
  recorder.record(regarding, event);
  recorder.record(about, other);
  await recorder.flush();
  const names = bodies().map(({ metadata }) => Object(metadata).name);
  expect(new Set(names).size).toBe(2);
});

test('after six silent minutes the same is news', async () => {
  recorder.record(regarding, event);
  await recorder.flush();
  clock.advance(360_000);
  recorder.record(regarding, event);
  await recorder.flush();
  expect(api.asked.map(({ method }) => method)).toEqual(['POST', 'POST']);
});

test('a creation whose answer was lost is not repeated under another name', async () => {
  let lost = true;
  api.intercept = ({ body }, response) => {
    if (!lost) return false;
    lost = false;
    api.put(`/apis/events.k8s.io/v1/namespaces/n/events/${Object(Object(body).metadata).name}`);
    response.stream.session?.destroy();
    return true;
  };
  recorder.record(regarding, event);
  await clock.pass(500);
  await until(() => hooked.length === 1, 'the outcome');
  expect(hooked).toEqual(['recorded']);
  expect(new Set(bodies().map(({ metadata }) => Object(metadata).name)).size).toBe(1);
});

test('an event that has expired meanwhile is made again, with its count', async () => {
  recorder.record(regarding, event);
  await recorder.flush();
  const name = Object(bodies()[0]?.['metadata']).name;
  api.remove(`/apis/events.k8s.io/v1/namespaces/n/events/${name}`);
  recorder.record(regarding, event);
  await recorder.flush();
  expect(api.asked.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
  expect(bodies()[2]).toMatchObject({ series: { count: 2 } });
});

test.each([403, 404, 422])('an event that meets %i is dropped and counted, at once', async (code) => {
  api.intercept = (_, response) => {
    response.writeHead(code).end('{}');
    return true;
  };
  recorder.record(regarding, event);
  await recorder.flush();
  expect([hooked, api.asked.length]).toEqual([['refused'], 1]);
});

test('an API server that is unwell is asked a few times, and as late as it wishes', async () => {
  api.intercept = (_, response) => {
    response.writeHead(429, { 'retry-after': '20' }).end('{}');
    return true;
  };
  recorder.record(regarding, event);
  for (let n = 0; n < 3; n++) {
    await until(() => clock.next === 20_000, 'a pause of 20 s');
    clock.advance(20_000);
  }
  await until(() => hooked.length === 1, 'the outcome');
  expect([hooked, api.asked.length]).toEqual([['refused'], 4]);
});

test('a flood is bounded in memory, and what does not fit is counted', async () => {
  const held = Promise.withResolvers<void>();
  api.intercept = () => held.promise.then(() => false);
  for (let n = 0; n < 1_500; n++) recorder.record({ ...regarding, uid: `u-${n}` }, event);
  expect(hooked).toEqual(Array(500).fill('overflow'));
  api.intercept = (_, response) => {
    response.writeHead(403).end('{}');
    return true;
  };
  held.resolve();
  await recorder.flush();
}, 60_000);

test('a name that no path can hold harms nobody', async () => {
  recorder.record({ ...regarding, namespace: '../x', uid: 'u-2' }, event);
  recorder.record(regarding, event);
  await recorder.flush();
  expect(hooked).toEqual(['refused', 'recorded']);
});

test('stop writes what is pending, but not for ever, and takes nothing more', async () => {
  recorder.record(regarding, event);
  await recorder.flush();
  for (let n = 0; n < 3; n++) recorder.record(regarding, event);
  await recorder.stop();
  expect(bodies()[1]).toMatchObject({ series: { count: 4 } });
  recorder.record({ ...regarding, uid: 'late' }, event);
  await settle();
  expect(api.asked).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test('stop does not wait for an API server that does not answer', async () => {
  api.intercept = () => new Promise(() => {});
  recorder.record(regarding, event);
  await until(() => api.asked.length === 1, 'the request');
  const stopped = recorder.stop();
  clock.advance(5_000);
  await stopped;
  expect(hooked).toEqual(['refused']);
});

test.each([
  ['x'.repeat(1024), 1024, 'x'.repeat(1024)],
  ['x'.repeat(1025), 1024, `${'x'.repeat(1021)}…`],
  ['日本語', 9, '日本語'],
  ['日本語!', 9, '日本…'],
  ['a😀😀', 8, 'a😀…'],
])('%j in %i bytes is %j', (text, bytes, expected) => {
  expect(cut(text, bytes)).toBe(expected);
  expect(Buffer.byteLength(cut(text, bytes))).toBeLessThanOrEqual(bytes);
});

test.each(['system:node:a', 'UPPER', '-.-', 'x'.repeat(253), '日本'])(
  'an object called %j makes a valid event name',
  (name) => {
    const occurrences = { regarding: { ...regarding, name }, event, count: 1, firstMs: 0, lastMs: 0 };
    const made = eventName(occurrences, { reportingController: 'c', reportingInstance: 'i' });
    expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    expect(made.length).toBeLessThanOrEqual(253);
  },
);

test('a reference says exactly which object it means', () => {
  const metadata = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', labels: { x: 'y' } };
  expect(referenceTo({ apiVersion: 'v1', kind: 'Pod', metadata })).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'a',
    namespace: 'n',
    uid: 'u',
    resourceVersion: '7',
  });
});
