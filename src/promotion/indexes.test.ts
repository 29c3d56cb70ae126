import { describe, expect, test } from '@jest/globals';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import { rolloutsOfEnvironment, rolloutsOfPromotion } from './indexes.ts';

const object = (parts: Partial<RawObject>): RawObject => ({
  metadata: { name: 'x', namespace: 'shop', uid: 'u', resourceVersion: '1' },
  ...parts,
});

const targets = [
  { name: 'near', rollout: { name: 'cart' } },
  { name: 'far', rollout: { name: 'gateway', namespace: 'edge' } },
];

describe('a change of a Rollout is told to whom it concerns, by the namespace that the Rollout is in', () => {
  test('Environments', () => {
    expect(rolloutsOfEnvironment(object({ spec: { targets } }))).toEqual(['shop/cart', 'edge/gateway']);
  });

  test('Promotions in flight, and no ended ones', () => {
    const plan = { targets };
    expect(rolloutsOfPromotion(object({ status: { plan } }))).toEqual(['shop/cart', 'edge/gateway']);
    const conditions = [{ type: 'Completed', status: 'True' }];
    expect(rolloutsOfPromotion(object({ status: { plan, conditions } }))).toEqual([]);
  });
});
