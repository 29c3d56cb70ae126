import { describe, expect, test } from '@jest/globals';
import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import { doraOf, figuresChangeAt } from './dora.ts';

const DAY = 24 * 3600 * 1000;
const NOW = Date.parse('2026-06-30T00:00:00Z');

type Entry = NonNullable<EnvironmentStatus['history']>[number];

/** A promotion that ended so many days ago. */
const entry = (daysAgo: number, change: Partial<Entry> = {}): Entry => ({
  promotion: `p${daysAgo}`,
  target: 'checkout',
  outcome: 'Succeeded',
  changedAt: toTime(NOW - daysAgo * DAY - 3_600_000),
  completedAt: toTime(NOW - daysAgo * DAY),
  ...change,
});
const failure = (daysAgo: number, seconds: number): Entry =>
  entry(daysAgo, {
    outcome: 'RolledBack',
    failedAt: toTime(NOW - daysAgo * DAY),
    restoredAt: toTime(NOW - daysAgo * DAY + seconds * 1000),
  });

describe('the four keys', () => {
  test('nothing has begun: no figures', () => {
    expect(doraOf([], { now: NOW, limit: 20 })).toBeUndefined();
  });

  test('nothing has ended for 30 days: nothing is deployed, and that is a figure', () => {
    expect(doraOf([entry(31)], { now: NOW, limit: 20 })).toEqual({
      days: 30,
      deployments: 0,
      deploymentsPerDay: 0,
    });
  });

  test('one promotion of several targets that fails is restored once: when the last of them is back', () => {
    const at = (target: string, seconds: number): Entry => ({ ...failure(3, seconds), target });
    const wide = ['a', 'b', 'c'].map((target, i) => at(target, 100 + i));
    expect(doraOf([...wide, failure(4, 10)], { now: NOW, limit: 20 })?.restoreSeconds).toBe(56);
  });

  test('of 30 days', () => {
    const history = [entry(1), entry(2), failure(3, 10), entry(4), failure(5, 30), entry(40)];
    expect(doraOf(history, { now: NOW, limit: 20 })).toEqual({
      days: 30,
      deployments: 3,
      deploymentsPerDay: 0.1,
      leadTimeSeconds: 3600,
      changeFailureRate: 0.4,
      restoreSeconds: 20,
    });
  });

  test('of what a full history spans, where that is less', () => {
    const history = [entry(1), entry(2), entry(3), entry(4)];
    expect(doraOf(history, { now: NOW, limit: 4 })).toMatchObject({ days: 4, deploymentsPerDay: 1 });
  });

  test('several targets are one deployment, that failed where one of them did', () => {
    const both = [entry(1), entry(1, { target: 'cart' })];
    expect(doraOf(both, { now: NOW, limit: 20 })).toMatchObject({ deployments: 1, changeFailureRate: 0 });
    const one = [failure(1, 5), entry(1, { target: 'cart', outcome: 'RolledBack' })];
    expect(doraOf(one, { now: NOW, limit: 20 })).toMatchObject({ deployments: 0, changeFailureRate: 1 });
  });

  test('what a person aborts is neither a deployment nor a failure', () => {
    const history = [entry(1, { outcome: 'Aborted', restoredAt: toTime(NOW) })];
    expect(doraOf(history, { now: NOW, limit: 20 })).toEqual({
      days: 30,
      deployments: 0,
      deploymentsPerDay: 0,
    });
  });

  test('what a person takes back afterwards has failed', () => {
    const history = [entry(1, { revisionDigest: 'sha256:bad' }), entry(2)];
    const takenBack = [{ revisionDigest: 'sha256:bad', at: NOW }];
    const figures = doraOf(history, { now: NOW, limit: 20, takenBack });
    expect(figures).toMatchObject({ deployments: 2, changeFailureRate: 0.5 });
  });

  test('taken back is the last promotion of that revision before, and not one that follows', () => {
    const again = { revisionDigest: 'sha256:bad' };
    const history = [entry(1, again), entry(3, again), entry(5, again), entry(6)];
    const takenBack = [{ revisionDigest: 'sha256:bad', at: NOW - 2 * DAY }];
    expect(doraOf(history, { now: NOW, limit: 20, takenBack })?.changeFailureRate).toBe(0.25);
  });

  test('a rollback by a person restores, and is no deployment of a change', () => {
    const rollback = entry(1, {
      rollback: 'd',
      changedAt: toTime(NOW - 20 * DAY),
      failedAt: toTime(NOW - DAY - 40_000),
      restoredAt: toTime(NOW - DAY),
    });
    expect(doraOf([rollback, entry(2)], { now: NOW, limit: 20 })).toEqual({
      days: 30,
      deployments: 1,
      deploymentsPerDay: 0.033,
      leadTimeSeconds: 3600,
      changeFailureRate: 0,
      restoreSeconds: 40,
    });
  });
});

describe('the figures of a place where nothing happens', () => {
  test.each([
    ['as the oldest leaves the 30 days', [entry(2), entry(10)], 20, NOW + 20 * DAY],
    ['as a full history spans a day more', [entry(0.5), entry(1.25)], 2, NOW + 0.75 * DAY + 1],
    ['as the oldest of a full history leaves', [entry(2), entry(29.5)], 2, NOW + 0.5 * DAY],
    ['as the only one leaves', [entry(29), entry(40)], 20, NOW + DAY],
  ])('change %s, and no sooner', (_, history, limit, at) => {
    expect(figuresChangeAt(history, NOW, limit)).toBe(at);
    const figures = (now: number) => doraOf(history, { now, limit });
    expect(figures(at - 1)).toEqual(figures(NOW));
    expect(figures(at)).not.toEqual(figures(NOW));
  });

  test('do not where there are none', () => {
    expect(figuresChangeAt([], NOW, 20)).toBeUndefined();
    expect(figuresChangeAt([entry(31)], NOW, 20)).toBeUndefined();
  });
});
