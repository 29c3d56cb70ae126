import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type {
  Decision,
  DecisionSpec,
  Environment,
  EnvironmentStatus,
  Promotion,
} from '../api/v1alpha1/types.ts';
import { imageReference, revisionDigest } from '../promotion/revision.ts';
import { toTime } from '../runtime/time.ts';
import { decide } from './decide.ts';
import type { Input } from './input.ts';
import { riseOf } from './rise.ts';
import { refusalOfRollback, rollbackOrders } from './rollbacks.ts';

/* What an Environment asks for by itself: what is verified upstream, and what a person takes back. */

const START = Date.parse('2026-01-01T00:00:00Z');
type Target = NonNullable<EnvironmentStatus['targets']>[number];

const image = (version: number) => ({
  image: 'ghcr.io/acme/checkout',
  tag: `${version}`,
  digest: `sha256:${String(version).repeat(64)}`,
});
const digestOf = (version: number): string => revisionDigest([image(version)]);
const ref = (version: number): NonNullable<Target['lastGood']> => ({
  revisionDigest: digestOf(version),
  images: [imageReference(image(version))],
  promotion: `v${version}`,
  since: toTime(START),
});

function environment(name: string, spec: object, status: EnvironmentStatus = {}): Environment {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Environment',
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-uid`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: toTime(START),
    },
    spec: environmentSpec.parse({
      targets: [{ name: 'checkout', rollout: { name: 'checkout' } }],
      ...spec,
    }),
    status,
  };
}

const good = (version: number): EnvironmentStatus => ({
  targets: [{ name: 'checkout', lastGood: ref(version), steadySince: toTime(START) }],
});

function inputOf(
  place: Environment,
  upstreams: readonly Environment[] = [],
  change: Partial<Input> = {},
): Input {
  return {
    now: START,
    environment: place,
    promotions: [],
    decisions: [],
    freezes: [],
    upstreams: new Map(upstreams.map((u) => [u.metadata.name, u])),
    declared: () => undefined,
    running: () => undefined,
    problems: [],
    ...change,
  };
}

const AUTO = {
  autoPromote: 'WhenVerifiedUpstream',
  upstream: { environments: [{ name: 'staging', soakSeconds: 60 }] },
};
const later = { now: START + 60_000 };
let made = 0;
function decision(spec: Partial<DecisionSpec>): Decision {
  made += 1;
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Decision',
    metadata: {
      name: `d${made}`,
      namespace: 'shop',
      uid: `d${made}-uid`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: toTime(START + made * 1000),
    },
    spec: { by: 'bob', verdict: 'Rollback', environment: 'prod', ...spec },
  };
}

describe('autoPromote', () => {
  test('Any: what has soaked in one place comes, whatever soaks still in another', () => {
    const upstream = {
      require: 'Any',
      environments: [
        { name: 'canary', soakSeconds: 3600 },
        { name: 'staging', soakSeconds: 60 },
      ],
    };
    const prod = environment('prod', { ...AUTO, upstream }, good(1));
    const places = [environment('canary', {}, good(3)), environment('staging', {}, good(2))];
    expect(riseOf(inputOf(prod, places))).toEqual({ wakeAt: START + 60_000 });
    expect(riseOf(inputOf(prod, places, later)).order?.spec.revision?.images).toEqual([image(2)]);
  });

  test('waits for the soak, then asks for what is good upstream, under a name that follows from it', () => {
    const prod = environment('prod', AUTO, good(1));
    const staging = environment('staging', {}, good(2));
    expect(riseOf(inputOf(prod, [staging]))).toEqual({ wakeAt: START + 60_000 });
    expect(riseOf(inputOf(prod, [staging], later))).toEqual({
      order: {
        name: `auto-prod-${digestOf(2).slice(7, 19)}`,
        spec: {
          environment: 'prod',
          revision: { images: [image(2)] },
          reason: 'verified in Environment staging',
        },
      },
    });
  });

  test('hands on when the change was made, as what is upstream has it on record', () => {
    const changedAt = '2025-12-01T00:00:00.000Z';
    const staging = environment(
      'staging',
      {},
      {
        targets: [{ name: 'checkout', lastGood: { ...ref(2), changedAt }, steadySince: toTime(START) }],
      },
    );
    expect(riseOf(inputOf(environment('prod', AUTO, good(1)), [staging], later)).order?.annotations).toEqual({
      'sluice.dev/committed-at': changedAt,
    });
  });

  test.each<[string, Environment, Environment | undefined]>([
    ['is off', environment('prod', { ...AUTO, autoPromote: 'Never' }), environment('staging', {}, good(2))],
    ['has nothing upstream', environment('prod', AUTO), undefined],
    ['finds nothing good there', environment('prod', AUTO), environment('staging', {})],
    ['runs it already', environment('prod', AUTO, good(2)), environment('staging', {}, good(2))],
    [
      'has had it before',
      environment('prod', AUTO, {
        history: [
          {
            promotion: 'p',
            target: 'checkout',
            outcome: 'Aborted',
            revisionDigest: digestOf(2),
            completedAt: toTime(START),
          },
        ],
      }),
      environment('staging', {}, good(2)),
    ],
    [
      'refuses it',
      environment('prod', AUTO, {
        quarantine: [
          {
            target: 'checkout',
            image: image(2).image,
            digest: image(2).digest,
            reason: 'r',
            promotion: 'p',
            since: toTime(START),
          },
        ],
      }),
      environment('staging', {}, good(2)),
    ],
  ])('asks for nothing where it %s', (_, prod, staging) => {
    expect(riseOf(inputOf(prod, staging ? [staging] : [], later))).toEqual({});
  });

  test('is held by a rollback until a person says Resume', () => {
    const prod = environment('prod', AUTO, good(1));
    const staging = environment('staging', {}, good(2));
    const rollback = decision({ revisionDigest: digestOf(1), target: 'checkout', reason: 'slow' });
    const held = inputOf(prod, [staging], { ...later, decisions: [rollback] });
    expect(riseOf(held)).toEqual({});
    const status = decide(held);
    expect(status.autoPromote).toMatchObject({
      heldBy: 'bob',
      reason: 'rollback: slow',
      message:
        'held by bob: create a Decision with verdict Resume for Environment prod, without promotion, to let it go on',
    });
    // It stays held when the Decision is gone.
    const after = inputOf({ ...prod, status: { ...prod.status, ...status } }, [staging], later);
    expect(riseOf(after)).toEqual({});
    const resumed = { ...after, decisions: [rollback, decision({ verdict: 'Resume' })] };
    expect(riseOf(resumed).order?.name).toContain('auto-prod-');
    expect(decide(resumed).autoPromote).toBeUndefined();
  });
});

test('a rollback on record holds it, although all that is to be seen is a Resume from before', () => {
  const prod = environment('prod', AUTO, good(1));
  const staging = environment('staging', {}, good(2));
  const later = { now: START + 3_600_000 };
  const resume = decision({ verdict: 'Resume' });
  const rollback = decision({ revisionDigest: digestOf(1), target: 'checkout', reason: 'slow' });
  const status = decide(inputOf(prod, [staging], { ...later, decisions: [resume, rollback] }));
  expect(status.autoPromote).toMatchObject({ heldBy: 'bob' });
  const behind = { ...prod, status: { ...prod.status, ...status } };
  expect(riseOf(inputOf(behind, [staging], { ...later, decisions: [resume] }))).toEqual({});
});

test('a dry run of a revision does not keep it from coming by itself', () => {
  const [prod, staging] = [environment('prod', AUTO, good(1)), environment('staging', {}, good(2))];
  const planned = {
    spec: { environment: 'prod', dryRun: true },
    status: { revisionDigest: digestOf(2) },
  } as Promotion;
  const input = inputOf(prod, [staging], { now: START + 3_600_000, promotions: [planned] });
  expect(riseOf(input).order?.name).toContain('auto-prod-');
});

/** The name of what comes to an Environment that has this one. */
const nameIn = (place: string): string | undefined =>
  riseOf(inputOf(environment(place, AUTO, good(1)), [environment('staging', {}, good(2))], later)).order
    ?.name;

describe('the name of what comes by itself', () => {
  const long = `europe.${'checkout-production-'.repeat(4)}`;

  test('is another one for each Environment, however long its name is', () => {
    const names = [`${long}a`, `${long}b`, 'x'.repeat(44), 'x'.repeat(253)].map(nameIn);
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name?.length).toBeLessThanOrEqual(63);
    expect(nameIn(`${long}a`)).toBe(names[0]);
  });

  test.each(['.', '-', '.a', '-.'])('is one that an object may have where it is cut at %s', (end) => {
    for (let start = 30; start < 46; start += 1)
      expect(nameIn(`${'x'.repeat(start)}${end.replace('-.', '--')}y${'x'.repeat(44)}`)).toMatch(
        /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
      );
  });
});

describe('a rollback', () => {
  const two = (current: number, lastGood: number): EnvironmentStatus => ({
    targets: [{ name: 'checkout', current: ref(current), lastGood: ref(lastGood) }],
    history: [
      {
        promotion: 'v1',
        target: 'checkout',
        outcome: 'Succeeded',
        revisionDigest: digestOf(1),
        images: ref(1).images,
        completedAt: toTime(START),
      },
    ],
  });

  test('goes to what was last good, by a Promotion that says who decided', () => {
    const prod = environment('prod', {}, two(3, 2));
    const one = decision({ reason: 'slow' });
    expect(rollbackOrders(inputOf(prod, [], { decisions: [one] }))).toEqual([
      {
        name: `rollback-${one.metadata.uid}`,
        spec: {
          environment: 'prod',
          targets: ['checkout'],
          revision: { images: [image(2)] },
          rollback: { decision: one.metadata.name, uid: one.metadata.uid, by: 'bob' },
          reason: 'rollback by bob to checkout:2: slow',
        },
      },
    ]);
  });

  test('goes to a revision of the history by its digest', () => {
    const prod = environment('prod', {}, two(2, 2));
    const orders = rollbackOrders(
      inputOf(prod, [], { decisions: [decision({ target: 'checkout', revisionDigest: digestOf(1) })] }),
    );
    expect(orders[0]?.spec.revision?.images).toEqual([image(1)]);
  });

  test.each(['Rejected', 'Aborted', 'RolledBack', 'StrangerRevision'])(
    'goes to no revision that has only ever ended as %s, and says what to do',
    (outcome) => {
      const bad = { ...two(2, 2).history?.[0], promotion: 'v3', target: 'checkout', outcome };
      const entry = {
        ...bad,
        revisionDigest: digestOf(3),
        images: ref(3).images ?? [],
        completedAt: toTime(START),
      };
      const prod = environment('prod', {}, { ...two(2, 2), history: [entry, ...(two(2, 2).history ?? [])] });
      const named = decision({ target: 'checkout', revisionDigest: digestOf(3) });
      expect(rollbackOrders(inputOf(prod, [], { decisions: [named] }))).toEqual([]);
      expect(refusalOfRollback(prod, named)).toBe(
        `checkout:3 (${digestOf(3)}) was never good on target checkout, promotion v3 ended as ${outcome}: name a revisionDigest of status.history that has Succeeded, or apply a Promotion of it, which the gates judge`,
      );
      // Nor while it bakes.
      const baking = environment('prod', {}, { ...two(3, 2), history: prod.status?.history ?? [] });
      expect(refusalOfRollback(baking, named)).toContain(
        'was never good on target checkout, promotion v3 ended',
      );
      const first = environment('prod', {}, two(3, 2));
      expect(refusalOfRollback(first, named)).toContain('promotion v3 has not ended: wait for it, or name');
      // It has been good once: that it was turned down another time says nothing of it.
      const once = { ...entry, promotion: 'v3-before', outcome: 'Succeeded' };
      const again = environment('prod', {}, { ...two(2, 2), history: [entry, once] });
      expect(refusalOfRollback(again, named)).toBeUndefined();
    },
  );

  test('is made once: one that is on record is not made again', () => {
    const prod = environment('prod', {}, two(3, 2));
    const input = inputOf(prod, [], { decisions: [decision({})] });
    const status = decide(input);
    expect(status.decisions).toMatchObject([
      { verdict: 'Rollback', by: 'bob', left: digestOf(3), to: `checkout:2 (${digestOf(2)})` },
    ]);
    expect(rollbackOrders({ ...input, environment: { ...prod, status } })).toEqual([]);
  });

  test.each<[string, EnvironmentStatus, Partial<DecisionSpec>, string]>([
    [
      'it runs what was last good, and nothing is known of before',
      two(2, 2),
      {},
      'knows nothing that was good there before: apply a Promotion',
    ],
    ['nothing was ever good', {}, { target: 'checkout' }, 'knows nothing of a target checkout'],
    [
      'no such revision is known',
      two(3, 2),
      { target: 'checkout', revisionDigest: digestOf(9) },
      'in status.history: name one that it has',
    ],
  ])('goes nowhere where %s, and says what to do', (_, status, spec, message) => {
    const prod = environment('prod', {}, status);
    const one = decision(spec);
    expect(refusalOfRollback(prod, one)).toContain(message);
    const input = inputOf(prod, [], { decisions: [one] });
    expect(rollbackOrders(input)).toEqual([]);
    expect(decide(input).decisions).toBeUndefined();
  });
});
