import { beforeEach, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ManualClock } from './testing/manual-clock.ts';
import { settle } from './testing/until.ts';
import { WorkQueue } from './workqueue.ts';

let clock: ManualClock;
let queue: WorkQueue;
let hooked: string[];

beforeEach(() => {
  clock = new ManualClock();
  hooked = [];
  queue = new WorkQueue({
    clock,
    random: () => 1,
    hooks: {
      added: (lane) => hooked.push(`added ${lane}`),
      queued: (seconds) => hooked.push(`queued ${seconds}`),
      worked: (seconds) => hooked.push(`worked ${seconds}`),
      retried: () => hooked.push('retried'),
    },
  });
});

/** Takes and finishes everything that waits, in order. */
async function drain(): Promise<string[]> {
  const order: string[] = [];
  while (queue.depth > 0) {
    const item = await queue.take();
    if (item === undefined) break;
    order.push(item.lane === 'urgent' ? `${item.key}!` : item.key);
    queue.done(item.key);
  }
  return order;
}

test('a key waits once however often it is added', async () => {
  for (const key of ['a', 'b', 'a', 'a', 'c']) queue.add(key);
  expect(queue.depth).toBe(3);
  expect(await drain()).toEqual(['a', 'b', 'c']);
  expect(hooked.filter((hook) => hook.startsWith('added'))).toHaveLength(3);
});

test('a key that a worker has is with nobody else, and runs again when it was added meanwhile', async () => {
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('a');
  let second: unknown;
  void queue.take().then((item) => (second = item));
  await settle();
  expect(second).toBeUndefined();
  queue.done('a');
  await settle();
  expect(second).toEqual({ key: 'a', lane: 'normal' });
  queue.done('a');
  expect(queue.depth).toBe(0);
});

test('the urgent lane goes first, and adding again only ever raises the lane', async () => {
  for (const key of ['a', 'b', 'c']) queue.add(key);
  queue.add('c', 'urgent');
  queue.add('z', 'urgent');
  queue.add('z', 'normal');
  expect(await drain()).toEqual(['c!', 'z!', 'a', 'b']);
});

test('what is found failing goes before the way back of others, and that before everything else', async () => {
  queue.add('forward');
  queue.add('back', 'prompt');
  queue.add('failing', 'urgent');
  expect(await drain()).toEqual(['failing!', 'back', 'forward']);
});

test('the low lane goes last, whoever was there first, and a key leaves it when it is added again', async () => {
  for (const key of ['a', 'b', 'c']) queue.add(key, 'low');
  queue.add('d');
  queue.add('c');
  queue.add('d', 'low');
  queue.addAfter('e', 10, 'low');
  queue.add('e', 'low');
  expect(await drain()).toEqual(['d', 'c', 'a', 'b', 'e']);
  queue.add('a', 'low');
  await queue.take();
  queue.add('a', 'low');
  queue.add('b');
  queue.done('a');
  expect(await drain()).toEqual(['b', 'a']);
});

test('a key raised while a worker has it is urgent the next time', async () => {
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('a', 'urgent');
  queue.add('b');
  queue.done('a');
  expect(await drain()).toEqual(['a!', 'b']);
});

test('a worker kept for the urgent lane takes nothing else', async () => {
  let taken: unknown;
  void queue.take('urgent').then((item) => (taken = item));
  queue.add('a');
  await settle();
  expect(taken).toBeUndefined();
  queue.add('a', 'urgent');
  await settle();
  expect(taken).toEqual({ key: 'a', lane: 'urgent' });
});

test('a delay keeps the earliest time and the highest lane', async () => {
  queue.addAfter('a', 100);
  queue.addAfter('a', 50, 'urgent');
  queue.addAfter('a', 80);
  expect([clock.timers, clock.next, queue.depth, queue.has('a')]).toEqual([1, 50, 0, true]);
  clock.advance(50);
  expect(await drain()).toEqual(['a!']);
  expect(clock.timers).toBe(0);
});

test('adding at once overtakes the delay', async () => {
  queue.addAfter('a', 100, 'urgent');
  queue.add('a');
  expect(clock.timers).toBe(0);
  expect(await drain()).toEqual(['a!']);
});

test('a key that waits, or will run again, is not delayed on top', async () => {
  queue.add('a');
  queue.addAfter('a', 100);
  await queue.take();
  queue.add('a');
  queue.addAfter('a', 100);
  expect(clock.timers).toBe(0);
  queue.done('a');
  expect(await drain()).toEqual(['a']);
});

test('a delay set while a worker has the key counts from then on', async () => {
  queue.add('a');
  await queue.take();
  queue.addAfter('a', 100);
  queue.done('a');
  expect(queue.depth).toBe(0);
  clock.advance(100);
  expect(await drain()).toEqual(['a']);
});

test('no time at all is at once', () => {
  queue.addAfter('a', 0);
  queue.addAfter('b', -5);
  expect(queue.depth).toBe(2);
});

test('failures double the delay up to the cap, each key by itself, until it is forgotten', () => {
  const delays = (key: string, times: number, options = {}): number[] =>
    Array.from({ length: times }, () => queue.addRateLimited(key, options));
  expect(delays('a', 8)).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  expect(delays('b', 2)).toEqual([250, 500]);
  expect(delays('c', 12, { capMs: 300_000 }).at(-1)).toBe(300_000);
  expect(queue.failures('a')).toBe(8);
  queue.forget('a');
  expect(delays('a', 1)).toEqual([250]);
  expect(hooked.filter((hook) => hook === 'retried')).toHaveLength(23);
});

test('a fifth of the delay is left to chance', () => {
  const lucky = new WorkQueue({ clock, random: () => 0 });
  expect(lucky.addRateLimited('a')).toBe(200);
});

test('times are measured from adding to taking to done', async () => {
  queue.add('a');
  clock.advance(2_000);
  await queue.take();
  clock.advance(500);
  queue.add('b');
  await queue.take();
  clock.advance(500);
  expect(queue.unfinishedSeconds()).toBe(1.5);
  expect(queue.longestRunningSeconds()).toBe(1);
  queue.done('a');
  expect(hooked).toEqual(['added normal', 'queued 2', 'added normal', 'queued 0', 'worked 1']);
  queue.done('b');
  expect([queue.unfinishedSeconds(), queue.longestRunningSeconds()]).toEqual([0, 0]);
});

test('shut down, it drops what waits, takes nothing more, and lets the workers go', async () => {
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 100);
  queue.shutDown();
  for (const add of [() => queue.add('d'), () => queue.addAfter('d', 1), () => queue.addRateLimited('d')])
    add();
  expect([queue.depth, clock.timers]).toEqual([0, 0]);
  expect(await queue.take()).toBeUndefined();
  let drained = false;
  void queue.drained().then(() => (drained = true));
  await settle();
  expect(drained).toBe(false);
  queue.done('a');
  await settle();
  expect(drained).toBe(true);
});

test('a worker that waits is let go by the shutdown', async () => {
  const waiting = [queue.take(), queue.take('urgent')];
  queue.shutDown();
  expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
});

test('a wish to be left alone outlasts the backoff', () => {
  expect(queue.addRateLimited('a', { atLeastMs: 7_000 })).toBe(7_000);
  expect(queue.addRateLimited('b', { atLeastMs: 7 })).toBe(250);
});

const actions = fc.array(
  fc.record({
    act: fc.constantFrom('add', 'addAfter', 'addRateLimited', 'done', 'advance'),
    key: fc.constantFrom('a', 'b', 'c'),
    lane: fc.constantFrom('urgent' as const, 'prompt' as const, 'normal' as const, 'low' as const),
    ms: fc.integer({ min: -1, max: 20 }),
  }),
);

test('whatever happens, no key is with two workers, and no key that was added is lost', async () => {
  await fc.assert(
    fc.asyncProperty(actions, fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
      const clock = new ManualClock();
      const queue = new WorkQueue({ clock, random: () => 0.5 });
      const working = new Set<string>();
      const owed = new Set<string>();
      const take = async (): Promise<void> => {
        const item = await queue.take();
        if (item === undefined) return;
        expect(working.has(item.key)).toBe(false);
        working.add(item.key);
        owed.delete(item.key);
      };
      const finish = (key: string): void => {
        if (!working.delete(key)) return;
        queue.done(key);
        void take();
      };
      for (let n = 0; n < workers; n++) void take();
      for (const { act, key, lane, ms } of steps) {
        await Promise.resolve();
        if (act === 'advance') clock.advance(Math.max(ms, 0));
        else if (act === 'done') finish(key);
        else {
          owed.add(key);
          if (act === 'add') queue.add(key, lane);
          if (act === 'addAfter') queue.addAfter(key, ms, lane);
          if (act === 'addRateLimited') queue.addRateLimited(key, { lane });
        }
      }
      clock.advance(100_000);
      for (let turn = 0; turn < 10; turn++) {
        await Promise.resolve();
        for (const key of working) finish(key);
      }
      expect([...owed]).toEqual([]);
      expect(queue.depth).toBe(0);
      queue.shutDown();
    }),
  );
});
