import { afterEach, beforeEach, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { systemClock } from '../runtime/clock.ts';
import { KubeClient } from './client.ts';
import { isConflict } from './errors.ts';
import { mergeDiff, patchStatus } from './patch.ts';
import { ApiServer, mergePatched } from './testing/api-server.ts';
import type { Loopback } from './testing/loopback.ts';
import { failure } from './testing/until.ts';
import type { KubeObject } from './types.ts';

interface Thing extends KubeObject {
  status?: unknown;
}

const PATH = '/apis/example.dev/v1/namespaces/n/things/a';
let api: ApiServer;
let server: Loopback;
let client: KubeClient;

beforeEach(async () => {
  ({ api, server } = await ApiServer.start());
  client = new KubeClient({ config: server.config(), clock: systemClock });
});

afterEach(async () => {
  await client.config.close();
  await server.stop();
});

test.each([
  ['equal', { a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, undefined],
  ['a changed field', { a: 1, b: 2 }, { a: 1, b: 3 }, { b: 3 }],
  ['a removed field', { a: 1, b: 2 }, { a: 1 }, { b: null }],
  [
    'a removed entry of a nested map',
    { m: { x: 1, y: { z: 1 } } },
    { m: { y: {} } },
    { m: { x: null, y: { z: null } } },
  ],
  ['an array, replaced whole', { a: [1, 2] }, { a: [1] }, { a: [1] }],
  ['an array of maps that did not change', { a: [{ x: 1 }] }, { a: [{ x: 1, y: undefined }] }, undefined],
  ['a scalar that becomes a map', { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
  ['a map that becomes an array', { a: { b: 1 } }, { a: [] }, { a: [] }],
  ['an empty map that was not there', {}, { a: {} }, { a: {} }],
  ['no status before', undefined, { a: 1 }, { a: 1 }],
  ['an empty status that was not there', undefined, {}, {}],
  ['undefined, which is absent', { a: 1 }, { a: undefined }, { a: null }],
  ['null, which is absent too', { b: 1 }, { a: null, b: 1 }, undefined],
  ['a null that was there', { a: null }, {}, undefined],
  [
    'a prototype that is only a name',
    {},
    JSON.parse('{"__proto__":{"x":1}}'),
    JSON.parse('{"__proto__":{"x":1}}'),
  ],
])('%s', (_, before, after, patch) => {
  expect(JSON.stringify(mergeDiff(before, after))).toBe(JSON.stringify(patch));
});

/** Any JSON value without nulls, which a merge patch cannot write. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value), (_, inner) => inner ?? 0));
const map = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('a', 'b', 'c')), json);

test('the patch, applied by the rules, always gives the new state, and a second one is empty', () => {
  fc.assert(
    fc.property(map, map, (before, after) => {
      const patch = mergeDiff(before, after);
      const result = patch === undefined ? before : mergePatched(before, patch);
      expect(result).toEqual(after);
      expect(mergeDiff(result, after)).toBeUndefined();
    }),
  );
});

test('a status is written with one guarded patch on the subresource', async () => {
  const object: Thing = api.put(PATH, { status: { phase: 'Running', step: 1, old: true } });
  const written = await patchStatus(client, PATH, object, { phase: 'Running', step: 2 });
  expect(api.asked).toHaveLength(1);
  expect(api.asked[0]).toMatchObject({
    method: 'PATCH',
    path: `${PATH}/status`,
    body: {
      metadata: { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion },
      status: { step: 2, old: null },
    },
  });
  expect(written.status).toEqual({ phase: 'Running', step: 2 });
  expect(api.get(PATH)).toMatchObject({ status: { phase: 'Running', step: 2 } });
});

test('a status that is there already is not sent', async () => {
  const object: Thing = api.put(PATH, { status: { phase: 'Running', conditions: [{ type: 'Ready' }] } });
  const same = { conditions: [{ type: 'Ready', message: undefined }], phase: 'Running' };
  expect(await patchStatus(client, PATH, object, same)).toBe(object);
  expect(api.asked).toHaveLength(0);
});

test('a status from a stale object is refused', async () => {
  const object: Thing = api.put(PATH, { status: { step: 1 } });
  api.put(PATH, { status: { step: 5 } });
  expect(isConflict(await failure(patchStatus(client, PATH, object, { step: 2 })))).toBe(true);
  expect(api.get(PATH)).toMatchObject({ status: { step: 5 } });
});

test('a status for an object that was deleted and created again is refused', async () => {
  const object: Thing = api.put(PATH);
  api.remove(PATH);
  api.put(PATH);
  expect(isConflict(await failure(patchStatus(client, PATH, object, { step: 2 })))).toBe(true);
});
