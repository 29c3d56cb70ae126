import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PASSING } from '../harness/gates.ts';
import { helm, installChart } from '../harness/helm.ts';
import { type RunningOperator, startOperator } from '../harness/operator.ts';
import { imageFor, Place, reasonOf, sluicePath } from '../harness/promotions.ts';
import { documentedRights, listedRights } from '../harness/rights-listed.ts';
import { until } from '../harness/until.ts';
import { startWorld, type World } from '../harness/world.ts';

/*
 * An installation that is confined to two namespaces: what works in it, what it has no right to, and what is left when
 * it is confined further and removed. In a world of its own: the tests are the steps of its life, in this order. What
 * such an operator says of targets elsewhere is in ownership-limited.test.ts.
 */

const RELEASE_NAMESPACE = 'sluice-system';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
let world: World;
let operator: RunningOperator;

beforeAll(async () => {
  world = await startWorld();
  const { cluster, prometheus } = world;
  await Promise.all(['shop', 'pay', 'other'].map((name) => cluster.createNamespace(name)));
  await installChart(cluster, 'namespaces={shop,pay}');
  operator = await startOperator(cluster.run, cluster, {
    prometheusAddress: prometheus.url,
    args: ['--namespaces=shop,pay'],
  });
});
afterAll(() => world.stop());

/** A place in a namespace with a gate that passes, its app named after the namespace. */
const placeIn = (namespace: string): Promise<Place> =>
  new Place(world.cluster.api, namespace, namespace).prepare({ gate: PASSING });

/** What kubectl answers to the operator's question whether it may: `yes` or `no`. */
async function mayI(...question: string[]): Promise<string> {
  const { stdout, stderr } = await world.cluster.kubectl(['auth', 'can-i', ...question], {
    user: 'operator',
  });
  // A `no` may be followed by its reason; no answer at all would otherwise pass for one.
  const [answer] = /^(?:yes|no)\b/.exec(stdout) ?? [];
  if (answer === undefined) throw new Error(`kubectl says ${stdout}${stderr}`);
  return answer;
}

/** What the release made in a collection: nothing else here is named so. */
async function ours(collection: string): Promise<string[]> {
  const { items } = await world.cluster.api.list(collection);
  return items.map((o) => o.metadata.name).filter((name) => /^sluice(-|$)/.test(name));
}

test('promotions succeed in its namespaces, and one in another is left alone', async () => {
  const [shop, pay, other] = await Promise.all([placeIn('shop'), placeIn('pay'), placeIn('other')]);
  // Asked for first: had anybody worked on it, that would show by the time the others have ended.
  await other.promote('v2');
  await Promise.all([shop.promote('v2'), pay.promote('v2')]);
  for (const place of [shop, pay]) {
    expect(reasonOf(await place.untilEnded(`${place.app}-v2`))).toBe('Succeeded');
    expect(await place.image()).toBe(imageFor(place.app, 'v2'));
    expect((await place.environment()).status?.conditions).toBeDefined();
  }
  const alone = await other.promotion('other-v2');
  expect([alone.status, alone.metadata.finalizers]).toEqual([undefined, undefined]);
  expect((await other.environment()).status).toBeUndefined();
  expect(await other.image()).toBe(imageFor('other', 'v1'));
});

test.each([
  ['list', 'promotions.sluice.dev', '--all-namespaces'],
  ['watch', 'rollouts.argoproj.io', '--all-namespaces'],
  ['get', 'secrets', '--all-namespaces'],
  ['list', 'promotions.sluice.dev', '--namespace=other'],
  ['patch', 'rollouts.argoproj.io', '--namespace=other'],
  ['get', 'secrets', '--namespace=other'],
  ['list', 'pods', '--namespace=other'],
])('it may not %s %s %s', async (...question) => {
  expect(await mayI(...question)).toBe('no');
  // The same in a namespace of its own it may: the question is one that can be answered otherwise.
  expect(await mayI(...question.slice(0, 2), '--namespace=pay')).toBe('yes');
});

test('the API server lists for it what is on record and nothing else, in each namespace and in the whole cluster', async () => {
  const { cluster } = world;
  for (const namespace of ['shop', 'pay'])
    expect(await listedRights(cluster, namespace)).toEqual(documentedRights('its namespaces', 'the cluster'));
  expect(await listedRights(cluster, 'other')).toEqual(documentedRights('the cluster'));
  expect(await listedRights(cluster, RELEASE_NAMESPACE)).toEqual(
    documentedRights('the cluster', "the release's namespace"),
  );
});

test('a namespace that is taken from `namespaces` is one in which it has no rights any more', async () => {
  await operator.program.stop();
  await installChart(world.cluster, 'namespaces={shop}');
  await until('the rights in pay are gone', async (seen) => {
    const left = await listedRights(world.cluster, 'pay');
    seen(left);
    return left.join() === documentedRights('the cluster').join();
  });
  expect(await mayI('list', 'promotions.sluice.dev', '--namespace=pay')).toBe('no');
  expect(await mayI('list', 'promotions.sluice.dev', '--namespace=shop')).toBe('yes');
  expect(await ours(`${RBAC}/namespaces/pay/rolebindings`)).toEqual([]);
});

test('helm uninstall takes rights and policies, and leaves the CRDs and every object', async () => {
  const { cluster } = world;
  const made = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map((c) => `${RBAC}/${c}`);
  const policies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'];
  const collections = [...made, ...policies.map((c) => `${ADMISSION}/${c}`), '/api/v1/serviceaccounts'];
  for (const collection of collections)
    expect([collection, await ours(collection)]).not.toEqual([collection, []]);
  await helm(cluster, ['uninstall', 'sluice', '--namespace', RELEASE_NAMESPACE, '--wait']);
  for (const collection of collections)
    expect([collection, await ours(collection)]).toEqual([collection, []]);
  await until('no right is left', async (seen) => {
    const left = await Promise.all(['shop', RELEASE_NAMESPACE].map((n) => listedRights(cluster, n)));
    seen(left);
    return left.flat().length === 0;
  });

  const { items: crds } = await cluster.api.list(CRDS);
  expect(crds.filter((crd) => crd.metadata.name.endsWith('.sluice.dev'))).toHaveLength(4);
  for (const app of ['shop', 'pay', 'other'])
    for (const [plural, name] of [
      ['promotions', `${app}-v2`],
      ['environments', app],
      ['gates', app],
    ] as const) {
      const kept = await cluster.api.get(sluicePath(app, plural, name));
      expect(kept.metadata.deletionTimestamp).toBeUndefined();
    }
  const shop = new Place(cluster.api, 'shop', 'shop');
  expect(reasonOf(await shop.promotion('shop-v2'))).toBe('Succeeded');
  expect(await shop.image()).toBe(imageFor('shop', 'v2'));
});
