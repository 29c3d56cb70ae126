import { describe, expect, test } from '@jest/globals';
import type { RawObject } from './api/v1alpha1/parse.ts';
import { concernsEnvironment, isBehind, stand, wakesOthers } from './waking.ts';

const object = (parts: Partial<RawObject>): RawObject => ({
  metadata: { name: 'x', namespace: 'shop', uid: 'u', resourceVersion: '1' },
  ...parts,
});

const at = (reason: string | undefined, more: object = {}): RawObject =>
  object({
    status:
      reason === undefined ? {} : { conditions: [{ type: 'Succeeded', status: 'Unknown', reason }], ...more },
  });

const used = (...uids: string[]): RawObject => at('Analysing', { decisions: uids.map((uid) => ({ uid })) });

test('Decisions on a promotion are looked at when it has used another one, though its record is full', () => {
  expect(stand(used('a', 'b'))).not.toBe(stand(used('a')));
  expect(stand(used('b', 'c'))).not.toBe(stand(used('a', 'b')));
  expect(stand(used('a', 'b'))).toBe(stand(used('a', 'b')));
});

/* With thousands in one queue, whoever wakes all of them makes work that grows with the square of their number. */
describe('a promotion that changes wakes the others of its Environment', () => {
  test.each<[string, RawObject, RawObject, boolean]>([
    ['when it has ended', at('Baking'), at('Succeeded'), true],
    [
      'when it waits for something, so that it is no longer before them',
      at('Queued'),
      at('AwaitingReference'),
      true,
    ],
    ['when it has come before them', at('AwaitingReference'), at('Queued'), true],
    ['when it has begun', at('Preflight'), at('Applying', { plan: { hash: 'h' } }), true],
    ['when it is stuck on its way back', at('Reverting'), at('RollbackBlocked'), true],
    ['when it is no longer', at('RollbackBlocked'), at('Reverting'), true],
    ['not when it goes on', at('Settling'), at('Analysing'), false],
    ['not when it goes back', at('Analysing'), at('Reverting', { revert: { detectedAt: 't' } }), false],
    ['not when it has been looked at and waits for its turn', at(undefined), at('Queued'), false],
  ])('%s', (_, previous, now, wakes) => {
    expect(wakesOthers({ type: 'updated', object: now, previous }, 'Queue')).toBe(wakes);
  });

  test('not when it is made, but where the newest one replaces those that wait', () => {
    expect(wakesOthers({ type: 'added', object: at(undefined) }, 'Queue')).toBe(false);
    expect(wakesOthers({ type: 'added', object: at(undefined) }, 'Reject')).toBe(false);
    expect(wakesOthers({ type: 'added', object: at(undefined) }, 'Replace')).toBe(true);
  });

  test('when it is gone', () => {
    expect(wakesOthers({ type: 'deleted', object: at('Queued') }, 'Queue')).toBe(true);
  });
});

test('its Environment looks again when it has begun, and when it is gone: its name may be needed there', () => {
  const begun = at('Applying', { plan: { hash: 'h' } });
  expect(concernsEnvironment({ type: 'added', object: at(undefined) })).toBe(false);
  expect(concernsEnvironment({ type: 'updated', object: at('Queued'), previous: at(undefined) })).toBe(false);
  expect(concernsEnvironment({ type: 'updated', object: begun, previous: at('Preflight') })).toBe(true);
  expect(concernsEnvironment({ type: 'deleted', object: at('Planned') })).toBe(true);
});

describe('a promotion that nobody has looked at goes last where it can only wait', () => {
  const fresh = at(undefined);
  const begun: RawObject = {
    ...at('Analysing', { plan: { hash: 'h' } }),
    metadata: { ...fresh.metadata, uid: 'other' },
  };
  const queue = object({ spec: { concurrency: 'Queue' } });
  test.each<[string, boolean, RawObject, RawObject | undefined, RawObject[]]>([
    ['its Environment is not there', true, fresh, undefined, []],
    ['another one has begun there', true, fresh, queue, [begun, fresh]],
    ['it may begin', false, fresh, queue, [fresh]],
    ['the other has not begun either', false, fresh, queue, [{ ...begun, status: {} }, fresh]],
    ['it replaces the other', false, fresh, object({ spec: { concurrency: 'Replace' } }), [begun, fresh]],
    ['it was looked at, and says what it waits for', false, at('Preflight'), queue, [begun]],
  ])('%s: %s', (_, goesLast, raw, environment, unfinished) => {
    expect(isBehind(raw, environment, () => unfinished)).toBe(goesLast);
  });
});
