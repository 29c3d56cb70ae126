import { expect, test } from '@jest/globals';
import { Lanes, type Waiter } from './lanes.ts';

const waiter = (): Waiter => ({ waitsIn: undefined });

test('a lane has so many places, and who waits longest is next', () => {
  const lanes = new Lanes(1);
  const [a, b, c] = [waiter(), waiter(), waiter()];
  expect([lanes.enter('x', a), lanes.enter('x', b), lanes.enter('x', c)]).toEqual([true, false, false]);
  expect(lanes.waiting).toBe(2);
  expect(lanes.leave('x')).toBe(b);
  expect(lanes.enter('x', b)).toBe(true);
  expect(lanes.leave('x')).toBe(c);
});

test('another lane has its own places', () => {
  const lanes = new Lanes(1);
  expect([lanes.enter('x', waiter()), lanes.enter('y', waiter())]).toEqual([true, true]);
});

test('who is forgotten does not wait', () => {
  const lanes = new Lanes(1);
  const late = waiter();
  lanes.enter('x', waiter());
  lanes.enter('x', late);
  lanes.forget(late);
  expect([lanes.waiting, lanes.leave('x')]).toEqual([0, undefined]);
});
