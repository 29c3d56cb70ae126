import { describe, expect, test } from '@jest/globals';
import type { PlannedTarget } from '../../api/v1alpha1/types.ts';
import { applyJsonPatch } from '../../promotion/testing/apply-patch.ts';
import { restoreFor } from './restore.ts';
import type { Rollout } from './types.ts';

const template = (image: string, sidecar = 'proxy:1', note = 'kept') => ({
  metadata: { labels: { app: 'checkout' }, annotations: { note } },
  spec: {
    containers: [
      { name: 'app', image },
      { name: 'sidecar', image: sidecar },
    ],
  },
});
const recorded = { controllerRevision: 'c', hash: 'h', template: template('app:1') };
const planned = (writes?: 'Images'): PlannedTarget => ({
  name: 'checkout',
  wave: 0,
  rollout: { name: 'checkout', uid: 'u', ...(writes && { writes }) },
  images: [{ container: 'app', image: 'app:2', changed: true }],
  stepsHash: 's',
  steps: 4,
});
const declaring = (declared: Rollout['spec']['template']): Rollout => ({
  metadata: { name: 'checkout', namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: 't' },
  spec: { replicas: 5, ...(declared && { template: declared }) },
});
const writes = (rollout: Rollout, plan: PlannedTarget) =>
  restoreFor(rollout, recorded, plan).operations.filter((o) => o.op !== 'test');

describe('the recorded template is put back', () => {
  test('as a whole where the template is ours', () => {
    const rollout = declaring(template('app:2'));
    expect(writes(rollout, planned())).toEqual([
      { op: 'replace', path: '/spec/template', value: recorded.template },
    ]);
    expect(applyJsonPatch(rollout, restoreFor(rollout, recorded, planned()).operations)).toBe(true);
    expect(rollout.spec.template).toEqual(recorded.template);
  });

  test('by the changed images alone where someone else declares the rest', () => {
    const rollout = declaring(template('app:2'));
    expect(writes(rollout, planned('Images'))).toEqual([
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'app:1' },
    ]);
    expect(applyJsonPatch(rollout, restoreFor(rollout, recorded, planned('Images')).operations)).toBe(true);
    expect(rollout.spec.template).toEqual(recorded.template);
  });

  test.each([
    ['an annotation', template('app:2', 'proxy:1', 'theirs')],
    ['the image of another container', template('app:2', 'proxy:2')],
    ['the promoted image', template('app:3')],
  ])('never over what a stranger has changed since it was looked at: %s', (_, theirs) => {
    for (const plan of [planned(), planned('Images')]) {
      const rollout = declaring(theirs);
      expect(applyJsonPatch(rollout, restoreFor(rollout, recorded, plan).operations)).toBe(false);
      expect(rollout.spec.template).toEqual(theirs);
    }
  });

  test('never on a Rollout that was made anew', () => {
    const rollout = declaring(template('app:2'));
    const { operations } = restoreFor(rollout, recorded, planned('Images'));
    rollout.metadata.uid = 'another';
    expect(applyJsonPatch(rollout, operations)).toBe(false);
  });
});
