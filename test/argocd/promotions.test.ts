import { describe, expect, test } from '@jest/globals';
import { imageFor, reasonOf } from '../harness/promotions.ts';
import { APP, type Shop } from './shop.ts';
import { shops } from './shops.ts';

/*
 * A good and a bad promotion that come from Git, by the real Argo CD with self-heal and pruning on, the Application being
 * that of the documentation: nobody undoes anybody's work, and the health shown is the one that is told, all the time.
 */

const open = shops();

/** How Argo CD applies: the name of it here, the options of the Application, and the verb that makes an object. */
const WAYS: [string, string[], string][] = [
  ['client', [], 'create'],
  ['server', ['ServerSideApply=true'], 'patch'],
];

/**
 * The Promotion is all that Argo CD has written since, and it has changed nothing of it: on the server it may apply it
 * once more, after a comparison with a cache that did not have it yet.
 */
async function expectApplied(
  shop: Shop,
  before: readonly string[],
  verb: string,
  name: string,
): Promise<void> {
  const [made, ...again] = shop.written().slice(before.length);
  expect(made).toBe(`${verb} promotions ${shop.name}/${name} 201`);
  expect([[], [`${verb} promotions ${shop.name}/${name} 200`]]).toContainEqual(again);
  expect((await shop.place.promotion(name)).metadata.generation).toBe(1);
}

describe.each(WAYS)('Argo CD, which applies on the %s', (way, syncOptions, verb) => {
  test('a good promotion ends Healthy, and its image stays', async () => {
    const shop = await open(`good-${way}`, { syncOptions });
    const { place, shown } = shop;
    const before = shop.written();
    const name = await shop.order('v2');
    expect(reasonOf(await place.untilEnded(name))).toBe('Succeeded');
    await shop.until('shows it Healthy', () => shown.healths('Promotion', name).at(-1) === 'Healthy');
    await shop.untilCompared(3);

    const { status } = await shop.application();
    expect([status?.sync?.status, status?.health?.status]).toEqual(['Synced', 'Healthy']);
    expect(shown.healths('Promotion', name)).toEqual(expect.arrayContaining(['Progressing', 'Healthy']));
    expect(shown.lies()).toEqual([]);
    expect(await place.image()).toBe(imageFor(APP, 'v2'));
    expect(await place.pods()).toEqual({ [imageFor(APP, 'v1')]: 0, [imageFor(APP, 'v2')]: 5 });
    await expectApplied(shop, before, verb, name);
  });

  test('a bad promotion ends Degraded, and the image before it is back and stays', async () => {
    const shop = await open(`bad-${way}`, { syncOptions });
    const { place, shown } = shop;
    const before = shop.written();
    const name = await shop.order('bad');
    expect(reasonOf(await place.untilEnded(name))).toBe('RolledBack');
    await shop.until('shows it Degraded', () => shown.healths('Promotion', name).at(-1) === 'Degraded');
    await shop.untilCompared(3);

    const { status } = await shop.application();
    expect([status?.sync?.status, status?.health?.status]).toEqual(['Synced', 'Degraded']);
    const degraded = status?.resources?.filter((r) => r.health?.status !== 'Healthy').map((r) => r.kind);
    expect(degraded).toEqual(['Promotion']);
    expect(shown.lies()).toEqual([]);
    expect(await place.image()).toBe(imageFor(APP, 'v1'));
    expect(await place.pods()).toEqual({ [imageFor(APP, 'v1')]: 5, [imageFor(APP, 'bad')]: 0 });
    await expectApplied(shop, before, verb, name);

    const next = await shop.order('v3');
    expect(reasonOf(await place.untilEnded(next))).toBe('Succeeded');
    await shop.untilHealth('Healthy');
    expect(shown.lies()).toEqual([]);
  });
});
