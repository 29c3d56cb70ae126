import { expect, test } from '@jest/globals';
import { Lives } from '../faults/lives.ts';

/** A program that ends when it is told to: what was asked of it, in order. */
function program() {
  const did: string[] = [];
  let ready = Promise.withResolvers<void>();
  return {
    did,
    ready: () => ready.resolve(),
    dead: () => ready.reject(new Error('ended before it was ready')),
    kill: async () => {
      did.push('kill');
      await Promise.resolve();
      return { code: null, signal: 'SIGKILL' as const };
    },
    start: () => {
      did.push('start');
      ready = Promise.withResolvers<void>();
      return ready.promise;
    },
  };
}

test('after two deaths at once there is one start, for which both wait', async () => {
  const operator = program();
  const lives = new Lives(operator);
  let back = 0;
  const both = [1, 2].map(async () => {
    await lives.die();
    await lives.restart();
    back += 1;
  });
  await new Promise(setImmediate);
  expect(operator.did).toEqual(['kill', 'kill', 'start']);
  expect(back).toBe(0);
  operator.ready();
  await Promise.all([...both, lives.up()]);
  expect(lives.deaths).toBe(2);
  expect(lives.downs.every(({ from, to }) => from <= to && to <= performance.now())).toBe(true);
});

test('killed while it starts it is started once more, and is up only then', async () => {
  const operator = program();
  const lives = new Lives(operator);
  await lives.die();
  const first = lives.restart();
  const dying = lives.die();
  operator.dead();
  await Promise.all([first, dying]);
  const second = lives.restart();
  expect(operator.did).toEqual(['kill', 'start', 'kill', 'start']);
  expect(lives.downs.at(-1)?.to).toBe(Number.POSITIVE_INFINITY);
  operator.ready();
  await Promise.all([second, lives.up()]);
  expect(lives.downs.at(-1)?.to).toBeLessThanOrEqual(performance.now());
});

test('a start that fails without another death is told', async () => {
  const operator = program();
  const lives = new Lives(operator);
  await lives.die();
  const restart = lives.restart();
  operator.dead();
  await expect(restart).rejects.toThrow('ended before it was ready');
});

test('nobody who did not die is started', async () => {
  const operator = program();
  await new Lives(operator).restart();
  expect(operator.did).toEqual([]);
});

test('who waits since the first of two deaths hears of the start after the second', async () => {
  const operator = program();
  const lives = new Lives(operator);
  const first = lives.die();
  const up = lives.up();
  await Promise.all([first, lives.die()]);
  const restart = lives.restart();
  operator.ready();
  await Promise.all([up, restart]);
  expect(operator.did).toEqual(['kill', 'kill', 'start']);
});
