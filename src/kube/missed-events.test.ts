import { expect, test } from '@jest/globals';
import { MissedEvents } from './missed-events.ts';

function watching(): { missed: MissedEvents; counts: number[] } {
  const counts: number[] = [];
  return { missed: new MissedEvents((count) => counts.push(count)), counts };
}

test('changes that the watch had passed are missed at once', () => {
  const { missed, counts } = watching();
  missed.listed(0, [], '10');
  missed.listed(3, [], '20');
  expect(counts).toEqual([3]);
});

test('a deletion is missed only when the watch has come past the list without it', () => {
  const { missed, counts } = watching();
  missed.listed(0, ['a', 'b'], '100');
  missed.reached('99');
  missed.deleted('a');
  expect(counts).toEqual([]);
  missed.reached('100');
  missed.reached('101');
  expect(counts).toEqual([1]);
});

test('a watch that starts from a list of its own owes nothing from before', () => {
  const { missed, counts } = watching();
  missed.listed(0, ['a'], '100');
  missed.reset();
  missed.reached('200');
  expect(counts).toEqual([]);
});

test('where versions cannot be compared no deletion is held against the watch', () => {
  const { missed, counts } = watching();
  missed.listed(0, ['a'], 'x');
  missed.reached('y');
  expect(counts).toEqual([]);
});
