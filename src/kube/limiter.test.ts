import { expect, test } from '@jest/globals';
import { Limiter } from './limiter.ts';
import { settle } from './testing/until.ts';

const never = new AbortController().signal;

test('never more than the bound hold a place, and all get their turn in order', async () => {
  const limiter = new Limiter(3);
  const order: number[] = [];
  let holding = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      const release = await limiter.acquire(never);
      order.push(n);
      most = Math.max(most, ++holding);
      await Promise.resolve();
      holding--;
      release();
    }),
  );
  expect(most).toBe(3);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

test('whoever gives up waiting takes no place with them', async () => {
  const limiter = new Limiter(1);
  const release = await limiter.acquire(never);
  const impatient = new AbortController();
  const waiting = limiter.acquire(impatient.signal);
  impatient.abort();
  await expect(waiting).rejects.toThrow('Gave up');
  let got = false;
  const next = limiter.acquire(never).then(() => (got = true));
  await settle();
  expect(got).toBe(false);
  release();
  await next;
  await expect(limiter.acquire(AbortSignal.abort())).rejects.toThrow('Gave up');
});
