import { describe, expect, test } from '@jest/globals';
import { gateSpec } from '../api/v1alpha1/gate.ts';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import { append } from '../audit/chain.ts';
import type { KubeClient } from '../kube/client.ts';
import type { StoreReader } from '../kube/informer.ts';
import { ManualClock } from '../kube/testing/manual-clock.ts';
import { imagesOf, revisionDigest } from '../promotion/revision.ts';
import { World } from '../promotion/testing/world.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { DecisionController } from './controller.ts';

const DAY_MS = 24 * 3600 * 1000;

const storeOf = (object: unknown): StoreReader<RawObject> =>
  ({ get: () => object, upsertLocal: () => {} }) as unknown as StoreReader<RawObject>;

/** A Decision on the promotion of a model world, and what a look at it sends and logs. */
function look(accepted: object | undefined, records: object[], ageDays = 0) {
  const { promotion } = new World();
  const audit = { records: append(promotion.metadata.uid, undefined, 't', records) };
  const now = Date.parse(promotion.metadata.creationTimestamp);
  const raw = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Decision',
    metadata: { ...promotion.metadata, name: 'd', uid: 'd-uid' },
    spec: {
      by: 'bob',
      verdict: 'Abort',
      environment: 'prod',
      promotion: { name: 'two', uid: promotion.metadata.uid },
      reason: 'wrong\nbuild',
    },
    ...(accepted && { status: { conditions: [{ type: 'Accepted', ...accepted }] } }),
  };
  const ended = {
    ...promotion,
    status: { completedAt: new Date(now).toISOString(), conditions: [], audit },
  };
  const sent: string[] = [];
  const client = {
    patch: async () => {
      sent.push('patch');
      return raw;
    },
    delete: async () => {
      sent.push('delete');
    },
    list: async (path: string) => ({ items: path.endsWith('/promotions') ? [ended] : [] }),
  } as unknown as KubeClient;
  const lines: [unknown, string][] = [];
  const note = (fields: Record<string, unknown>, message: string): void => {
    lines.push([fields['decision'], message]);
  };
  const log: Log = { ...silentLog, record: note, warn: note };
  const controller = new DecisionController({
    client,
    clock: Object.assign(new ManualClock(), { now: () => now + ageDays * DAY_MS }),
    decisions: storeOf(raw),
    promotions: storeOf(ended),
    environments: storeOf(undefined),
    gates: storeOf(undefined),
    standing: async () => ({ trusted: true, since: 0 }),
    retentionMs: 90 * DAY_MS,
  });
  return controller
    .reconcile('shop/d', new AbortController().signal, log)
    .then((result) => ({ sent, lines, result }));
}

const usedOf = (status: 'True' | 'False') => ({
  status,
  reason: status === 'True' ? 'Used' : 'TooLate',
  message: 'm',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const told = { kind: 'Decision', uid: 'd-uid' };

test('a Decision that is refused is a line of the log, with who, what and why', async () => {
  const { sent, lines } = await look(undefined, []);
  expect(sent).toEqual(['patch']);
  expect(lines).toEqual([
    [
      expect.objectContaining({
        name: 'd',
        uid: 'd-uid',
        by: 'bob',
        verdict: 'Abort',
        reason: 'wrong build',
        fate: 'TooLate',
        because: expect.stringContaining('has ended'),
      }),
      'Decision refused',
    ],
  ]);
});

test.each<[string, 'True' | 'False', object[], number, string[], string | undefined]>([
  ['used, and young', 'True', [told], 89, [], undefined],
  ['used, and in the trail', 'True', [told], 91, ['delete'], 'Deleting a Decision whose time is over'],
  ['used, and in no trail', 'True', [], 91, [], 'Keeping a Decision that no trail tells of'],
  ['refused', 'False', [], 91, ['delete'], 'Deleting a Decision whose time is over'],
])('after its time a Decision that was %s', async (_, status, records, days, requests, says) => {
  const { sent, lines } = await look(usedOf(status), records, days);
  expect(sent).toEqual(requests);
  expect(lines.map(([, message]) => message)).toEqual(says === undefined ? [] : [says]);
});

/** A look at a Decision that was just made, with caches that have less than the API server has. */
async function behind(spec: object, stored: Record<string, unknown>, cached: Record<string, unknown> = {}) {
  const { promotion } = new World();
  const now = Date.parse(promotion.metadata.creationTimestamp);
  const raw = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Decision',
    metadata: { ...promotion.metadata, name: 'd', uid: 'd-uid' },
    spec: { by: 'bob', environment: 'prod', ...spec },
  };
  const conditions: { status: string; reason: string }[] = [];
  const client = {
    patch: async (_: string, body: { status: { conditions: typeof conditions } }) => {
      conditions.push(...body.status.conditions);
      return raw;
    },
    list: async (path: string, { fieldSelector = '' }) => {
      const found = stored[path.slice(path.lastIndexOf('/') + 1)] as RawObject | undefined;
      return { items: found && fieldSelector === `metadata.name=${found.metadata.name}` ? [found] : [] };
    },
  } as unknown as KubeClient;
  const result = await new DecisionController({
    client,
    clock: Object.assign(new ManualClock(), { now: () => now }),
    decisions: { ...storeOf(raw), byIndex: () => [] },
    promotions: storeOf(cached['promotions']),
    environments: storeOf(cached['environments']),
    gates: storeOf(cached['gates']),
    standing: async () => ({ trusted: true, since: 0 }),
    retentionMs: 90 * DAY_MS,
  }).reconcile('shop/d', new AbortController().signal, silentLog);
  return { fate: conditions.map((c) => `${c.status} ${c.reason}`), result };
}

describe('a cache that is behind', () => {
  const { promotion, environment } = new World();
  const on = { promotion: { name: promotion.metadata.name, uid: promotion.metadata.uid } };
  const earlier = { ...promotion, metadata: { ...promotion.metadata, uid: 'earlier-uid' } };

  test.each<[string, object, Record<string, unknown>, Record<string, unknown>, string[]]>([
    ['has no Promotion yet', { verdict: 'Abort', ...on }, { promotions: promotion }, {}, []],
    [
      'has the Promotion that had the name before',
      { verdict: 'Abort', ...on },
      { promotions: promotion },
      { promotions: earlier },
      [],
    ],
    ['has no Environment yet', { verdict: 'Thaw' }, { environments: environment }, {}, []],
    ['has no Promotion, as nobody has', { verdict: 'Abort', ...on }, {}, {}, ['False WrongUID']],
    ['has no Environment, as nobody has', { verdict: 'Thaw' }, {}, {}, ['False WrongEnvironment']],
  ])('that %s refuses nothing for good', async (_, spec, stored, cached, expected) => {
    expect((await behind(spec, stored, cached)).fate).toEqual(expected);
  });
});

test('an Approve that is not used yet is looked at again when it expires', async () => {
  const world = new World();
  const gate = { ...world.gate, spec: gateSpec.parse({ approval: { expiresAfterSeconds: 600 } }) };
  const { promotion, environment } = world;
  const all = { promotions: promotion, environments: environment, gates: gate };
  const { fate, result } = await behind(
    {
      verdict: 'Approve',
      promotion: { name: promotion.metadata.name, uid: promotion.metadata.uid },
      gate: gate.metadata.name,
      revisionDigest: revisionDigest(imagesOf(promotion)),
    },
    all,
    all,
  );
  expect(fate).toEqual([]);
  expect(result).toEqual({ requeueAfterMs: 600_000 });
});
