import { describe, expect, test } from '@jest/globals';
import type { Gate } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { ERROR_RATE, imageFor, reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { APP, type Shop, sluice } from './shop.ts';
import { shops } from './shops.ts';

/* What docs/argocd.md says of pruning, re-creation and self-heal, by the real Argo CD. */

const { api } = sharedWorld().cluster;
const open = shops();

/** Commits a Promotion and waits for its end; how it ended. */
async function bring(shop: Shop, version: string): Promise<string> {
  return reasonOf(await shop.place.untilEnded(await shop.order(version)));
}

describe('a Promotion that comes back is a new order', () => {
  test('self-heal brings back what is deleted in the cluster, and that is done or refused at once', async () => {
    const shop = await open('deleted');
    for (const [version, first, again, health] of [
      ['v2', 'Succeeded', 'AlreadyDone', 'Healthy'],
      ['bad', 'RolledBack', 'Quarantined', 'Degraded'],
    ] as const) {
      expect(await bring(shop, version)).toBe(first);
      const name = `bring-${version}`;
      const { metadata } = await shop.place.promotion(name);
      await api.delete(sluicePath(shop.name, 'promotions', name));
      await until('Argo CD has brought it back', async () => {
        const found = await shop.place.promotion(name);
        return found.metadata.uid !== metadata.uid;
      });
      expect(reasonOf(await shop.place.untilEnded(name))).toBe(again);
      await shop.untilHealth(health);
      expect(await shop.place.image()).toBe(imageFor(APP, 'v2'));
    }
    expect(shop.shown.lies()).toEqual([]);
  });

  test('`git revert` goes back: the Promotion before comes again, and is carried out', async () => {
    const shop = await open('reverted');
    for (const version of ['v2', 'v3']) expect(await bring(shop, version)).toBe('Succeeded');
    await shop.revert();
    expect(reasonOf(await shop.place.untilEnded('bring-v2'))).toBe('Succeeded');
    expect(await shop.place.image()).toBe(imageFor(APP, 'v2'));
    await shop.untilHealth('Healthy');
    expect(await api.find(sluicePath(shop.name, 'promotions', 'bring-v3'))).toBeUndefined();
    expect(shop.shown.lies()).toEqual([]);
  });
});

describe('of a Promotion in flight', () => {
  const undecided = {
    prometheus: { query: 'vector(1)', pass: 'value > 1.0', fail: 'value < 1.0' },
    intervalSeconds: 1,
  };

  /** A shop with v2 in flight. */
  async function rising(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<Shop> {
    const shop = await open(name, { gate: undecided });
    const spec = shop.place.orderOf('v2');
    await shop.commit('v2', { promotion: sluice('Promotion', 'bring-v2', spec, annotations) });
    await shop.place.untilReason('bring-v2', 'Analysing');
    return shop;
  }

  test('that is taken out of Git, what it did is taken back before it goes', async () => {
    const shop = await rising('pruned');
    const before = shop.written().length;
    await shop.untilSynced(await shop.commit('no release', { promotion: undefined }));
    expect(await api.find(sluicePath(shop.name, 'promotions', 'bring-v2'))).toBeUndefined();
    expect(await shop.place.image()).toBe(imageFor(APP, 'v1'));
    expect(await shop.place.pods()).toEqual({ [imageFor(APP, 'v1')]: 5, [imageFor(APP, 'v2')]: 0 });
    await shop.untilHealth('Healthy');
    expect(shop.shown.healths('Promotion', 'bring-v2').at(-1)).toBe('Progressing');
    expect(shop.shown.lies()).toEqual([]);
    expect(shop.written().slice(before)).toEqual([`delete promotions ${shop.name}/bring-v2 200`]);
  });

  test('the place is taken by the next one, which begins when all is back', async () => {
    const shop = await rising('replaced');
    const good = (await shop.place.rollout()).status?.stableRS;
    await shop.commit('v3', { promotion: sluice('Promotion', 'bring-v3', shop.place.orderOf('v3')) });
    const next = await shop.place.untilReason('bring-v3', 'Analysing');
    expect(await api.find(sluicePath(shop.name, 'promotions', 'bring-v2'))).toBeUndefined();
    expect(next.status?.targets?.[0]?.recorded?.hash).toBe(good);
    await shop.untilSynced(await shop.commit('no release', { promotion: undefined }));
    expect(await shop.place.pods()).toEqual({
      [imageFor(APP, 'v1')]: 5,
      [imageFor(APP, 'v2')]: 0,
      [imageFor(APP, 'v3')]: 0,
    });
    expect(shop.shown.lies()).toEqual([]);
  });

  test('Prune=false lets it finish, and the next one waits; it stays until it is deleted by hand', async () => {
    const shop = await rising('kept', { 'argocd.argoproj.io/sync-options': 'Prune=false' });
    const sha = await shop.commit('v3', {
      promotion: sluice('Promotion', 'bring-v3', shop.place.orderOf('v3')),
    });
    await until('the next one is there', () => shop.place.promotion('bring-v3'));
    await shop.place.untilReason('bring-v3', 'Queued');
    await shop.untilCompared(2);
    expect(reasonOf(await shop.place.promotion('bring-v2'))).toBe('Analysing');
    await shop.commit('decided', { gate: sluice('Gate', APP, ERROR_RATE) });
    for (const name of ['bring-v2', 'bring-v3']) {
      await until(`${name} is there`, () => shop.place.promotion(name));
      expect(reasonOf(await shop.place.untilEnded(name))).toBe('Succeeded');
    }
    await shop.untilHealth('Healthy');
    await shop.untilCompared(2);
    const { status } = await shop.application();
    expect(status?.sync?.status).toBe('OutOfSync');
    expect(status?.sync?.revision).not.toBe(sha);
    await api.delete(sluicePath(shop.name, 'promotions', 'bring-v2'));
    await shop.until('is in sync', (a) => a.status?.sync?.status === 'Synced');
    expect(await shop.place.image()).toBe(imageFor(APP, 'v3'));
    expect(shop.shown.lies()).toEqual([]);
  });
});

const gateOf = (shop: Shop): Promise<Gate & KubeObject> => api.get(sluicePath(shop.name, 'gates', APP));

test('an edit of a Promotion in Git is refused, with what to do instead; what else is in the commit is applied', async () => {
  // By default Argo CD tries five times more, and syncs nothing newer meanwhile.
  const shop = await open('edited', { retry: { limit: 0 } });
  expect(await bring(shop, 'v2')).toBe('Succeeded');
  await shop.commit('the same with another image', {
    promotion: sluice('Promotion', 'bring-v2', shop.place.orderOf('v3')),
    gate: sluice('Gate', APP, { ...ERROR_RATE, count: 3 }),
  });
  const { status } = await shop.until('has failed', (a) => a.status?.operationState?.phase === 'Failed');
  const failed = status?.operationState?.syncResult?.resources?.filter((r) => r.status === 'SyncFailed');
  expect(failed).toEqual([
    expect.objectContaining({
      kind: 'Promotion',
      name: 'bring-v2',
      message: expect.stringContaining('apply a new Promotion with a new name'),
    }),
  ]);
  expect((await gateOf(shop)).spec.count).toBe(3);
  expect(await shop.place.image()).toBe(imageFor(APP, 'v2'));
  expect((await shop.place.promotion('bring-v2')).metadata.generation).toBe(1);
  expect(shop.shown.lies()).toEqual([]);

  expect(await bring(shop, 'v3')).toBe('Succeeded');
  await shop.untilHealth('Healthy');
});

describe('beside self-heal', () => {
  test('edits in the cluster are undone, and a change of the Rollout in Git leaves the image that was promoted', async () => {
    const shop = await open('healed');
    expect(await bring(shop, 'v2')).toBe('Succeeded');
    await api.patch(sluicePath(shop.name, 'gates', APP), { spec: { count: 9 } });
    await api.patch(rolloutPath(shop.name, APP), { spec: { replicas: 3 } });
    await until('both are as in Git', async (seen) => {
      const now = [(await gateOf(shop)).spec.count, (await shop.place.rollout()).spec.replicas];
      seen(now);
      return now.join() === `${ERROR_RATE.count},5`;
    });
    await shop.untilSynced(await shop.commit('six of them', { rollout: shop.rollout({ replicas: 6 }) }));
    expect(await shop.place.image()).toBe(imageFor(APP, 'v2'));
    await until('six pods run what was promoted', async (seen) => {
      const pods = await shop.place.pods();
      seen(pods);
      return pods[imageFor(APP, 'v2')] === 6 && pods[imageFor(APP, 'v1')] === 0;
    });
    await shop.untilHealth('Healthy');
    expect(reasonOf(await shop.place.promotion('bring-v2'))).toBe('Succeeded');
  });

  test('what a person decides stays: Argo CD neither undoes a Rollback nor prunes the Promotion that it makes', async () => {
    const shop = await open('decided');
    expect(await bring(shop, 'v2')).toBe('Succeeded');
    const good = await shop.place.promotion('bring-v2');
    expect(await bring(shop, 'v3')).toBe('Succeeded');
    const before = shop.written().length;
    const decided = await shop.place.apply('Decision', 'back', {
      by: 'admin',
      verdict: 'Rollback',
      environment: APP,
      target: APP,
      revisionDigest: good.status?.revisionDigest,
      reason: 'customers complain',
    });
    const made = await until('a Promotion is made of it', async () => {
      const { name } = decided.metadata;
      const { status } = await api.get<KubeObject & { status?: { promotion?: string } }>(
        sluicePath(shop.name, 'decisions', name),
      );
      return status?.promotion;
    });
    expect(reasonOf(await shop.place.untilEnded(made))).toBe('Succeeded');
    await shop.untilCompared(3);
    const { status } = await shop.application();
    expect([status?.sync?.status, status?.health?.status]).toEqual(['Synced', 'Healthy']);
    expect(await shop.place.image()).toBe(imageFor(APP, 'v2'));
    expect(status?.resources?.filter((r) => r.kind === 'Promotion').map((r) => r.name)).toEqual(['bring-v3']);
    expect(await api.find(sluicePath(shop.name, 'promotions', made))).toBeDefined();
    expect(shop.written().slice(before)).toEqual([]);
  });
});
