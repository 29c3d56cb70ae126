import { expect, test } from '@jest/globals';
import { jsonPatch, pointer } from './json-patch.ts';

test.each([
  [['metadata', 'annotations', 'sluice.dev/by'], '/metadata/annotations/sluice.dev~1by'],
  [['a~b', '~1', 'm/n'], '/a~0b/~01/m~1n'],
  [['spec', 'containers', 0, 'image'], '/spec/containers/0/image'],
  [['', ' '], '// '],
  [[], ''],
])('the pointer to %j is %s', (segments, expected) => {
  expect(pointer(...segments)).toBe(expected);
});

test('a guard names one object in one version', () => {
  const object = { metadata: { name: 'a', uid: 'u', resourceVersion: '7' } };
  expect([...jsonPatch.guard(object), jsonPatch.replace('/spec/x', 1), jsonPatch.remove('/spec/y')]).toEqual([
    { op: 'test', path: '/metadata/uid', value: 'u' },
    { op: 'test', path: '/metadata/resourceVersion', value: '7' },
    { op: 'replace', path: '/spec/x', value: 1 },
    { op: 'remove', path: '/spec/y' },
  ]);
});
