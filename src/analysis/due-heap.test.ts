import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Due, DueHeap } from './due-heap.ts';

test('whatever is pushed and taken out, the earliest item is on top', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean(), fc.nat(20))), (steps) => {
      const heap = new DueHeap<Due>();
      let inside: Due[] = [];
      for (const [due, takeOut, which] of steps) {
        const victim = takeOut ? inside[which] : undefined;
        if (victim === undefined) {
          const item = { due, heapIndex: -1 };
          heap.push(item);
          inside.push(item);
        } else {
          expect(heap.remove(victim)).toBe(true);
          inside = inside.filter((item) => item !== victim);
        }
        expect(heap.size).toBe(inside.length);
        expect(heap.peek()?.due).toBe(
          inside.length === 0 ? undefined : Math.min(...inside.map((i) => i.due)),
        );
      }
    }),
  );
});

test('an item is in at most once', () => {
  const heap = new DueHeap<Due>();
  const item = { due: 1, heapIndex: -1 };
  heap.push(item);
  expect(() => heap.push(item)).toThrow('already in a heap');
  expect([heap.remove(item), heap.remove(item)]).toEqual([true, false]);
});
