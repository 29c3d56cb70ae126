import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Log, silentLog } from '../runtime/log.ts';
import { KubeClient } from './client.ts';
import { Informer, type InformerOptions } from './informer.ts';
import { ApiServer } from './testing/api-server.ts';
import type { Loopback } from './testing/loopback.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { settle, until } from './testing/until.ts';
import type { KubeObject } from './types.ts';

interface Thing extends KubeObject {
  spec?: { color?: string; secret?: string };
}

const THINGS = '/apis/example.dev/v1/namespaces/n/things';
const resource = { group: 'example.dev', version: 'v1', plural: 'things' };
/** What the API server answers instead: a Status with this code. */
const status = (code: number): string =>
  JSON.stringify({ kind: 'Status', code, reason: `R${code}`, message: 'no' });

let api: ApiServer;
let server: Loopback;
let clock: ManualClock;
let client: KubeClient;
/** What the handler was told, and what the hooks counted. */
let told: string[];
let counts: Record<string, number>;
const informers: Informer<Thing>[] = [];

beforeEach(async () => {
  ({ api, server } = await ApiServer.start());
  clock = new ManualClock();
  client = new KubeClient({ config: server.config(), clock });
  told = [];
  counts = {};
});

afterEach(async () => {
  for (const informer of informers.splice(0)) await informer.stop();
  await client.config.close();
  await server.stop();
});

const count = (what: string, by = 1): void => {
  counts[what] = (counts[what] ?? 0) + by;
};

function follow(options: Partial<InformerOptions<Thing>> = {}): Informer<Thing> {
  const informer = new Informer<Thing>({
    client,
    clock,
    random: () => 0.5,
    log: silentLog,
    resource,
    hooks: {
      listed: () => count('listed'),
      restarted: (reason) => count(reason),
      missed: (number) => count('missed', number),
      stale: () => count('stale'),
      handlerFailed: () => count('handlerFailed'),
    },
    ...options,
  });
  informers.push(informer);
  informer.onEvent((event) => {
    const { name, uid } = event.object.metadata;
    told.push(`${event.type} ${name} ${event.object.spec?.color ?? uid}`);
  });
  return informer;
}

/** Started, listed, and watching. */
async function synced(options: Partial<InformerOptions<Thing>> = {}): Promise<Informer<Thing>> {
  const informer = follow(options);
  await informer.start();
  await informer.synced;
  await watching(options.namespaces?.length ?? 1);
  told.length = 0;
  return informer;
}

/** Open on the server, and known to be open here: the short limit for the headers has made way for the long one. */
const watching = (watches = 1): Promise<void> =>
  until(
    () => api.watches.size === watches && (watches === 0 || (clock.next ?? 0) > 15_000),
    `${watches} open watches`,
  );
const toldAll = (expected: string[]): Promise<void> =>
  until(() => told.length >= expected.length, `events ${expected.join(', ')}`).then(() =>
    expect(told).toEqual(expected),
  );
/** A log that keeps the length of each pause, for ending exactly that and running into no other limit. */
function notingPauses(): { log: Log; waits: number[] } {
  const waits: number[] = [];
  const note = ({ waitMs }: Record<string, unknown>): void => {
    if (typeof waitMs === 'number') waits.push(waitMs);
  };
  const log: Log = { ...silentLog, debug: note, warn: note, child: () => log };
  return { log, waits };
}

const color = (name: string, value: string): KubeObject =>
  api.put(`${THINGS}/${name}`, { spec: { color: value } });

test('a list comes in pages, without managedFields, and with the kind that list items lack', async () => {
  for (let n = 0; n < 25; n++) color(`t${n}`, 'red');
  const informer = await synced({ pageSize: 10 });
  expect(informer.store.size).toBe(25);
  expect(api.requests('GET').map(({ query }) => query.get('limit'))).toEqual(['10', '10', '10']);
  expect(informer.store.get('n', 't3')).toMatchObject({ kind: 'Thing', apiVersion: 'example.dev/v1' });
  expect(informer.store.get('n', 't3')?.metadata).not.toHaveProperty('managedFields');
  expect(informer.hasSynced).toBe(true);
  expect(informer.name).toBe('things.example.dev');
});

test('a watch asks for bookmarks, ends by itself within 5 to 10 minutes, and tells each change', async () => {
  await synced({ labelSelector: 'team=a' });
  const [watch] = api.watches;
  expect(watch?.query.get('allowWatchBookmarks')).toBe('true');
  expect(watch?.query.get('timeoutSeconds')).toBe('450');
  expect(watch?.query.get('labelSelector')).toBe('team=a');
  color('a', 'red');
  color('a', 'blue');
  api.remove(`${THINGS}/a`);
  await toldAll(['added a red', 'updated a blue', 'deleted a blue']);
});

test('only what the projection keeps is kept, of lists, of events and of our own writes', async () => {
  color('a', 'red');
  const project = ({ kind, metadata, spec }: Thing): Thing => {
    const kept = spec?.color === undefined ? {} : { spec: { color: spec.color } };
    return { ...(kind !== undefined && { kind }), metadata, ...kept };
  };
  const informer = await synced({ project });
  api.put(`${THINGS}/b`, { spec: { color: 'red', secret: 'x' } });
  await toldAll(['added b red']);
  informer.store.upsertLocal(
    await client.patch<Thing>(`${THINGS}/a`, { spec: { secret: 'x', color: 'blue' } }, 'merge'),
  );
  expect(informer.store.list().map(({ spec }) => spec)).toEqual([{ color: 'blue' }, { color: 'red' }]);
});

/** The number of managers in the place of the color. */
const countManagers = (thing: Thing): Thing => ({
  ...thing,
  spec: { color: `${thing.metadata.managedFields?.length ?? 0}` },
});

test('a projection may keep something of managedFields, which are not kept themselves', async () => {
  const informer = await synced({ project: countManagers });
  color('a', 'red');
  await toldAll(['added a 1']);
  expect(informer.store.get('n', 'a')?.metadata).not.toHaveProperty('managedFields');
});

test("what kubectl applied last is not kept: it is the whole object once more, and nobody's business here", async () => {
  const informer = await synced();
  const annotations = { note: 'kept', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  api.put(`${THINGS}/a`, { metadata: { annotations }, spec: { color: 'red' } });
  await toldAll(['added a red']);
  expect(informer.store.get('n', 'a')?.metadata.annotations).toEqual({ note: 'kept' });
});

test('an idle watch lives on for as long as bookmarks come, and is opened anew when they do not', async () => {
  const informer = await synced();
  for (let minute = 0; minute < 9; minute++) {
    clock.advance(60_000);
    api.bookmark();
    await until(() => informer.lastSeen === clock.monotonic(), 'the bookmark');
  }
  expect(api.requests('GET', true)).toHaveLength(1);
  clock.advance(150_000);
  await until(() => api.requests('GET', true).length === 2, 'a new watch');
  await watching();
  expect(counts['inactive']).toBe(1);
  color('a', 'red');
  await toldAll(['added a red']);
});

test('a bookmark moves the version from which the next watch starts', async () => {
  const informer = await synced();
  api.put('/apis/example.dev/v1/namespaces/n/others/x');
  clock.advance(5_000);
  api.bookmark();
  await until(() => informer.lastSeen === clock.monotonic(), 'the bookmark');
  api.closeWatches();
  await until(() => api.requests('GET', true).length === 2, 'a new watch');
  expect(api.requests('GET', true)[1]?.query.get('resourceVersion')).toBe(`${api.version}`);
});

test('a watch that the server closes goes on where it was, and loses nothing in between', async () => {
  await synced();
  color('a', 'red');
  await toldAll(['added a red']);
  clock.advance(5_000);
  api.delivering = false;
  api.closeWatches();
  color('a', 'blue');
  api.delivering = true;
  await toldAll(['added a red', 'updated a blue']);
  expect(counts).toMatchObject({ listed: 1, closed: 1 });
});

test('watches that close at once are retried ever more slowly, and for ever', async () => {
  const { log, waits } = notingPauses();
  await synced({ log });
  api.intercept = ({ query }, response) => {
    if (query.has('watch')) response.writeHead(200).end();
    return query.has('watch');
  };
  api.closeWatches();
  for (let pause = 1; pause <= 12; pause++) {
    await until(() => waits.length === pause, 'the next pause');
    if (pause === 12) api.intercept = () => false;
    clock.advance(waits.at(-1) ?? 0);
  }
  expect(waits).toEqual([125, 250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000, 15000, 15000]);
  await watching();
  color('a', 'red');
  await toldAll(['added a red']);
});

test.each(['as the answer', 'as an event'])(
  '410 %s lists anew, and finds what was deleted meanwhile',
  async (how) => {
    color('a', 'red');
    color('b', 'red');
    await synced();
    api.delivering = false;
    api.remove(`${THINGS}/a`);
    color('b', 'blue');
    color('c', 'red');
    api.compacted = api.version;
    api.delivering = true;
    let gone = how === 'as the answer';
    api.intercept = ({ query }, response) => {
      if (!gone || !query.has('watch')) return false;
      gone = false;
      response.writeHead(410).end(status(410));
      return true;
    };
    api.closeWatches();
    await clock.pass(250);
    await clock.pass(500);
    await toldAll(['updated b blue', 'added c red', 'deleted a red']);
    await watching();
    expect(counts).toMatchObject({ gone: 1, listed: 2 });
    expect(counts['missed']).toBeUndefined();
  },
);

test.each([
  ['an ERROR event of another kind', () => api.send(`{"type":"ERROR","object":${status(500)}}\n`)],
  [
    'a line that is cut off',
    () => {
      api.send('{"type":"MODIFIED","obj');
      api.closeWatches();
    },
  ],
  ['a line that is not JSON', () => api.send('<html>\n')],
  ['a reset connection', () => server.cut()],
])('after %s the watch goes on where it was', async (_, provoke) => {
  await synced();
  color('a', 'red');
  await toldAll(['added a red']);
  provoke();
  color('a', 'blue');
  await clock.pass(250);
  await toldAll(['added a red', 'updated a blue']);
  expect(counts).toMatchObject({ listed: 1, error: 1 });
});

test('repeated and re-ordered events tell nobody twice and go nowhere backwards', async () => {
  const informer = await synced();
  const red = color('a', 'red');
  const blue = color('a', 'blue');
  for (const [type, object] of [
    ['MODIFIED', red],
    ['ADDED', red],
    ['MODIFIED', blue],
  ] as const) {
    api.send(`${JSON.stringify({ type, object })}\n`);
  }
  color('z', 'end');
  await toldAll(['added a red', 'updated a blue', 'added z end']);
  expect(counts['stale']).toBe(2);
  api.send(`${JSON.stringify({ type: 'ADDED', object: red })}\n`);
  await until(() => counts['stale'] === 3, 'the old event');
  clock.advance(5_000);
  api.closeWatches();
  await until(() => api.requests('GET', true).length === 2, 'a new watch');
  expect(api.requests('GET', true)[1]?.query.get('resourceVersion')).toBe(`${api.version}`);
  expect(informer.store.get('n', 'a')?.spec?.color).toBe('blue');
});

test('throttling is obeyed for as long as it asks', async () => {
  await synced();
  let throttled = 0;
  api.intercept = ({ query }, response) => {
    if (!query.has('watch') || throttled++ > 0) return false;
    response.writeHead(429, { 'retry-after': '7' }).end(status(429));
    return true;
  };
  clock.advance(5_000);
  api.closeWatches();
  await until(() => clock.next === 7_000, 'a pause of 7 s');
  clock.advance(7_000);
  await watching();
  expect(counts).toMatchObject({ throttled: 1, listed: 1 });
});

test.each([
  ['503', 503],
  ['429', 429],
  ['403', 403],
  ['a reset', 0],
])('a first list that meets %s is tried again until it succeeds', async (_, code) => {
  color('a', 'red');
  let failures = 0;
  api.intercept = (__, response) => {
    if (failures++ >= 3) return false;
    if (code === 0) response.stream.session?.destroy();
    else response.writeHead(code).end(status(code));
    return true;
  };
  const informer = follow();
  await informer.start();
  for (let attempt = 1; attempt <= 3; attempt++) {
    await clock.pass(10_000);
    expect(informer.hasSynced).toBe(false);
  }
  await informer.synced;
  await toldAll(['added a red']);
});

test('a continue token that expires starts the list over', async () => {
  for (let n = 0; n < 25; n++) color(`t${n}`, 'red');
  api.intercept = ({ query }) => {
    if (query.has('continue') && api.compacted === 0) {
      color('late', 'red');
      api.compacted = api.version;
    }
    return false;
  };
  const informer = follow({ pageSize: 10 });
  await informer.start();
  await clock.pass(250);
  await informer.synced;
  expect(informer.store.size).toBe(26);
  expect(told).toHaveLength(26);
});

test('objects as large as a tenant can make them are read a few at a time, not all at once', async () => {
  const secret = 'x'.repeat(1.5 * 2 ** 20);
  for (let n = 0; n < 30; n++) api.put(`${THINGS}/big-${n}`, { spec: { secret } });
  const informer = await synced({ project: ({ metadata }) => ({ metadata }) });
  expect(informer.store.size).toBe(30);
  const limits = api.requests('GET').map(({ query }) => Number(query.get('limit')));
  expect(limits.slice(0, 4)).toEqual([500, 63, 8, 8]);
});

test('deleted and created again across a gap is told as both, not as an update', async () => {
  color('a', 'red');
  const informer = await synced();
  api.delivering = false;
  api.remove(`${THINGS}/a`);
  color('a', 'blue');
  api.compacted = api.version;
  api.delivering = true;
  api.closeWatches();
  await clock.pass(250);
  await clock.pass(500);
  await toldAll(['deleted a red', 'added a blue']);
  expect(informer.store.size).toBe(1);
});

test('stop during the list opens no watch and tells nobody', async () => {
  const held = Promise.withResolvers<void>();
  api.intercept = () => held.promise.then(() => false);
  const informer = follow();
  await informer.start();
  await until(() => api.asked.length === 1, 'the list');
  await informer.stop();
  held.resolve();
  await settle();
  expect(api.asked).toHaveLength(1);
  expect(told).toEqual([]);
  expect(clock.timers).toBe(0);
  expect(informer.hasSynced).toBe(false);
});

test('stop during a watch leaves no request, no timer and no event behind', async () => {
  const informer = await synced();
  await informer.stop();
  await watching(0);
  color('a', 'red');
  await settle();
  expect(told).toEqual([]);
  expect(clock.timers).toBe(0);
  expect(api.requests('GET', true)).toHaveLength(1);
  expect(counts['error']).toBeUndefined();
});

test('stop during a pause ends at once', async () => {
  api.intercept = (_, response) => {
    response.writeHead(503).end(status(503));
    return true;
  };
  const informer = follow();
  await informer.start();
  await until(() => clock.timers === 1, 'the pause');
  await informer.stop();
  expect(clock.timers).toBe(0);
});

test('a handler that throws is counted, and harms neither the others nor the store', async () => {
  const informer = follow();
  informer.onEvent(() => {
    throw new Error('broken handler');
  });
  const after: string[] = [];
  informer.onEvent(({ object }) => after.push(object.metadata.name));
  await informer.start();
  await informer.synced;
  color('a', 'red');
  color('b', 'red');
  await toldAll(['added a red', 'added b red']);
  expect(after).toEqual(['a', 'b']);
  expect(counts['handlerFailed']).toBe(2);
});

function refuseHostile(thing: Thing): Thing {
  if (thing.spec?.color === 'hostile') throw new Error('cannot project');
  return thing;
}

test('an object whose projection throws is left out, and the others come', async () => {
  color('a', 'hostile');
  color('b', 'red');
  const informer = await synced({ project: refuseHostile });
  expect(informer.store.list().map(({ metadata }) => metadata.name)).toEqual(['b']);
  expect(counts['handlerFailed']).toBe(1);
});

test('a handler that comes late is told what is there, and one that left is told nothing', async () => {
  color('a', 'red');
  const informer = await synced();
  const late: string[] = [];
  const leave = informer.onEvent(({ type, object }) => late.push(`${type} ${object.metadata.name}`));
  expect(late).toEqual(['added a']);
  leave();
  color('b', 'red');
  await toldAll(['added b red']);
  expect(late).toEqual(['added a']);
});

test('the answer to our own write is visible at once, and its echo tells nobody again', async () => {
  color('a', 'red');
  const informer = await synced();
  api.delivering = false;
  informer.store.upsertLocal(await client.patch<Thing>(`${THINGS}/a`, { spec: { color: 'blue' } }, 'merge'));
  expect(told).toEqual(['updated a blue']);
  api.delivering = true;
  api.closeWatches();
  await clock.pass(250);
  await watching();
  color('z', 'end');
  await toldAll(['updated a blue', 'added z end']);
});

test('a list from before our own write does not undo it', async () => {
  color('a', 'red');
  const informer = await synced({ relistMs: 60_000 });
  const [before, held] = [api.version, Promise.withResolvers<void>()];
  api.intercept = async (asked) => {
    if (asked.query.has('watch')) return false;
    if (asked.method === 'GET') {
      asked.query.set('continue', `${before}/zzz`);
      await held.promise;
    }
    return false;
  };
  clock.advance(66_000);
  await until(() => api.requests('GET').length === 2, 'the list beside the watch');
  informer.store.upsertLocal(await client.create<Thing>(THINGS, { metadata: { name: 'mine' }, spec: {} }));
  held.resolve();
  await until(() => counts['listed'] === 2, 'the list to be done');
  expect(informer.store.get('n', 'mine')).toBeDefined();
});

test('the list beside the watch finds what the watch lost, and counts it', async () => {
  color('a', 'red');
  color('b', 'red');
  const informer = await synced({ relistMs: 60_000 });
  api.delivering = false;
  color('a', 'blue');
  api.remove(`${THINGS}/b`);
  api.delivering = true;
  // The watch now passes over both changes as if they had never been.
  color('c', 'red');
  await toldAll(['added c red']);
  clock.advance(66_000);
  await until(() => counts['listed'] === 2, 'the list beside the watch');
  expect(told).toEqual(['added c red', 'updated a blue', 'deleted b red']);
  expect(counts['missed']).toBe(1);
  api.bookmark();
  await until(() => counts['missed'] === 2, 'the deletion to be counted');
  expect(informer.store.size).toBe(2);
  expect(api.watches.size).toBe(1);
});

test('an honest watch misses nothing, however late it is', async () => {
  color('a', 'red');
  await synced({ relistMs: 60_000 });
  api.delivering = false;
  color('a', 'blue');
  api.remove(`${THINGS}/a`);
  color('b', 'red');
  clock.advance(66_000);
  await until(() => counts['listed'] === 2, 'the list beside the watch');
  api.delivering = true;
  api.closeWatches();
  await until(() => api.requests('GET', true).length === 2, 'a new watch');
  color('c', 'red');
  await toldAll(['added b red', 'deleted a red', 'added c red']);
  expect(counts['missed']).toBeUndefined();
});

test('a list beside the watch that fails leaves the watch alone, and is made up for soon', async () => {
  await synced({ relistMs: 60_000 });
  api.intercept = ({ query }, response) => {
    if (query.has('watch')) return false;
    response.writeHead(500).end(status(500));
    return true;
  };
  clock.advance(66_000);
  await until(() => api.requests('GET').length === 2, 'the list beside the watch');
  color('a', 'red');
  await toldAll(['added a red']);
  const failedAt = clock.monotonic();
  expect(counts).toEqual({ listed: 1 });
  api.intercept = () => false;
  await until(() => {
    clock.advance(100);
    return counts['listed'] === 2;
  }, 'another list');
  // The first is due after a minute, a second try within a second.
  expect(clock.monotonic() - failedAt).toBeLessThan(5_000);
});

test('after a restored backup the older versions are believed in the end', async () => {
  color('a', 'red');
  color('b', 'red');
  const { log, waits } = notingPauses();
  const informer = await synced({ log });
  api.delivering = false;
  api.remove(`${THINGS}/b`);
  color('a', 'blue');
  api.restore(500);
  color('a', 'green');
  api.delivering = true;
  let refusals = 0;
  api.intercept = ({ query }, response) => {
    if (!query.has('watch') || Number(query.get('resourceVersion')) <= api.version) return false;
    refusals++;
    response.writeHead(504).end(status(504));
    return true;
  };
  api.closeWatches();
  let paused = 0;
  await until(() => {
    if (waits.length > paused) clock.advance(waits[paused++] ?? 0);
    return told.length >= 2;
  }, 'the restored state');
  expect(told).toEqual(['updated a green', 'deleted b red']);
  expect(refusals).toBe(5);
  await watching();
  color('c', 'red');
  await until(() => informer.store.size === 2, 'the life after');
});

test('each namespace has its own watch, and readiness goes by the one that is silent longest', async () => {
  api.put('/apis/example.dev/v1/namespaces/n/things/a');
  api.put('/apis/example.dev/v1/namespaces/m/things/a');
  api.put('/apis/example.dev/v1/namespaces/other/things/a');
  const informer = await synced({ namespaces: ['n', 'm'] });
  expect(informer.store.list().map(({ metadata }) => metadata.namespace)).toEqual(['n', 'm']);
  const before = informer.lastSeen;
  clock.advance(1_000);
  color('b', 'red');
  await toldAll(['added b red']);
  expect(informer.lastSeen).toBe(before);
  api.put('/apis/example.dev/v1/namespaces/m/things/b');
  await until(() => informer.lastSeen === clock.monotonic(), 'a sign of life from both');
});
