import { beforeAll, describe, expect, test } from '@jest/globals';
import { Fleet } from '../harness/fleet.ts';
import { createRollout, untilHealthy } from '../harness/fixtures.ts';
import { FAILING, PASSING, UNDECIDED } from '../harness/gates.ts';
import { ERROR_RATE, imageFor, Place, QUICK, reasonOf, revisionImage } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* Several services in one promotion, on the real controller: wave by wave, judged and brought back together. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'waves';

beforeAll(() => cluster.createNamespace(NAMESPACE));

const fleet = (name: string, waves: readonly number[]): Fleet =>
  new Fleet(cluster.api, NAMESPACE, name, waves);
const images = (place: Fleet, version: string): Record<string, string> =>
  Object.fromEntries(place.targets.map(({ name }) => [name, imageFor(name, version)]));

describe('a fleet', () => {
  test('rises wave by wave: the second is not touched before the first is fully promoted', async () => {
    const here = await fleet('rise', [0, 0, 1]).prepare();
    await here.promote('v2');
    const states = await until('the second wave begins', async (seen) => {
      const { status } = await here.promotion('rise-v2');
      seen(status?.targets);
      const [one, two, three] = status?.targets ?? [];
      if (three?.state === 'Pending')
        expect((await here.declared())['rise-3']).toBe(imageFor('rise-3', 'v1'));
      return three && three.state !== 'Pending' && [one?.state, two?.state];
    });
    expect(states).toEqual(['Promoted', 'Promoted']);
    const ended = await here.untilEnded('rise-v2');
    expect(reasonOf(ended)).toBe('Succeeded');
    expect(await here.declared()).toEqual(images(here, 'v2'));
    const truth = await until('all are last good', async () => {
      const { status } = await here.environment();
      const good = status?.targets?.map((t) => t.lastGood?.promotion);
      return good?.every(Boolean) && good;
    });
    expect(truth).toEqual(['rise-v2', 'rise-v2', 'rise-v2']);
  });

  test('goes back whole when the last wave fails after the first was fully promoted, and only what failed is refused', async () => {
    const here = await fleet('fall', [0, 1]).prepare();
    const before = await here.declared();
    await controls.behave(imageFor('fall-2', 'v2'), { errorRate: 0.4 });
    await here.promote('v2');
    const ended = await here.untilEnded('fall-v2');
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(ended.status?.revert?.target).toBe('fall-2');
    expect(await here.declared()).toEqual(before);
    for (const { name } of here.targets) {
      expect((await here.rollout(name)).status?.phase).toBe('Healthy');
      expect((await here.pods(name))[imageFor(name, 'v2')] ?? 0).toBe(0);
    }
    const { status } = await here.environment();
    expect(status?.quarantine?.map((q) => q.target)).toEqual(['fall-2']);
    expect(ended.status?.targets?.map((t) => t.state)).toEqual(['RolledBack', 'RolledBack']);
  });

  test('a deleted Rollout ends it, and the others go back', async () => {
    const here = await fleet('lost', [0, 0]).prepare({ gate: UNDECIDED });
    await here.promote('v2');
    await until('both are judged', async () => {
      const { status } = await here.promotion('lost-v2');
      return status?.targets?.every((t) => t.state === 'Analysing');
    });
    await cluster.api.delete(`/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/rollouts/lost-1`);
    const ended = await here.untilEnded('lost-v2');
    expect(reasonOf(ended)).toBe('TargetDeleted');
    const left = await here.rollout('lost-2');
    expect(left.spec.template?.spec.containers[0]?.image).toBe(imageFor('lost-2', 'v1'));
    expect(left.status?.phase).toBe('Healthy');
  });
});

test('three services in three namespaces rise and fall together', async () => {
  const apps = ['north', 'east', 'west'];
  const namespaceOf = (app: string): string => `${NAMESPACE}-${app}`;
  for (const app of apps) {
    await cluster.createNamespace(namespaceOf(app));
    const annotations = { 'sluice.dev/allowed-environments': `${NAMESPACE}/compass` };
    const image = imageFor(app, 'v1');
    await createRollout(cluster.api, namespaceOf(app), app, { image, replicas: 2, annotations });
  }
  const here = new Place(cluster.api, NAMESPACE, 'compass');
  await here.apply('Gate', 'compass', ERROR_RATE);
  await here.apply('Environment', 'compass', {
    targets: apps.map((name) => ({ name, rollout: { name, namespace: namespaceOf(name) } })),
    gates: [{ gate: 'compass', when: 'During' }],
    analysis: QUICK,
  });
  for (const app of apps) await untilHealthy(cluster.api, namespaceOf(app), app);
  const declared = (): Promise<string[]> =>
    Promise.all(apps.map((app) => new Place(cluster.api, namespaceOf(app), app).image()));
  const order = (version: string): object => ({
    environment: 'compass',
    revision: { images: apps.map((app) => revisionImage(app, version)) },
  });

  await here.apply('Promotion', 'compass-v2', order('v2'));
  expect(reasonOf(await here.untilEnded('compass-v2'))).toBe('Succeeded');
  expect(await declared()).toEqual(apps.map((app) => imageFor(app, 'v2')));

  await controls.behave(imageFor('west', 'v3'), { errorRate: 0.5 });
  await here.apply('Promotion', 'compass-v3', order('v3'));
  expect(reasonOf(await here.untilEnded('compass-v3'))).toBe('RolledBack');
  expect(await declared()).toEqual(apps.map((app) => imageFor(app, 'v2')));
});

describe('one place, two orders', () => {
  test('for different targets they run side by side', async () => {
    const here = await fleet('side', [0, 0]).prepare({ gate: UNDECIDED });
    // Something was promoted here before: a place that knows nothing starts none of two.
    await here.apply('Gate', 'side', PASSING);
    await here.promote('v2');
    expect(reasonOf(await here.untilEnded('side-v2'))).toBe('Succeeded');
    await here.apply('Gate', 'side', UNDECIDED);
    await here.apply('Promotion', 'one', here.orderOf('v3', ['side-1']));
    await here.apply('Promotion', 'two', here.orderOf('v3', ['side-2']));
    await here.untilReason('one', 'Analysing');
    await here.untilReason('two', 'Analysing');
    await here.apply('Gate', 'side', PASSING);
    expect(reasonOf(await here.untilEnded('one'))).toBe('Succeeded');
    expect(reasonOf(await here.untilEnded('two'))).toBe('Succeeded');
    expect(await here.declared()).toEqual(images(here, 'v3'));
  });
});

const around = async (app: string, when: 'Before' | 'After', gate: object): Promise<Place> => {
  const here = await new Place(cluster.api, NAMESPACE, app).prepare({ gate: PASSING });
  await here.apply('Gate', `${app}-${when.toLowerCase()}`, gate);
  await here.apply('Environment', app, {
    targets: [{ name: app, rollout: { name: app } }],
    gates: [
      { gate: app, when: 'During' },
      { gate: `${app}-${when.toLowerCase()}`, when },
    ],
    analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 1 },
  });
  await here.promote('v2');
  return here;
};

describe('gates around a rollout', () => {
  test('Before: nothing is changed until it passes', async () => {
    const here = await around('first', 'Before', FAILING);
    const waiting = await until('it waits for the gate', async () => {
      const found = await here.promotion('first-v2');
      return found.status?.blockedBy?.some((b) => b.message.includes('before anything is changed')) && found;
    });
    expect(reasonOf(waiting)).toBe('Preflight');
    expect((await here.rollout()).spec.template?.spec.containers[0]?.image).toBe(imageFor('first', 'v1'));
    await here.apply('Gate', 'first-before', PASSING);
    expect(reasonOf(await here.untilEnded('first-v2'))).toBe('Succeeded');
  });

  test('After: it is asked when the bake is over, and its failure brings everything back', async () => {
    const here = await around('last', 'After', { ...UNDECIDED });
    await here.untilReason('last-v2', 'Verifying');
    await here.apply('Gate', 'last-after', FAILING);
    expect(reasonOf(await here.untilEnded('last-v2'))).toBe('RolledBack');
    expect((await here.environment()).status?.targets?.[0]?.lastGood).toBeUndefined();
  });
});
