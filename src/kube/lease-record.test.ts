import { expect, test } from '@jest/globals';
import { claimed, isSameRecord, microTime, newLease, released } from './lease-record.ts';

const start = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const fresh = claimed(newLease('n', 'l'), 'a', 15, start);

test('times are RFC 3339 with six decimals', () => {
  expect(microTime(start)).toBe('2026-01-02T03:04:05.006000Z');
});

test('a renewal moves only the time of renewal', () => {
  expect(claimed(fresh, 'a', 15, start + 2_000).spec).toEqual({
    ...fresh.spec,
    renewTime: microTime(start + 2_000),
  });
});

test('another holder counts as a transition with a time of its own', () => {
  expect(claimed(fresh, 'b', 15, start + 60_000).spec).toEqual({
    holderIdentity: 'b',
    leaseDurationSeconds: 15,
    acquireTime: microTime(start + 60_000),
    renewTime: microTime(start + 60_000),
    leaseTransitions: 1,
  });
});

test('a released lease has no holder, not an empty one, and keeps its guard and its count', () => {
  const held = { ...fresh, metadata: { name: 'l', resourceVersion: '7' } };
  const free = released(held, start);
  expect(free.metadata).toEqual(held.metadata);
  expect(free.spec).not.toHaveProperty('holderIdentity');
  expect(free.spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 0 });
});

test('a label is no sign of life', () => {
  expect(isSameRecord(fresh, { ...fresh, metadata: { labels: { a: 'b' } } })).toBe(true);
  expect(isSameRecord(fresh, claimed(fresh, 'a', 15, start + 1))).toBe(false);
});
