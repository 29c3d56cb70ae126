import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IN_USE_FINALIZER, REVERT_FINALIZER } from '../../src/api/v1alpha1/names.ts';
import type { Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { Fleet } from '../harness/fleet.ts';
import { imageFor, Place, reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { USERS } from '../harness/users.ts';
import { until } from '../harness/until.ts';
import { type Followed, follow } from '../harness/watch.ts';

/*
 * What Argo CD does all day to objects that it manages, done much faster than it would: it applies what
 * Git says, with force, under its own name. It must take nothing away that Sluice has written, and move
 * nothing. The Rollout is not among them: who declares its images is a question of its own.
 */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'gitops';

/** Every version of every object that the watches have delivered, oldest first, by name. */
const promotions = new Map<string, (Promotion & KubeObject)[]>();
const environments = new Map<string, (Environment & KubeObject)[]>();
const watches: Followed<KubeObject>[] = [];

function keepIn<T extends KubeObject>(histories: Map<string, T[]>): (object: T) => void {
  return (object) => {
    const { name } = object.metadata;
    histories.set(name, [...(histories.get(name) ?? []), object]);
  };
}

/** The rights that Argo CD's controller needs here, and no more. */
async function allowArgoCD(): Promise<void> {
  const metadata = { name: 'argocd', namespace: NAMESPACE };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const resources = ['environments', 'gates', 'promotions'];
  const rules = [{ apiGroups: ['sluice.dev'], resources, verbs: ['get', 'create', 'patch'] }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name };
  const subjects = [{ kind: 'User', name: USERS.argocd.username, apiGroup: 'rbac.authorization.k8s.io' }];
  for (const object of [
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects },
  ])
    await apply(cluster.api, object);
}

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await allowArgoCD();
  watches.push(
    await follow(cluster.api, sluicePath(NAMESPACE, 'promotions'), keepIn(promotions)),
    await follow(cluster.api, sluicePath(NAMESPACE, 'environments'), keepIn(environments)),
  );
});
afterAll(() => {
  for (const watch of watches) watch.stop();
});

/** Applies all that Git has of this place, once, as Argo CD does it. */
async function sync(place: Place): Promise<void> {
  for (const [name, manifest] of place.manifests) {
    const annotations = { 'argocd.argoproj.io/tracking-id': `shop:sluice.dev/${name}` };
    const tracked = { ...manifest, metadata: { ...manifest.metadata, annotations } };
    await apply(cluster.apiAs('argocd'), tracked, { fieldManager: 'argocd-controller' });
  }
}

/** Applies it every second until `work` is done; how often it did. A refusal fails the test. */
async function syncDuring(place: Place, work: Promise<unknown>): Promise<number> {
  const ended = new AbortController();
  const { signal } = ended;
  const syncing = async (): Promise<number> => {
    let times = 0;
    while (!signal.aborted) {
      await sync(place);
      times += 1;
      await delay(1000, undefined, { signal }).catch(() => {});
    }
    return times;
  };
  const [times] = await Promise.all([syncing(), work.finally(() => ended.abort())]);
  return times;
}

/** Whether what was there once was there ever after. */
function neverLost<T>(history: readonly T[], has: (object: T) => boolean): boolean {
  const first = history.findIndex(has);
  return first >= 0 && history.slice(first).every(has);
}

/** Whether a finalizer was there, each time that this changed: one that is taken away comes back, and shows here. */
function comingAndGoing(history: readonly KubeObject[], finalizer: string): boolean[] {
  const there = history.map((object) => object.metadata.finalizers?.includes(finalizer) ?? false);
  return there.filter((is, index) => is !== there[index - 1]);
}

const CASES: [string, number, string, () => Place][] = [
  ['a good promotion', 0, 'Succeeded', () => new Place(cluster.api, NAMESPACE, 'good')],
  ['a bad promotion', 0.3, 'RolledBack', () => new Place(cluster.api, NAMESPACE, 'bad')],
  ['a promotion in two waves', 0, 'Succeeded', () => new Fleet(cluster.api, NAMESPACE, 'fleet', [0, 1])],
];

describe('Argo CD applies what Git has, every second', () => {
  test.each(CASES)('and %s ends as it would have', async (_, errorRate, ending, make) => {
    const place = await make().prepare();
    const { app } = place;
    const name = `${app}-v2`;
    const rollouts = place instanceof Fleet ? place.targets.map((t) => t.name) : [app];
    for (const rollout of rollouts) await controls.behave(imageFor(rollout, 'v2'), { errorRate });
    await place.promote('v2');
    const times = await syncDuring(place, place.untilEnded(name));
    expect(times).toBeGreaterThan(2);

    const ended = await place.promotion(name);
    expect(reasonOf(ended)).toBe(ending);
    const version = ending === 'Succeeded' ? 'v2' : 'v1';
    for (const rollout of rollouts) {
      const { spec } = await place.rollout(rollout);
      expect(spec.template?.spec.containers[0]?.image).toBe(imageFor(rollout, version));
      expect((await place.pods(rollout))[imageFor(rollout, version)]).toBe(spec.replicas);
    }

    await until('the watch has brought the end', () => {
      const last = promotions.get(name)?.at(-1);
      return last?.metadata.finalizers === undefined && last?.status?.completedAt !== undefined;
    });
    const history = promotions.get(name) ?? [];
    expect(neverLost(history, (p) => p.status?.conditions !== undefined)).toBe(true);
    expect(neverLost(history, (p) => p.status?.plan !== undefined)).toBe(true);
    expect(history.map((p) => p.metadata.generation)).toEqual(history.map(() => 1));
    expect(comingAndGoing(history, REVERT_FINALIZER)).toEqual([false, true, false]);
    const places = (): (Environment & KubeObject)[] => environments.get(app) ?? [];
    await until('the Environment is let go', () => comingAndGoing(places(), IN_USE_FINALIZER).length >= 3);
    expect(comingAndGoing(places(), IN_USE_FINALIZER)).toEqual([false, true, false]);
    expect(neverLost(places(), (e) => e.status?.targets !== undefined)).toBe(true);
  });

  test('and what has ended is not moved, nor written, by it', async () => {
    const place = await new Place(cluster.api, NAMESPACE, 'over').prepare({ ungated: true });
    await place.promote('v2');
    await syncDuring(place, place.untilEnded('over-v2'));
    await sync(place);
    const before = await until('Sluice has let it go', async () => {
      const found = await place.promotion('over-v2');
      return found.metadata.finalizers === undefined && found;
    });
    for (let times = 0; times < 3; times += 1) await sync(place);
    expect(await place.promotion('over-v2')).toEqual(before);
  });
});
