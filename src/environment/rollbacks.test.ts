import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Decision, DecisionSpec, Environment, EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { imageReference, revisionDigest } from '../promotion/revision.ts';
import { toTime } from '../runtime/time.ts';
import { decide } from './decide.ts';
import { rollbackName } from './destinations.ts';
import { recordOf, refusalOfRollback, rollbackOrders } from './rollbacks.ts';

/* Which revision a Rollback brings back that names none. */

type Target = NonNullable<EnvironmentStatus['targets']>[number];
type Entry = NonNullable<EnvironmentStatus['history']>[number];

const START = Date.parse('2026-01-01T00:00:00Z');
const image = (version: number, app = 'checkout') => ({
  image: `ghcr.io/acme/${app}`,
  tag: `${version}`,
  digest: `sha256:${String(version).repeat(64)}`,
});
const digestOf = (version: number, app = 'checkout'): string => revisionDigest([image(version, app)]);
const ref = (version: number, app = 'checkout'): NonNullable<Target['lastGood']> => ({
  revisionDigest: digestOf(version, app),
  images: [imageReference(image(version, app))],
  promotion: `${app}-${version}`,
  since: toTime(START + version * 1000),
});

/** What has ended on a target, newest first: versions that succeeded, `!` one that did not, `<` a rollback to it. */
function history(words: string, target = 'checkout', app = target): Entry[] {
  return words.split(' ').map((word, i) => ({
    promotion: `p-${i}`,
    target,
    outcome: word.startsWith('!') ? 'RolledBack' : 'Succeeded',
    revisionDigest: digestOf(Number(word.at(-1)), app),
    images: [imageReference(image(Number(word.at(-1)), app))],
    ...(word.startsWith('<') && { rollback: 'd' }),
    completedAt: toTime(START - i * 1000),
  }));
}

/** A place whose targets run what the first success of their history brought. */
function place(status: EnvironmentStatus, targets = ['checkout']): Environment {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Environment',
    metadata: {
      name: 'prod',
      namespace: 'shop',
      uid: 'prod',
      resourceVersion: '1',
      creationTimestamp: toTime(START),
    },
    spec: environmentSpec.parse({ targets: targets.map((name) => ({ name, rollout: { name } })) }),
    status,
  };
}
const running = (version: number, words: string, change: Partial<Target> = {}): Environment =>
  place({
    targets: [{ name: 'checkout', current: ref(version), lastGood: ref(version), ...change }],
    history: history(words),
  });

/** A version that is refused on checkout. */
const bad = (version: number) => ({
  ...image(version),
  target: 'checkout',
  reason: 'r',
  promotion: `bad-${version}`,
  since: toTime(START),
});

/** A place with two targets, of which checkout came last. */
const two = (checkout: Partial<Target>, cart: Partial<Target>, app = 'cart'): Environment =>
  place(
    {
      targets: [
        { name: 'checkout', current: ref(3), lastGood: ref(3), ...checkout },
        { name: 'cart', current: ref(2, app), lastGood: ref(2, app), ...cart },
      ],
      history: [...history('3 1'), ...history('2 1', 'cart', app)],
    },
    ['checkout', 'cart'],
  );

const rollback = (spec: Partial<DecisionSpec> = {}, status?: Decision['status']): Decision => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Decision',
  metadata: {
    name: 'd9',
    namespace: 'shop',
    uid: 'd9-uid',
    resourceVersion: '1',
    creationTimestamp: toTime(START),
  },
  spec: { by: 'bob', verdict: 'Rollback', environment: 'prod', ...spec },
  ...(status && { status }),
});

function ordered(environment: Environment, decision = rollback()) {
  return rollbackOrders({
    now: START,
    environment,
    promotions: [],
    decisions: [decision],
    freezes: [],
    upstreams: new Map(),
    declared: () => undefined,
    running: () => undefined,
    problems: [],
  })[0]?.spec;
}
const tags = (environment: Environment, decision = rollback()): string | undefined =>
  ordered(environment, decision)
    ?.revision?.images.map((i) => i.tag)
    .join(' ');

test('of many Rollbacks at one look as many go as are put on record', () => {
  const many = Array.from({ length: 100 }, (_, n) => {
    const one = rollback();
    return { ...one, metadata: { ...one.metadata, name: `d${n}`, uid: `d${n}-uid` } };
  });
  const input = {
    now: START,
    environment: running(2, '2 1'),
    promotions: [],
    decisions: many,
    freezes: [],
    upstreams: new Map(),
    declared: () => undefined,
    running: () => undefined,
    problems: [],
  };
  const orders = rollbackOrders(input).map((o) => o.spec.rollback?.decision);
  expect(orders).toHaveLength(16);
  expect(decide(input).decisions?.map((d) => d.name)).toEqual(orders);
});

describe('a Rollback that names no revision goes', () => {
  test.each<[string, string, Environment]>([
    ['to what was good before what runs', '1', running(2, '2 1')],
    ['past what failed in between', '1', running(2, '2 !3 !1 1')],
    ['to what was last good where something newer bakes', '2', running(2, '2 1', { current: ref(3) })],
    [
      'to what was last good where something newer is on its way',
      '2',
      running(2, '2 1', { candidate: { revisionDigest: digestOf(3), promotion: 'checkout-3' } }),
    ],
    ['further back the second time, and not to what was taken back', '1', running(2, '<2 3 2 1')],
    ['also where a revision was skipped', '1', running(2, '<2 4 3 2 1')],
    ['to what was taken back once and has come again since', '3', running(4, '4 3 <2 3 2 1')],
    ['past what came twice in a row', '1', running(2, '2 2 1')],
  ])('%s', (_, version, environment) => {
    expect(tags(environment)).toBe(version);
    expect(refusalOfRollback(environment, rollback())).toBeUndefined();
  });

  test('never to what is refused there', () => {
    const refused = (...versions: number[]): Environment => {
      const environment = running(3, '3 2 1');
      return place({ ...environment.status, quarantine: versions.map(bad) });
    };
    expect(tags(refused(2))).toBe('1');
    expect(ordered(refused(1, 2))).toBeUndefined();
    expect(refusalOfRollback(refused(1, 2), rollback())).toContain(
      'is refused on target checkout since promotion bad-2 failed: release it',
    );
    const named = rollback({ target: 'checkout', revisionDigest: digestOf(2) });
    expect(ordered(refused(2), named)).toBeUndefined();
    expect(refusalOfRollback(refused(2), named)).toContain('release it with a Decision first');
    // The one that was good last may have failed when it came again.
    const again = place({ ...running(2, '2 1', { current: ref(3) }).status, quarantine: [bad(2)] });
    expect(tags(again)).toBe('1');
  });

  test.each<[string, Environment, string]>([
    ['nothing was good there before', running(1, '1'), 'knows nothing that was good there before'],
    [
      'what was good before is no longer on record',
      running(1, '<1 3'),
      'runs what was last good, checkout:1 (sha256:',
    ],
    [
      'it is on its way back by another Rollback',
      place({
        ...running(2, '2 1', {
          candidate: { revisionDigest: digestOf(1), promotion: rollbackName('d8-uid') },
        }).status,
        decisions: [{ name: 'd8', uid: 'd8-uid', by: 'eve', verdict: 'Rollback', at: toTime(START) }],
      }),
      'on its way back already, by Decision d8: wait until Promotion rollback-d8-uid has ended',
    ],
  ])('nowhere where %s', (_, environment, says) => {
    expect(ordered(environment)).toBeUndefined();
    expect(refusalOfRollback(environment, rollback())).toContain(says);
  });

  test('nowhere once it was refused, also when it could go later', () => {
    const status: Decision['status'] = {
      conditions: [
        {
          type: 'Accepted',
          status: 'False',
          reason: 'DigestMismatch',
          message: 'apply a Promotion',
          lastTransitionTime: toTime(START),
        },
      ],
    };
    expect(ordered(running(2, '2 1'), rollback({}, status))).toBeUndefined();
  });
});

describe('what is on record of a Rollback', () => {
  test('is what it brings back, and what it takes back: what runs, or what is on its way', () => {
    const to = `checkout:1 (${digestOf(1)})`;
    expect(recordOf(running(2, '2 1'), rollback())).toEqual({ left: digestOf(2), to });
    const candidate = { revisionDigest: digestOf(3), promotion: 'checkout-3' };
    expect(recordOf(running(1, '1', { candidate }), rollback())).toEqual({ left: digestOf(3), to });
    expect(ordered(running(2, '2 1'), rollback({ reason: 'slow' }))?.reason).toBe(
      'rollback by bob to checkout:1: slow',
    );
  });
});

describe('a Rollback that names no target', () => {
  test('is for those that have something newer than what was last good', () => {
    expect(ordered(two({}, { current: ref(4, 'cart') }))).toMatchObject({
      targets: ['cart'],
      revision: { images: [image(2, 'cart')] },
    });
  });

  test('else for those of the latest promotion', () => {
    expect(ordered(two({}, {}))).toMatchObject({ targets: ['checkout'], revision: { images: [image(1)] } });
    const together = { lastGood: { ...ref(2, 'cart'), promotion: 'checkout-3', since: ref(3).since } };
    expect(ordered(two({}, together))?.targets).toEqual(['checkout', 'cart']);
  });

  test('says which targets it leaves out', () => {
    const both = two({ current: ref(4) }, { current: ref(4, 'cart') });
    const says = 'left out: target cart, where it cannot go: a Rollback that names the target says why';
    const named = rollback({ revisionDigest: digestOf(1) });
    expect(ordered(both, named)?.targets).toEqual(['checkout']);
    expect(recordOf(both, named).to).toBe(`checkout:1 (${digestOf(1)}); ${says}`);
    const quarantine = [2, 1].map((v) => ({ ...bad(v), ...image(v, 'cart'), target: 'cart' }));
    const refused = place({ ...both.status, quarantine }, ['checkout', 'cart']);
    expect(recordOf(refused, rollback()).to).toBe(`checkout:3 (${digestOf(3)}); ${says}`);
    expect(recordOf(refused, rollback({ target: 'checkout' })).to).toBe(`checkout:3 (${digestOf(3)})`);
  });

  test('is refused where they go back to different digests of one image', () => {
    const apart = two({ current: ref(4) }, { current: ref(4) }, 'checkout');
    expect(ordered(apart)).toBeUndefined();
    expect(refusalOfRollback(apart, rollback())).toBe(
      'target cart goes back to another digest of ghcr.io/acme/checkout than checkout: name the target, in one Decision for each',
    );
    expect(tags(apart, rollback({ target: 'cart' }))).toBe('2');
  });
});
