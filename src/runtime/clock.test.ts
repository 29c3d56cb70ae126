import { expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { timerLists } from '../../test/harness/timer-lists.ts';
import { sleep, systemClock, waitingTimers } from './clock.ts';

const HOUR = 3_600_000;
/** Longer than setTimeout can wait at once. */
const LONG = 2 ** 32;

test('timers are counted from when they are set until they fire or are cancelled, once', async () => {
  const before = waitingTimers();
  const one = systemClock.after(HOUR, () => {});
  const other = systemClock.after(LONG, () => {});
  const fired = Promise.withResolvers<number>();
  systemClock.after(1, () => fired.resolve(waitingTimers()));
  expect(waitingTimers()).toBe(before + 3);
  // Unref'd it keeps nothing alive, so somebody else has to wait.
  await Promise.race([fired.promise, delay(5000, undefined, { ref: true })]);
  // Not in its own function any more.
  expect(await fired.promise).toBe(before + 2);
  one.cancel();
  one.cancel();
  other.cancel();
  expect(waitingTimers()).toBe(before);
});

test('a sleep that is cut off leaves none', async () => {
  const before = waitingTimers();
  const cut = new AbortController();
  const slept = sleep(systemClock, HOUR, cut.signal);
  expect(waitingTimers()).toBe(before + 1);
  cut.abort();
  await slept;
  expect(waitingTimers()).toBe(before);
});

test('a timer that is cancelled leaves nothing behind in Node, however long it would have waited', () => {
  const before = timerLists();
  // Each of its own duration, as the time left until a deadline is.
  for (let i = 0; i < 500; i++) systemClock.after(HOUR + i, () => {}).cancel();
  expect(timerLists() - before).toBeLessThan(10);
});
