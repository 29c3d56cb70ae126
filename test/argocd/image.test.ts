import { expect, test } from '@jest/globals';
import type { Rollout } from '../harness/kinds.ts';
import { imageFor, reasonOf } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { APP, type Shop, sluice } from './shop.ts';
import { shops } from './shops.ts';

/* Whose the image is, as docs/gitops.md tells it, by the real Argo CD: without the ignore rule, and at its limits. */

const open = shops();

/** A part of the containers that is not the image. */
async function modeOf({ place }: Shop): Promise<string | undefined> {
  const { template } = (await place.rollout()).spec;
  return template.spec.containers[0]?.env?.[0]?.value;
}

function withoutImage({ spec, ...rest }: Rollout): object {
  const { template } = structuredClone(spec);
  for (const container of template.spec.containers) Reflect.deleteProperty(container, 'image');
  return { ...rest, spec: { ...spec, template } };
}

test('granted and not ignored, and Git has the failed image: the canary stays aborted until Git is corrected', async () => {
  const prometheus = { query: 'vector(1)', pass: 'value > 1.0', fail: 'value < 1.0' };
  const shop = await open('fought', { gate: { prometheus, intervalSeconds: 1 } });
  const { place, shown } = shop;
  const name = await shop.order('bad');
  await place.untilReason(name, 'Analysing');
  // Merged in Git as well while it rises; from now on it is not ignored, and it fails.
  await shop.untilSynced(
    await shop.commit('bad', { rollout: shop.rollout({ image: imageFor(APP, 'bad') }) }),
  );
  await shop.apply({ notIgnoring: true });
  await shop.untilCompared(2);
  await shop.commit('a strict gate', {
    gate: sluice('Gate', APP, { prometheus: { ...prometheus, fail: 'value < 2.0' }, intervalSeconds: 1 }),
  });
  const asked = await place.untilReason(name, 'RevertPendingIntent');
  expect(asked.status?.targets?.[0]?.restores).toBe(2);
  const message = asked.status?.conditions?.[0]?.message;
  expect(message).toContain(`Argo CD (Application ${shop.name}) declares the failed revision`);
  expect(message).toContain(`set container app to ${imageFor(APP, 'v1')} where it is declared (in Git)`);
  await shop.until('shows it Degraded', () => shown.healths('Promotion', name).at(-1) === 'Degraded');
  const before = shop.written();
  await shop.untilCompared(3);
  // Nobody writes any more: Argo CD has what it wants to be declared, and Sluice keeps it from being served.
  expect(shop.written()).toEqual(before);
  expect(await place.image()).toBe(imageFor(APP, 'bad'));
  expect((await place.rollout()).status?.abort).toBe(true);
  expect(await place.pods()).toEqual({ [imageFor(APP, 'v1')]: 5, [imageFor(APP, 'bad')]: 0 });

  await shop.commit('as it was', { rollout: shop.rollout() });
  expect(reasonOf(await place.untilEnded(name))).toBe('RolledBack');
  expect(await place.image()).toBe(imageFor(APP, 'v1'));
  expect(await place.pods()).toEqual({ [imageFor(APP, 'v1')]: 5, [imageFor(APP, 'bad')]: 0 });
  expect(shown.lies()).toEqual([]);
});

test('a change of the containers in Git beside the ignored image is not applied, and disturbs promotions, until it is applied without the rule and with the image that runs', async () => {
  const shop = await open('beside');
  const { place } = shop;
  const bring = async (version: string): Promise<string> => {
    const name = `bring-${version}`;
    await shop.commit(name, { promotion: sluice('Promotion', name, place.orderOf(version)) });
    await until('it is there', () => place.promotion(name));
    return reasonOf(await place.untilEnded(name));
  };
  expect(await bring('v2')).toBe('Succeeded');

  const env = { MODE: 'other' };
  await shop.commit('another mode', { rollout: shop.rollout({ env, replicas: 6 }) });
  await until('what is no container is applied', async () => (await place.rollout()).spec.replicas === 6);
  await shop.untilCompared(2);
  expect((await shop.application()).status?.sync?.status).toBe('OutOfSync');
  expect([await modeOf(shop), await place.image()]).toEqual(['live', imageFor(APP, 'v2')]);
  // The sync that brings a Promotion applies the Rollout, too, as it was before: then it is a matter of who comes last.
  const before = shop.written().length;
  const ended = await bring('v3');
  expect(['StrangerRevision', 'Succeeded']).toContain(ended);
  expect(shop.written().slice(before)).toContain(`patch rollouts ${shop.name}/${APP} 200`);
  const image = imageFor(APP, ended === 'Succeeded' ? 'v3' : 'v2');
  expect([await modeOf(shop), await place.image()]).toEqual(['live', image]);

  const corrected = { rollout: shop.rollout({ env, replicas: 6, image }) };
  const sha = await shop.commit('another mode, and what runs', corrected);
  await shop.apply({ notIgnoring: true });
  await shop.untilSynced(sha);
  expect([await modeOf(shop), await place.image()]).toEqual(['other', image]);
  await shop.apply({});
  await shop.untilCompared(2);
  expect((await shop.application()).status?.sync?.status).toBe('Synced');
});

test('left out of Git once Sluice has written it, with server-side apply: all else of the containers is applied', async () => {
  const syncOptions = ['ServerSideApply=true'];
  const shop = await open('left-out', { syncOptions });
  const { place } = shop;
  const bring = async (version: string): Promise<string> =>
    reasonOf(await place.untilEnded(await shop.order(version)));
  expect(await bring('v2')).toBe('Succeeded');
  await shop.untilSynced(await shop.commit('no image', { rollout: withoutImage(shop.rollout()) }));
  await shop.apply({ syncOptions, notIgnoring: true });
  await shop.untilCompared(2);
  expect(await place.image()).toBe(imageFor(APP, 'v2'));

  expect(await bring('v3')).toBe('Succeeded');
  expect(await bring('bad')).toBe('RolledBack');
  const rollout = withoutImage(shop.rollout({ env: { MODE: 'other' } }));
  await shop.untilSynced(await shop.commit('another mode', { rollout }));
  expect([await modeOf(shop), await place.image()]).toEqual(['other', imageFor(APP, 'v3')]);
  expect(shop.shown.lies()).toEqual([]);
});
