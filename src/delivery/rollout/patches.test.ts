import { expect, test } from '@jest/globals';
import { applyJsonPatch } from '../../promotion/testing/apply-patch.ts';
import { applyPatch, FENCE, fencePatch } from './patches.ts';
import type { Rollout } from './types.ts';

/** A Rollout with these annotations besides the Rollouts controller's own. */
const rollout = (annotations: Record<string, string> = {}): Rollout => ({
  metadata: {
    name: 'checkout',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: 't',
    annotations: { 'rollout.argoproj.io/revision': '1', ...annotations },
  },
  spec: { template: { spec: { containers: [{ name: 'app', image: 'app:1' }] } } },
});
const recorded = { controllerRevision: 'c', hash: 'h', template: rollout().spec.template };
const apply = (seen: Rollout): ReturnType<typeof applyPatch> =>
  applyPatch(seen, recorded, [{ container: 'app', image: 'app:2' }]);

test('an Apply is not in the way of an annotation that the caches do not keep', () => {
  const stored = rollout({ 'kubectl.kubernetes.io/last-applied-configuration': '{}' });
  expect(applyJsonPatch(stored, apply(rollout()).operations)).toBe(true);
  expect(stored.spec.template?.spec?.containers?.[0]?.image).toBe('app:2');
});

test('an Apply from before a fence is refused, and one that has seen it is not', () => {
  for (const earlier of [rollout(), rollout({ [FENCE]: 'another' })]) {
    const stored = structuredClone(earlier);
    expect(applyJsonPatch(stored, fencePatch(stored, 'p').operations)).toBe(true);
    expect(applyJsonPatch(structuredClone(stored), apply(earlier).operations)).toBe(false);
    expect(applyJsonPatch(structuredClone(stored), apply(stored).operations)).toBe(true);
  }
});
