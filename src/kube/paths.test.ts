import { expect, test } from '@jest/globals';
import { TerminalError } from '../runtime/errors.ts';
import { collectionPath, keyOf, objectPath, resourceLabel, splitKey } from './paths.ts';

const rollouts = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts' };
const pods = { group: '', version: 'v1', plural: 'pods' };

test.each([
  [collectionPath(pods), '/api/v1/pods'],
  [collectionPath(pods, 'prod'), '/api/v1/namespaces/prod/pods'],
  [collectionPath(rollouts), '/apis/argoproj.io/v1alpha1/rollouts'],
  [objectPath(pods, 'prod', 'a'), '/api/v1/namespaces/prod/pods/a'],
  [
    objectPath(rollouts, 'prod', 'a', 'status'),
    '/apis/argoproj.io/v1alpha1/namespaces/prod/rollouts/a/status',
  ],
  [objectPath({ group: '', version: 'v1', plural: 'nodes' }, undefined, 'n'), '/api/v1/nodes/n'],
  [objectPath(pods, 'prod', 'a?b#c d'), '/api/v1/namespaces/prod/pods/a%3Fb%23c%20d'],
  [objectPath(pods, 'prod', 'system:bob'), '/api/v1/namespaces/prod/pods/system%3Abob'],
])('%s', (path, expected) => {
  expect(path).toBe(expected);
});

test.each(['', '.', '..', 'a/b', '../../secrets/x', '%2e%2e', '..%2fsecrets'])(
  'the name %j cannot leave its place in a path',
  (name) => {
    for (const attempt of [
      () => objectPath(pods, 'prod', name),
      () => objectPath(pods, name, 'a'),
      () => objectPath(pods, 'prod', 'a', name),
    ]) {
      expect(attempt).toThrow(TerminalError);
      expect(attempt).toThrow(expect.objectContaining({ reason: 'InvalidName' }));
    }
  },
);

test('a key is namespace/name, or the name of a cluster-scoped object', () => {
  const metadata = { name: 'a', uid: 'u', resourceVersion: '1' };
  expect(keyOf({ metadata })).toBe('a');
  expect(keyOf({ metadata: { ...metadata, namespace: 'prod' } })).toBe('prod/a');
  expect(splitKey('prod/a')).toEqual({ namespace: 'prod', name: 'a' });
  expect(splitKey('a')).toEqual({ name: 'a' });
});

test.each([
  ['/api/v1/pods', 'pods'],
  ['/api/v1/namespaces/prod/pods/a', 'pods'],
  ['/api/v1/namespaces/prod/pods/a/eviction?x=y', 'pods/eviction'],
  ['/apis/sluice.dev/v1alpha1/namespaces/prod/promotions/a/status', 'promotions/status'],
  ['/api/v1/namespaces', 'namespaces'],
  ['/api/v1/namespaces/prod', 'namespaces'],
  ['/api/v1/namespaces/prod/finalize', 'namespaces/finalize'],
  ['/readyz', 'other'],
  ['/api', 'other'],
])('the label of %s is %s and holds no name', (path, label) => {
  expect(resourceLabel(path)).toBe(label);
});
