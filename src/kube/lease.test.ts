import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { silentLog } from '../runtime/log.ts';
import { KubeClient } from './client.ts';
import { LeaseElector, type LeaseOptions } from './lease.ts';
import { ApiServer } from './testing/api-server.ts';
import type { Loopback } from './testing/loopback.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { settle, until } from './testing/until.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/sluice/leases/leader';

interface Candidate {
  elector: LeaseElector;
  clock: ManualClock;
  client: KubeClient;
  /** What it was told, in order. */
  told: string[];
}

let api: ApiServer;
let server: Loopback;
const candidates: Candidate[] = [];

beforeEach(async () => {
  ({ api, server } = await ApiServer.start());
});

afterEach(async () => {
  api.intercept = () => false;
  for (const { elector, client, clock } of candidates.splice(0)) {
    const stopped = elector.stop();
    clock.advance(60_000);
    await stopped;
    await client.config.close();
  }
  await server.stop();
});

/** Each candidate has its own clock, as each machine has. */
function candidate(identity: string, options: Partial<LeaseOptions> = {}): Candidate {
  const clock = new ManualClock();
  const client = new KubeClient({ config: server.config(), clock });
  const told: string[] = [];
  const elector = new LeaseElector({
    client,
    clock,
    identity,
    namespace: 'sluice',
    name: 'leader',
    random: () => 0,
    log: silentLog,
    onStartedLeading: () => told.push('started'),
    onStoppedLeading: () => told.push('stopped'),
    onLost: () => told.push('lost'),
    ...options,
  });
  const one = { elector, clock, client, told };
  candidates.push(one);
  return one;
}

const spec = (): Record<string, unknown> => Object(Object(api.get(LEASE))['spec']);
const writes = (): number => api.asked.filter(({ method }) => method !== 'GET').length;

/** One turn of the candidate's loop: waits for its pause, ends it, waits until it has asked. */
async function turn({ clock }: Candidate, ms = 2_000): Promise<void> {
  const before = api.asked.length;
  await clock.pass(ms);
  await until(() => api.asked.length > before, 'a request');
  await until(() => clock.next !== undefined, 'the next pause');
}

async function leading(identity = 'a', options: Partial<LeaseOptions> = {}): Promise<Candidate> {
  const one = candidate(identity, options);
  await one.elector.start();
  await one.elector.leading;
  return one;
}

test('the first candidate creates the lease, in the form that other clients understand', async () => {
  const { elector, told, clock } = await leading();
  const now = new Date(clock.now()).toISOString().replace('Z', '000Z');
  expect(spec()).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 0,
  });
  expect(now).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect([elector.isLeader, elector.leader, told]).toEqual([true, 'a', ['started']]);
});

test('the leader renews every 2 seconds with one write, and keeps its time of acquisition', async () => {
  const one = await leading();
  const { acquireTime } = spec();
  const before = api.asked.length;
  for (let n = 0; n < 20; n++) await turn(one);
  expect(api.asked.slice(before).map(({ method }) => method)).toEqual(Array(20).fill('PUT'));
  expect(spec()).toMatchObject({ acquireTime, leaseTransitions: 0 });
  expect(spec()['renewTime']).not.toBe(acquireTime);
  expect(one.elector.isLeader).toBe(true);
});

test('another candidate waits as long as the leader renews, whatever its clocks say', async () => {
  const a = await leading();
  const seen: string[] = [];
  const b = candidate('b', { onNewLeader: (identity) => seen.push(identity) });
  b.clock.jump(24 * 3_600_000);
  await b.elector.start();
  for (let n = 0; n < 15; n++) {
    await turn(a);
    await turn(b);
  }
  expect([b.elector.isLeader, b.elector.leader, b.told, seen]).toEqual([false, 'a', [], ['a']]);
});

test('a candidate sees within a moment of its end that a lease has expired', async () => {
  await leading();
  const b = candidate('b');
  await b.elector.start();
  await until(() => b.elector.leader === 'a', 'b to look');
  for (let waited = 0; waited < 14_750; waited += 250) await turn(b, 250);
  expect(b.elector.isLeader).toBe(false);
  await b.clock.pass(250);
  await b.elector.leading;
});

test('a lease that is not renewed is taken over after its duration, and not before', async () => {
  const a = await leading();
  const b = candidate('b');
  await b.elector.start();
  await until(() => b.elector.leader === 'a', 'b to look');
  for (let waited = 2_000; waited < 15_000; waited += 2_000) await turn(b);
  expect(b.elector.isLeader).toBe(false);
  await b.clock.pass(2_000);
  await b.elector.leading;
  expect(spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });

  await a.clock.pass(2_000);
  await until(() => a.told.includes('lost'), 'a to notice');
  expect(a.told).toEqual(['started', 'stopped', 'lost']);
  expect([a.elector.isLeader, a.elector.leader]).toEqual([false, 'b']);
});

test('an API server that is silent for longer than the deadline costs the lease before others may take it', async () => {
  const a = await leading();
  api.intercept = () => new Promise(() => {});
  await a.clock.pass(2_000);
  for (let waited = 0; waited < 7_000; waited += 1_000) {
    a.clock.advance(1_000);
    await settle();
  }
  expect([a.elector.isLeader, a.told]).toEqual([true, ['started']]);
  a.clock.advance(1_000);
  expect(a.elector.isLeader).toBe(false);
  await until(() => a.told.includes('lost'), 'the loss');
});

test('a process that slept through the deadline does not believe it leads, even before it noticed', async () => {
  const a = await leading();
  api.intercept = () => new Promise(() => {});
  a.clock.advance(10_000);
  expect(a.elector.isLeader).toBe(false);
});

test.each([500, 503, 429])('renewals that meet %i for a while cost nothing', async (code) => {
  const a = await leading();
  const { renewTime } = spec();
  let failures = 0;
  api.intercept = (_, response) => {
    if (failures++ >= 2) return false;
    response.writeHead(code).end('{"kind":"Status"}');
    return true;
  };
  for (let n = 0; n < 3; n++) await turn(a);
  await until(() => spec()['renewTime'] !== renewTime, 'the renewal');
  await turn(a);
  expect([a.elector.isLeader, a.told]).toEqual([true, ['started']]);
});

test('a candidate that is refused asks no more often than a leader renews', async () => {
  api.intercept = (_, response) => {
    response.writeHead(500).end('{"kind":"Status"}');
    return true;
  };
  const a = candidate('a');
  await a.elector.start();
  for (let n = 0; n < 3; n++) {
    // While it asks it has the deadline of the request, which is longer, for its next timer.
    await until(() => a.clock.next === 2_000, 'the pause');
    expect(api.asked).toHaveLength(n + 1);
    await a.clock.pass(2_000);
  }
  expect(api.asked.length).toBeGreaterThanOrEqual(3);
  expect(a.elector.isLeader).toBe(false);
});

test('a lease that somebody edited is looked at before it is renewed', async () => {
  const a = await leading();
  api.put(LEASE, { metadata: { labels: { edited: 'yes' } } });
  const before = api.asked.length;
  await turn(a);
  await until(() => api.asked.length === before + 3, 'conflict, look, renewal');
  await turn(a);
  expect(api.asked.slice(before).map(({ method }) => method)).toEqual(['PUT', 'GET', 'PUT', 'PUT']);
  expect(api.get(LEASE)?.metadata.labels).toEqual({ edited: 'yes' });
  expect(a.elector.isLeader).toBe(true);
});

test('a lease that somebody deleted is made again', async () => {
  const a = await leading();
  api.remove(LEASE);
  await turn(a);
  await until(() => api.get(LEASE) !== undefined, 'the new lease');
  await turn(a);
  expect(a.elector.isLeader).toBe(true);
});

test('of two candidates at once one leads, and the other neither errs nor writes', async () => {
  const [a, b] = [candidate('a'), candidate('b')];
  await Promise.all([a.elector.start(), b.elector.start()]);
  await Promise.race([a.elector.leading, b.elector.leading]);
  await until(() => a.clock.next !== undefined && b.clock.next !== undefined, 'both to rest');
  expect([a.elector.isLeader, b.elector.isLeader].filter(Boolean)).toHaveLength(1);
  expect(writes()).toBeLessThanOrEqual(2);
});

test('stop gives the lease back, and the next candidate need not wait', async () => {
  const a = await leading();
  const b = candidate('b');
  await b.elector.start();
  await until(() => b.elector.leader === 'a', 'b to look');
  await a.elector.stop();
  expect(a.told).toEqual(['started', 'stopped']);
  expect(spec()).not.toHaveProperty('holderIdentity');
  expect(spec()).toMatchObject({ leaseDurationSeconds: 1 });
  await b.clock.pass(250);
  await b.elector.leading;
  expect(spec()).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 });
});

test('stop does not take back what another holds by now', async () => {
  const a = await leading();
  api.put(LEASE, { spec: { holderIdentity: 'b', leaseDurationSeconds: 15 } });
  await a.elector.stop();
  expect(spec()).toMatchObject({ holderIdentity: 'b' });
});

test('stop before leading only withdraws', async () => {
  await leading('a');
  const b = candidate('b');
  await b.elector.start();
  await until(() => b.elector.leader === 'a', 'b to look');
  const before = writes();
  await b.elector.stop();
  await settle();
  expect([writes(), b.told, b.clock.timers]).toEqual([before, [], 0]);
});

test('periods that cannot work are refused', () => {
  expect(() => candidate('x', { leaseDurationMs: 10_000 })).toThrow(RangeError);
  expect(() => candidate('x', { retryPeriodMs: 9_000 })).toThrow(RangeError);
});
