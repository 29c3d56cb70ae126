import { describe, expect, test } from '@jest/globals';
import type { Audit, Decision } from '../api/v1alpha1/types.ts';
import { append } from '../audit/chain.ts';
import { World } from '../promotion/testing/world.ts';
import { isOnRecord } from './record.ts';

const AT = '2026-01-01T00:00:00Z';
const chain = (...records: object[]): Audit => ({ records: append('uid', undefined, AT, records) });
const told = chain({ kind: 'Decision', uid: 'd-uid' });
const other = chain({ kind: 'Decision', uid: 'other' }, { kind: 'State', uid: 'd-uid' });

const decision = (status: 'True' | 'False', verdict: 'Abort' | 'Approve' = 'Abort'): Decision => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Decision',
  metadata: { ...new World().promotion.metadata, name: 'd', uid: 'd-uid' },
  spec: { by: 'bob', verdict, environment: 'prod', promotion: { name: 'two', uid: 'two-uid' } },
  status: {
    conditions: [{ type: 'Accepted', status, reason: 'r', message: 'm', lastTransitionTime: AT }],
  },
});

describe('before it is deleted a Decision', () => {
  test.each<[string, Audit | undefined, Audit | undefined, boolean]>([
    ['that the trail of its promotion has', told, other, true],
    ['that no trail has', other, other, false],
    ['whose promotion has no trail', undefined, other, false],
    ['whose record was let go of', { ...other, cut: { seq: 1, hash: 'h' } }, other, true],
  ])('%s', (_, promotionTrail, placeTrail, expected) => {
    const { promotion, environment } = new World();
    const at = {
      promotion: { ...promotion, status: { ...promotion.status, audit: promotionTrail } },
      environment: environment && { ...environment, status: { ...environment.status, audit: placeTrail } },
    };
    expect(isOnRecord(decision('True'), at)).toBe(expected);
  });

  test('that approves an emergency afterwards is in the trail of its Environment', () => {
    const { promotion, environment } = new World();
    const place = { ...environment, status: { ...environment.status, audit: told } };
    const at = { promotion, environment: place };
    expect(isOnRecord(decision('True', 'Approve'), at)).toBe(true);
    expect(isOnRecord(decision('True', 'Abort'), at)).toBe(false);
  });

  test('that was refused has its line in the log, and one whose object is gone can be looked up nowhere', () => {
    const { promotion, environment } = new World();
    expect(isOnRecord(decision('False'), { promotion, environment })).toBe(true);
    expect(isOnRecord(decision('True'), { promotion: undefined, environment })).toBe(true);
  });
});
