import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import { withConditions } from '../api/v1alpha1/conditions.ts';
import { promotionConditions } from '../api/v1alpha1/reasons.ts';
import type {
  Decision,
  Environment,
  EnvironmentStatus,
  Promotion,
  PromotionStatus,
} from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import type { FreezeOrder } from './calendar.ts';
import { decide } from './decide.ts';
import type { Input } from './input.ts';
import { verifiedIn } from './verified.ts';

const digest = (n: number): string => `sha256:${String(n % 10).repeat(64)}`;
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: name,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const environment = (status?: EnvironmentStatus): Environment => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Environment',
  metadata: meta('prod'),
  spec: environmentSpec.parse({ targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] }),
  status,
});

const promotion = (n: number, status: Partial<PromotionStatus>, place: object = {}): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: meta(`p${n}`),
  spec: { environment: 'prod', revision: { images: [{ image: 'checkout', digest: digest(n) }] } },
  status: {
    revisionDigest: digest(n),
    plan: {
      version: 1,
      hash: 'h',
      bakeSeconds: 1,
      gates: [],
      targets: [
        {
          name: 'checkout',
          wave: 0,
          rollout: { name: 'checkout', uid: 'u' },
          images: [{ container: 'app', image: `checkout@${digest(n)}`, changed: true }],
          stepsHash: 's',
          steps: 2,
        },
      ],
    },
    targets: [
      {
        name: 'checkout',
        state: 'Succeeded',
        since: 't',
        step: 2,
        steps: 2,
        reachedAt: `2026-01-0${n}T00:00:00Z`,
        ...place,
      },
    ],
    ...status,
  },
});
const ended = { completedAt: '2026-01-09T00:00:00Z' };
const revert = {
  reason: 'error-rate',
  message: 'too many',
  target: 'checkout',
  quarantine: true,
  detectedAt: '2026-01-02T00:00:01Z',
};

const decided = (
  promotions: Promotion[],
  before?: EnvironmentStatus,
  change: Partial<Input> = {},
): EnvironmentStatus =>
  decide({
    now: 0,
    environment: environment(before),
    promotions,
    decisions: [],
    upstreams: new Map(),
    freezes: [],
    declared: () => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `checkout@${digest(n)}`),
    running: () => undefined,
    problems: [],
    ...change,
  });
const truth = (status: EnvironmentStatus) => {
  const target = status.targets?.[0];
  return [target?.current?.promotion, target?.lastGood?.promotion, target?.candidate?.promotion];
};

describe('the truth about a target', () => {
  test('the newest success is current and last good', () => {
    expect(truth(decided([promotion(1, ended), promotion(2, ended)]))).toEqual(['p2', 'p2', undefined]);
  });

  test('what bakes is current and candidate, and not yet good', () => {
    const baking = promotion(2, {}, { state: 'Baking' });
    expect(truth(decided([promotion(1, ended), baking]))).toEqual(['p2', 'p1', 'p2']);
  });

  test('it soaks from when it was good, its bake included, and not from when it was promoted', () => {
    const now = Date.parse('2026-01-03T00:00:00Z');
    const since = '2026-01-02T00:10:00.000Z';
    const status = decided([promotion(2, ended, { since })], undefined, { now });
    expect(status.targets?.[0]).toMatchObject({
      lastGood: { since: '2026-01-02T00:00:00Z' },
      steadySince: since,
    });
    // And stays so when the promotion is gone.
    expect(decided([], status, { now }).targets?.[0]?.steadySince).toBe(since);
  });

  test('it has when the change was made, and keeps that when the promotion says otherwise later', () => {
    const one = promotion(1, ended);
    one.metadata = { ...one.metadata, annotations: { 'sluice.dev/committed-at': '2025-12-31T00:00:00Z' } };
    const changedAt = '2025-12-31T00:00:00.000Z';
    const before = decided([one]);
    expect(before.targets?.[0]).toMatchObject({ current: { changedAt }, lastGood: { changedAt } });
    const after = decided([promotion(1, ended)], before);
    expect(after.targets?.[0]).toMatchObject({ current: { changedAt }, lastGood: { changedAt } });
  });

  test('what went back in its bake is current no more', () => {
    const before = decided([promotion(1, ended), promotion(2, {}, { state: 'Baking' })]);
    const after = decided(
      [promotion(1, ended), promotion(2, { revert, ...ended }, { state: 'RolledBack' })],
      before,
    );
    expect(truth(after)).toEqual(['p1', 'p1', undefined]);
  });

  describe('the operator clock was set back between two promotions', () => {
    // The first has times of a day that has not come; that it is the older one, the API server has on record.
    const first = promotion(5, ended);
    const second = promotion(2, ended);
    second.metadata = { ...second.metadata, creationTimestamp: '2026-01-01T01:00:00Z' };
    const now = Date.parse('2026-01-02T00:00:10Z');

    test('the one that was ordered later is current', () => {
      const before = decided([first], undefined, { now });
      expect(truth(decided([first, second], before, { now }))).toEqual(['p2', 'p2', undefined]);
    });

    test('also when the older one is gone, and only what is on record of it is left', () => {
      const before = decided([first], undefined, { now: now - 60_000 });
      expect(truth(decided([second], before, { now }))).toEqual(['p2', 'p2', undefined]);
    });
  });

  test('it outlasts the promotions that it came from', () => {
    const before = decided([promotion(1, ended)]);
    expect(truth(decided([], before))).toEqual(['p1', 'p1', undefined]);
  });
});

describe('the quarantine', () => {
  const failed = promotion(2, { revert });

  test('has what a failed promotion changed, once, and keeps it after the promotion is gone', () => {
    const first = decided([failed]);
    expect(first.quarantine).toEqual([
      {
        target: 'checkout',
        image: 'checkout',
        digest: digest(2),
        revisionDigest: digest(2),
        reason: 'too many',
        promotion: 'p2',
        since: revert.detectedAt,
      },
    ]);
    expect(decided([failed], first).quarantine).toHaveLength(1);
    expect(decided([], first).quarantine).toHaveLength(1);
  });

  test('has nothing of an abort, and no image that was there before', () => {
    expect(decided([promotion(2, { revert: { ...revert, quarantine: false } })]).quarantine).toBeUndefined();
    const unchanged = promotion(2, { revert });
    for (const image of unchanged.status?.plan?.targets[0]?.images ?? []) image.changed = false;
    expect(decided([unchanged]).quarantine).toBeUndefined();
  });

  test('drops nothing when it is full: what is new stays out, and its promotion waits', () => {
    const full = Array.from({ length: 200 }, (_, i) => ({
      target: 'checkout',
      image: `i${i}`,
      digest: digest(1),
      reason: '',
      promotion: '',
      since: '',
    }));
    expect(decided([failed], { quarantine: full }).quarantine).toEqual(full);
  });
});

describe('a Release', () => {
  const failed = promotion(2, { revert });
  const release = (change: object = {}, at = '2026-01-03T00:00:00Z'): Decision => ({
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Decision',
    metadata: { ...meta('let-go'), creationTimestamp: at },
    spec: {
      by: 'bob',
      verdict: 'Release',
      environment: 'prod',
      target: 'checkout',
      revisionDigest: digest(2),
      ...change,
    },
  });

  test('lets out what it names, on record, and it stays out', () => {
    const first = decided([failed]);
    const now = Date.parse('2026-01-03T00:00:01Z');
    const second = decided([failed], first, { decisions: [release()], now });
    expect(second.quarantine).toBeUndefined();
    expect(second.released).toMatchObject([{ decision: 'let-go', by: 'bob', target: 'checkout' }]);
    expect(decided([failed], second, { now }).quarantine).toBeUndefined();
    const again = promotion(3, {
      revisionDigest: digest(2),
      revert: { ...revert, detectedAt: '2026-01-03T00:00:01.500Z' },
    });
    expect(decided([failed, again], second).quarantine).toMatchObject([{ promotion: 'p3' }]);
  });

  test('lets out once what many let out', () => {
    const many = Array.from({ length: 300 }, (_, n): Decision => {
      const one = release();
      return { ...one, metadata: { ...one.metadata, name: `r${n}`, uid: `r${n}` } };
    });
    const { quarantine, released } = decided([failed], decided([failed]), {
      decisions: many,
      now: Date.parse('2026-01-03T00:00:01Z'),
    });
    expect(quarantine).toBeUndefined();
    expect(released).toMatchObject([{ decision: 'r0' }]);
  });

  test.each([
    ['another target', release({ target: 'cart' })],
    ['another revision', release({ revisionDigest: digest(3) })],
    ['one that was made before the failure', release({}, '2026-01-01T00:00:00Z')],
  ])('lets nothing out for %s', (_, decision) => {
    const first = decided([failed]);
    const second = decided([failed], first, { decisions: [decision] });
    expect(second.quarantine).toHaveLength(1);
    expect(second.released).toBeUndefined();
  });
});

const freeze = (n: number): Input['freezes'][number] => ({
  name: `f${n}`,
  uid: `f${n}`,
  by: 'bob',
  verdict: n % 2 === 0 ? 'Freeze' : 'Thaw',
  at: Date.parse('2026-01-02T00:00:00Z') + n * 1000,
  until: Date.parse('2026-01-20T00:00:00Z'),
  reason: 'r',
});

describe('a status from which nothing new follows', () => {
  const theirs = { declared: () => ['checkout:theirs'] };
  const freezes = Array.from({ length: 100 }, (_, n) => freeze(n));
  const accepted = { type: 'Accepted', status: 'True', reason: 'Used', message: '', lastTransitionTime: '' };
  /** The Decisions that those come from; some say themselves that they were used. */
  const made = (told: (name: string) => boolean): Decision[] =>
    freezes.map(({ name, by, verdict, at }) => ({
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Decision',
      metadata: { ...meta(name), creationTimestamp: toTime(at) },
      spec: { by, verdict, environment: 'prod' },
      ...(told(name) && { status: { conditions: [accepted] } }),
    })) as Decision[];
  const underWay = promotion(2, { revert }, { state: 'Reverting', step: 1, reachedAt: undefined });

  test.each<[string, Promotion[], Partial<Input>]>([
    ['nothing is out of the ordinary', [promotion(1, ended)], {}],
    ['something has drifted', [promotion(1, ended)], theirs],
    ['something newer is on its way back', [promotion(1, ended), underWay], {}],
    [
      'there were more decisions than are kept',
      [promotion(1, ended)],
      { freezes, decisions: made(() => false) },
    ],
  ])('stays as it is: %s', (_, promotions, change) => {
    const now = Date.parse('2026-01-10T00:00:00Z');
    let status = decided(promotions, undefined, { ...change, now });
    // What is new is told within two passes: that something has drifted is known from the first on.
    status = decided(promotions, status, { ...change, now: now + 1000 });
    expect(decided(promotions, status, { ...change, now: now + 5000 })).toEqual(status);
  });

  test('more decisions than it has room for are put on record one after the other, and none twice', () => {
    const now = Date.parse('2026-01-10T00:00:00Z');
    const names = freezes.map((f) => f.name);
    const first = decided([], undefined, { freezes, decisions: made(() => false), now });
    expect(first.decisions?.map((d) => d.name)).toEqual(names.slice(0, 64));
    // Those that say so themselves make room.
    const known = new Set(first.decisions?.map((d) => d.name));
    const second = decided([], first, { freezes, decisions: made((name) => known.has(name)), now });
    expect(second.decisions?.map((d) => d.name)).toEqual(names.slice(36));
    expect(decided([], second, { freezes, decisions: made(() => true), now }).decisions).toEqual(
      second.decisions,
    );
  });
});

const steady = (status: EnvironmentStatus): string | undefined => status.targets?.[0]?.steadySince;

describe('what is good soaks', () => {
  const now = Date.parse('2026-01-10T00:00:00Z');
  const good = promotion(1, ended, { since: '2026-01-01T00:10:00.000Z' });

  test('not while it has drifted, and anew when that is over', () => {
    const before = decided([good], undefined, { now });
    expect(steady(before)).toBe('2026-01-01T00:10:00.000Z');
    const drifted = decided([good], before, { now, declared: () => ['checkout:theirs'] });
    expect(steady(drifted)).toBeUndefined();
    expect(steady(decided([good], drifted, { now: now + 1000 }))).toBe('2026-01-10T00:00:01.000Z');
  });

  test('not while something newer goes back there, and anew from when it was back', () => {
    const back = { state: 'Reverting', step: 1, reachedAt: undefined } as const;
    const before = decided([good], undefined, { now });
    const during = decided([good, promotion(2, { revert }, back)], before, { now });
    expect(steady(during)).toBeUndefined();
    const completedAt = '2026-01-10T00:00:30Z';
    const after = decided(
      [good, promotion(2, { revert, completedAt }, { ...back, state: 'RolledBack' })],
      during,
      {
        now: now + 60_000,
      },
    );
    expect(steady(after)).toBe('2026-01-10T00:00:30.000Z');
  });

  test('all the same where the newer one had not begun there when it went back elsewhere', () => {
    const before = decided([good], undefined, { now });
    const elsewhere = promotion(
      2,
      { revert, completedAt: '2026-01-09T00:00:00Z' },
      { state: 'Ended', step: 0 },
    );
    expect(steady(decided([good, elsewhere], before, { now }))).toBe('2026-01-01T00:10:00.000Z');
  });
});

describe('drift', () => {
  test('is somebody else at the images, with no promotion in flight; it ends with the next match', () => {
    const first = decided([promotion(1, ended)]);
    const drifted = decided([promotion(1, ended)], first, { declared: () => ['checkout:theirs'] });
    expect(drifted.targets?.[0]?.drift).toMatchObject({ found: 'checkout:theirs' });
    expect(drifted.conditions?.map((c) => c.type)).toEqual(['Ready', 'Drifted']);
    const back = decided([promotion(1, ended)], drifted, { declared: () => [`checkout@${digest(1)}`] });
    expect(back.targets?.[0]?.drift).toBeUndefined();
    expect(back.conditions?.map((c) => c.type)).toEqual(['Ready']);
  });

  test('is a Rollout that is gone, too: nothing of what was promoted runs', () => {
    const first = decided([promotion(1, ended)]);
    const gone = decided([promotion(1, ended)], first, { declared: () => undefined });
    expect(gone.targets?.[0]).toMatchObject({ drift: { found: 'nothing: its Rollout is not there' } });
    expect(steady(gone)).toBeUndefined();
    expect(gone.conditions?.[1]).toMatchObject({
      type: 'Drifted',
      reason: 'RolloutGone',
      message: 'the Rollout of checkout is gone since something was promoted there: apply it again',
    });
    const places = environment(gone);
    const image = { image: 'checkout', digest: digest(1) };
    expect(verifiedIn(places, [image])).toMatchObject({
      message: 'the Rollout of target checkout of Environment prod is gone: apply it again',
    });
    // What comes back soaks anew.
    const back = decided([promotion(1, ended)], gone, { now: Date.parse('2026-01-10T00:00:00Z') });
    expect(steady(back)).toBe('2026-01-10T00:00:00.000Z');
  });

  test('is not what a promotion in flight declares', () => {
    const status = decided(
      [promotion(1, ended), promotion(2, {}, { state: 'Analysing', step: 1 })],
      undefined,
      {
        declared: () => [`checkout@${digest(2)}`],
      },
    );
    expect(status.targets?.[0]?.drift).toBeUndefined();
  });
});

describe('the history', () => {
  const startedAt = '2026-01-01T00:00:00Z';
  const over = (n: number): Promotion =>
    promotion(n, {
      startedAt,
      completedAt: `2026-02-${String(n).padStart(2, '0')}T00:00:00Z`,
      conditions: withConditions(undefined, promotionConditions('Succeeded', ''), 1, startedAt),
    });

  test('has the newest first, bounded, and outlasts the promotions', () => {
    const all = Array.from({ length: 25 }, (_, i) => over(i + 1));
    const status = decided(all);
    expect(status.history).toHaveLength(20);
    expect(status.history?.[0]).toMatchObject({ promotion: 'p25', outcome: 'Succeeded', target: 'checkout' });
    expect(decided(all, status).history).toEqual(status.history);
    expect(decided([], status).history).toEqual(status.history);
  });

  test.each([
    ['a gate that fails', { reason: 'error-rate', quarantine: true }, 'RolledBack', 1],
    ['pods that do not come up', { reason: 'rollout', quarantine: true }, 'RolledBack', 1],
    [
      'a failure that a stranger cut short',
      { reason: 'error-rate', quarantine: true },
      'StrangerRevision',
      1,
    ],
    ['a window that closes', { reason: 'window', quarantine: false }, 'RolledBack', undefined],
    ['onBlind or onDeadline', { reason: 'error-rate', quarantine: false }, 'RolledBack', undefined],
    ['an abort by somebody else', { reason: 'ExternalAbort', quarantine: false }, 'ExternalAbort', undefined],
    ['a person who aborts', { reason: 'Aborted', quarantine: false }, 'Aborted', undefined],
  ] as const)('of what went back: %s', (_, why, outcome, rate) => {
    const completedAt = '2026-02-01T00:00:00Z';
    const one = promotion(2, {
      startedAt,
      completedAt,
      revert: { ...revert, ...why },
      conditions: withConditions(undefined, promotionConditions(outcome, ''), 1, startedAt),
    });
    const status = decided([one], undefined, { now: Date.parse(completedAt) });
    expect(status.history?.[0]?.failedAt).toBe(rate && revert.detectedAt);
    expect(status.dora?.changeFailureRate).toBe(rate);
  });

  test('says which was a rollback by a person, with when it was asked for and done', () => {
    const back = over(2);
    back.spec.rollback = { decision: 'd', uid: 'u', by: 'bob' };
    expect(decided([back]).history?.[0]).toMatchObject({
      rollback: 'd',
      failedAt: toTime(Date.parse(back.metadata.creationTimestamp)),
      restoredAt: back.status?.completedAt,
    });
    expect(decided([over(1)]).history?.[0]?.rollback).toBeUndefined();
  });

  test('has nothing of what was never begun', () => {
    expect(decided([promotion(1, { completedAt: '2026-02-01T00:00:00Z' })]).history).toBeUndefined();
  });
});

test('it is ready when everything that it names exists, else it says what to do', () => {
  expect(decided([]).conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
  expect(
    decided([], undefined, { problems: ['Gate g does not exist: apply it'] }).conditions?.[0],
  ).toMatchObject({
    status: 'False',
    message: 'Gate g does not exist: apply it',
  });
});

/** The message of the condition Frozen. */
const frozen = (freeze: object | undefined, freezes: FreezeOrder[] = []): string | undefined => {
  const place = environment();
  const spec = { ...place.spec, ...(freeze && { freeze: freeze as { reason: string } }) };
  const status = decided([], undefined, { environment: { ...place, spec }, freezes });
  return status.conditions?.find((c) => c.type === 'Frozen')?.message;
};

describe('a freeze says until when, and what ends it', () => {
  test.each([
    [
      { reason: 'audit' },
      'nothing begins and nothing advances here (audit): take spec.freeze out of the Environment to end it',
    ],
    [
      { reason: 'audit', until: '2026-02-01T00:00:00Z' },
      'nothing begins and nothing advances here until 2026-02-01T00:00:00.000Z (audit): take spec.freeze out of the Environment to end it sooner',
    ],
  ])('%j', (freeze, message) => {
    expect(frozen(freeze)).toBe(message);
  });

  test('by a person', () => {
    const until = Date.parse('2026-02-01T00:00:00Z');
    const order = {
      name: 'd',
      uid: 'd',
      by: 'bob',
      verdict: 'Freeze',
      at: 0,
      until,
      reason: 'incident',
    } as const;
    expect(frozen(undefined, [order])).toBe(
      'nothing begins and nothing advances here until 2026-02-01T00:00:00.000Z (incident): create a Decision with verdict Thaw for Environment prod to end it sooner',
    );
  });
});
