import { expect, test } from '@jest/globals';
import type { Promotion } from '../api/v1alpha1/types.ts';
import { laneOf } from './lane.ts';

type Stands = Pick<Promotion, 'status'>;

const at = (reason: string | undefined, more: object = {}): Stands =>
  ({
    status:
      reason === undefined ? {} : { conditions: [{ type: 'Succeeded', status: 'Unknown', reason }], ...more },
  }) as Stands;

test.each<[string, Stands, string]>([
  ['on its way back', at('Reverting', { revert: { detectedAt: 't' } }), 'prompt'],
  ['in flight', at('Analysing', { plan: { hash: 'h' } }), 'normal'],
  ['in preflight', at('Preflight'), 'normal'],
  ['that nobody has looked at', at(undefined), 'normal'],
  ['that waits for its turn', at('Queued'), 'low'],
  ['that waits for what does not exist', at('AwaitingReference'), 'low'],
  ['that waits for another Environment', at('AwaitingUpstream'), 'low'],
])('a promotion %s is worked on in its lane', (_, promotion, lane) => {
  expect(laneOf(promotion)).toBe(lane);
});
