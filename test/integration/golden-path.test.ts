import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import { canonicalJson } from '../../src/runtime/hash.ts';
import { conditionsOf, imageFor, Place, reasonOf } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* The golden path on the real controller and a real Prometheus, with the rights of the chart and no others. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'golden';
/** So many promotions of each kind, a few at a time: the machine has two cores. */
const TIMES = 20;
const AT_ONCE = 10;

beforeAll(() => cluster.createNamespace(NAMESPACE));

/** A template with all that a revert by image alone would lose, and a strategy that labels stable pods. */
const ELABORATE = {
  env: { MODE: 'live', LEVEL: '3' },
  podAnnotations: { 'example.com/note': 'kept' },
  sidecar: 'registry.test/proxy:7',
  canary: {
    stableMetadata: { labels: { role: 'stable' }, annotations: { 'example.com/role': 'stable' } },
    canaryMetadata: { labels: { role: 'canary' } },
  },
};

/** Runs `play` for 0..TIMES-1, AT_ONCE at a time. */
async function each<T>(play: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < TIMES; from += AT_ONCE) {
    const indices = Array.from({ length: AT_ONCE }, (_, i) => from + i);
    results.push(...(await Promise.all(indices.map(play))));
  }
  return results;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

describe('twenty good revisions', () => {
  test('all succeed, with no error series and no revert', async () => {
    const ended = await each(async (i) => {
      const place = await new Place(cluster.api, NAMESPACE, `good-${i}`).prepare();
      await place.promote('v2');
      const promotion = await place.untilEnded(`good-${i}-v2`);
      return { promotion, pods: await place.pods(), rollout: await place.rollout() };
    });
    expect(ended.map(({ promotion }) => reasonOf(promotion))).toEqual(Array(TIMES).fill('Succeeded'));
    for (const [i, { promotion, pods, rollout }] of ended.entries()) {
      expect(promotion.status?.revert).toBeUndefined();
      expect(rollout.spec.template?.spec.containers[0]?.image).toBe(imageFor(`good-${i}`, 'v2'));
      expect(pods[imageFor(`good-${i}`, 'v2')]).toBe(5);
    }
  });
});

describe('twenty bad revisions', () => {
  test('all end RolledBack, byte for byte on the recorded template, without a third revision', async () => {
    const ended = await each(async (i) => {
      const app = `bad-${i}`;
      await controls.behave(imageFor(app, 'v2'), { errorRate: 0.3 });
      const place = await new Place(cluster.api, NAMESPACE, app).prepare(ELABORATE);
      const before = await place.rollout();
      await place.promote('v2');
      const promotion = await place.untilEnded(`${app}-v2`);
      return { app, before, promotion, after: await place.rollout(), pods: await place.pods() };
    });
    expect(ended.map(({ promotion }) => reasonOf(promotion))).toEqual(Array(TIMES).fill('RolledBack'));
    for (const { app, before, after, pods } of ended) {
      expect(canonicalJson(after.spec.template)).toBe(canonicalJson(before.spec.template));
      expect(JSON.stringify(after.spec.template)).toBe(JSON.stringify(before.spec.template));
      expect(after.status?.phase).toBe('Healthy');
      expect(after.status?.stableRS).toBe(before.status?.stableRS);
      // v1 and v2, and nothing else: a template with injected labels would have been a third one.
      expect(pods).toEqual({ [imageFor(app, 'v1')]: 5, [imageFor(app, 'v2')]: 0 });
    }
    const delays = ended.map(({ promotion }) => commandDelayMs(promotion));
    process.stdout.write(
      `bad sample to abort command: median ${median(delays)} ms, worst ${Math.max(...delays)} ms\n`,
    );
    expect(median(delays)).toBeLessThan(1000);
  });
});

/** From the sample that failed to the abort, milliseconds. */
function commandDelayMs({ status }: Promotion): number {
  return Date.parse(status?.revert?.commandedAt ?? '') - Date.parse(status?.revert?.sampledAt ?? '');
}

describe('one bad revision, looked at closely', () => {
  test('it is refused when it comes again, and the last good one is gone back to after two failures in a row', async () => {
    const place = await new Place(cluster.api, NAMESPACE, 'twice').prepare();
    for (const version of ['v2', 'v3']) await controls.behave(imageFor('twice', version), { errorRate: 0.3 });
    for (const version of ['v2', 'v3']) {
      await place.promote(version);
      const ended = await place.untilEnded(`twice-${version}`);
      expect(reasonOf(ended)).toBe('RolledBack');
      expect(conditionsOf(ended)).toEqual([
        'Completed=True',
        'Ready=False',
        'RolledBack=True',
        'Stalled=True',
        'Succeeded=False',
      ]);
      const { revert } = ended.status ?? {};
      for (const time of [
        revert?.sampledAt,
        revert?.detectedAt,
        revert?.commandedAt,
        revert?.trafficRestoredAt,
        revert?.intentRestoredAt,
      ])
        expect(Date.parse(time ?? '')).not.toBeNaN();
      expect((await place.rollout()).spec.template?.spec.containers[0]?.image).toBe(imageFor('twice', 'v1'));
    }
    const { status } = await place.environment();
    expect(status?.quarantine?.map((q) => q.promotion)).toEqual(['twice-v2', 'twice-v3']);

    const { generation } = (await place.rollout()).metadata;
    await place.promote('v2', 'twice-again');
    const refused = await place.untilEnded('twice-again');
    expect(reasonOf(refused)).toBe('Quarantined');
    expect(refused.status?.conditions?.[0]?.message).toContain('ship a fixed image');
    expect((await place.rollout()).metadata.generation).toBe(generation);

    await place.promote('v4');
    expect(reasonOf(await place.untilEnded('twice-v4'))).toBe('Succeeded');
    await until('the Environment knows that it is good', async (seen) => {
      const truth = (await place.environment()).status?.targets?.[0];
      seen(truth);
      return truth?.lastGood?.promotion === 'twice-v4';
    });

    await place.promote('v4', 'twice-v4-again');
    expect(reasonOf(await place.untilEnded('twice-v4-again'))).toBe('AlreadyDone');
  });

  test.each([
    ['without rollbackWindow', {}],
    ['with rollbackWindow', { spec: { rollbackWindow: { revisions: 3 } } }],
  ])('a failure in the bake is reverted without walking the steps, %s', async (title, options) => {
    const app = title.startsWith('without') ? 'bake' : 'bake-window';
    const place = await new Place(cluster.api, NAMESPACE, app).prepare({
      ...options,
      analysis: { bakeSeconds: 600 },
    });
    await place.promote('v2');
    await place.untilReason(`${app}-v2`, 'Baking');
    await controls.behave(imageFor(app, 'v2'), { errorRate: 0.5 });
    const ended = await place.untilEnded(`${app}-v2`);
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(await place.pods()).toEqual({ [imageFor(app, 'v1')]: 5, [imageFor(app, 'v2')]: 0 });
    expect((await place.rollout()).status?.phase).toBe('Healthy');
    expect((await place.environment()).status?.targets?.[0]?.current?.promotion).not.toBe(`${app}-v2`);
  });

  test('records of ended promotions are let go', async () => {
    const { items } = await cluster.api.list<{
      apiVersion: string;
      kind: string;
      metadata: { name: string; labels?: Record<string, string> };
    }>(`/apis/apps/v1/namespaces/${NAMESPACE}/controllerrevisions`);
    expect(items.map((r) => r.metadata.name)).toEqual([]);
  });
});
