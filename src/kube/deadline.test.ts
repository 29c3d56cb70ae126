import { expect, test } from '@jest/globals';
import { Deadline } from './deadline.ts';
import { ManualClock } from './testing/manual-clock.ts';

test('silence fires it, and each touch starts the silence anew with one timer for all of them', () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 100);
  for (let n = 0; n < 10; n++) {
    clock.advance(60);
    deadline.touch();
  }
  expect(clock.timers).toBe(1);
  clock.advance(99);
  expect(deadline.fired).toBeUndefined();
  clock.advance(1);
  expect(deadline.fired).toBe('Timeout');
  expect(deadline.signal.aborted).toBe(true);
});

test('touch can change the limit, also to a shorter one', () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 100);
  deadline.touch(10);
  clock.advance(10);
  expect(deadline.fired).toBe('Timeout');
});

test('a parent that fires, or has fired, fires it', () => {
  const clock = new ManualClock();
  const parent = new AbortController();
  const before = new Deadline(clock, 100, parent.signal);
  parent.abort();
  const after = new Deadline(clock, 100, parent.signal);
  for (const deadline of [before, after]) {
    expect(deadline.fired).toBe('Aborted');
    expect(deadline.signal.aborted).toBe(true);
  }
});

test('disposed of, it leaves no timer and fires no more', () => {
  const clock = new ManualClock();
  const parent = new AbortController();
  const deadline = new Deadline(clock, 100, parent.signal);
  deadline.dispose();
  expect(clock.timers).toBe(0);
  parent.abort();
  expect(deadline.signal.aborted).toBe(false);
});

test('work that takes no signal is left behind when it fires', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 100);
  const raced = deadline.race(new Promise(() => {}));
  clock.advance(100);
  await expect(raced).rejects.toThrow('Gave up');
  await expect(deadline.race(new Promise(() => {}))).rejects.toThrow('Gave up');
  await expect(new Deadline(clock, 100).race(Promise.resolve(7))).resolves.toBe(7);
});
