import { queryObjects } from 'node:v8';

/**
 * How many lists of timers Node keeps, one for each duration in milliseconds, those of cancelled timers too. Their class
 * has no name of its own and is reached by way of a timer; that one's list is counted as well.
 */
export function timerLists(): number {
  const probe = setTimeout(() => {}, 1);
  const list: object = Reflect.get(probe, '_idlePrev');
  const count = queryObjects(list.constructor, { format: 'count' });
  clearTimeout(probe);
  return count;
}
