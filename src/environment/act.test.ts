import { expect, test } from '@jest/globals';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import { isOrdered } from './act.ts';
import type { Order } from './order.ts';

/* Whether a Promotion that is there under the name of an order is that order. */

const revision = { images: [{ image: 'ghcr.io/acme/checkout', digest: `sha256:${'1'.repeat(64)}` }] };
const rise: Order = { name: 'auto-prod-1', spec: { environment: 'prod', revision, reason: 'verified' } };
const back: Order = {
  name: 'rollback-d1',
  spec: { environment: 'prod', revision, targets: ['a'], rollback: { decision: 'd', uid: 'd1', by: 'bob' } },
};

const found = (order: Order, change: object = {}): RawObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name: order.name, namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { ...order.spec, ...change },
});

test.each<[string, Order, object, boolean]>([
  ['itself', rise, {}, true],
  ['itself, in the operator’s name', rise, { requestedBy: 'system:serviceaccount:a:b' }, true],
  ['the same revision for another reason', rise, { reason: 'verified elsewhere' }, true],
  ['a dry run of it', rise, { dryRun: true }, false],
  ['the same to some of the targets', rise, { targets: ['a'] }, false],
  ['the same with a gate of one’s own', rise, { gates: [{ gate: 'never', when: 'Before' }] }, false],
  ['the same that ends before it can begin', rise, { startDeadlineSeconds: 1 }, false],
  ['the same for another place', rise, { environment: 'dev' }, false],
  ['a rollback by this Decision', back, { reason: 'x', targets: ['b'] }, true],
  ['a rollback by another Decision', back, { rollback: { decision: 'd', uid: 'd2', by: 'bob' } }, false],
  ['none at all', back, { rollback: undefined }, false],
])('%s: %#', (_, order, change, is) => {
  expect(isOrdered(found(order, change), order)).toBe(is);
});
