import { beforeEach, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Store, type StoreEvent } from './store.ts';
import type { KubeObject } from './types.ts';

interface Thing extends KubeObject {
  owner?: string;
}

let events: string[];
let store: Store<Thing>;

beforeEach(() => {
  events = [];
  store = new Store<Thing>({
    indexes: { owner: ({ owner }) => (owner === undefined ? [] : [owner]), bad: () => JSON.parse('{') },
    emit: (event: StoreEvent<Thing>) => {
      const { name, uid, resourceVersion } = event.object.metadata;
      const was = event.type === 'updated' ? `<${event.previous.metadata.resourceVersion}` : '';
      events.push(`${event.type} ${name} ${uid}@${resourceVersion}${was}`);
    },
  });
});

const thing = (name: string, version: string | number, uid = `${name}-1`, owner?: string): Thing => ({
  metadata: { namespace: 'n', name, uid, resourceVersion: `${version}` },
  ...(owner !== undefined && { owner }),
});

test('added, updated and deleted are told once each, with what was there before', () => {
  expect(store.put(thing('a', 1))).toBe('added');
  expect(store.put(thing('a', 2))).toBe('updated');
  store.remove(thing('a', 3));
  expect(events).toEqual(['added a a-1@1', 'updated a a-1@2<1', 'deleted a a-1@3']);
  expect(store.size).toBe(0);
});

test('the echo of what is stored is silent, and an older version is ignored', () => {
  store.put(thing('a', 5));
  expect(store.put(thing('a', 5))).toBe('same');
  expect(store.put(thing('a', 4))).toBe('stale');
  expect(store.get('n', 'a')?.metadata.resourceVersion).toBe('5');
  expect(events).toEqual(['added a a-1@5']);
});

test('versions compare as numbers: 9 is older than 10', () => {
  store.put(thing('a', 10));
  expect(store.put(thing('a', 9))).toBe('stale');
});

test('where versions cannot be compared the latest to arrive wins', () => {
  store.put(thing('a', 'zebra'));
  expect(store.put(thing('a', 'aardvark'))).toBe('updated');
  store.remove(thing('a', 'mole'));
  expect(store.put(thing('a', 'newt'))).toBe('added');
});

test('deleted and created again under one name is a deletion and an addition', () => {
  store.put(thing('a', 1, 'old', 'bob'));
  store.put(thing('a', 5, 'new', 'bob'));
  expect(events).toEqual(['added a old@1', 'deleted a old@1', 'added a new@5']);
  expect(store.byIndex('owner', 'bob').map(({ metadata }) => metadata.uid)).toEqual(['new']);
  store.remove(thing('a', 4, 'old'));
  expect(store.get('n', 'a')?.metadata.uid).toBe('new');
});

test('what was deleted stays deleted for events from before', () => {
  store.put(thing('a', 1));
  store.remove(thing('a', 7));
  expect(store.put(thing('a', 6))).toBe('stale');
  expect(store.size).toBe(0);
});

test('an older incarnation does not push out the newer', () => {
  store.put(thing('a', 9, 'new'));
  expect(store.put(thing('a', 3, 'old'))).toBe('stale');
});

test('an object that left a label selector may come back under its uid', () => {
  store.put(thing('a', 1));
  store.remove(thing('a', 2));
  expect(store.put(thing('a', 3))).toBe('added');
  store.remove(thing('a', 2));
  expect(store.size).toBe(1);
});

test('a complete list prunes what it lacks, but not what is newer than it', () => {
  for (const [name, version] of [
    ['kept', 1],
    ['gone', 2],
    ['late', 9],
  ] as const)
    store.put(thing(name, version));
  expect(store.prune(undefined, new Set(['kept-1']), '5')).toEqual(['gone-1']);
  expect(store.list().map(({ metadata }) => metadata.name)).toEqual(['kept', 'late']);
  expect(store.put(thing('gone', 3))).toBe('stale');
});

test('a list of one namespace prunes nothing elsewhere', () => {
  store.put(thing('a', 1));
  expect(store.prune('other', new Set(), '5')).toEqual([]);
  expect(store.list('n')).toHaveLength(1);
  expect(store.list('other')).toEqual([]);
});

test('by force an older state is believed, and what it lacks goes', () => {
  store.put(thing('a', 50));
  store.put(thing('b', 60));
  expect(store.put(thing('a', 20), true)).toBe('updated');
  expect(store.prune(undefined, new Set(['a-1']), '30', true)).toEqual(['b-1']);
  expect(store.put(thing('b', 35), true)).toBe('added');
});

test('an index follows changes, and one that throws harms nobody', () => {
  store.put(thing('a', 1, 'a-1', 'bob'));
  store.put(thing('b', 2, 'b-1', 'bob'));
  store.put(thing('a', 3, 'a-1', 'eve'));
  const owned = (by: string): string[] => store.byIndex('owner', by).map(({ metadata }) => metadata.name);
  expect([owned('bob'), owned('eve'), owned('zoe')]).toEqual([['b'], ['a'], []]);
  store.remove(thing('a', 4));
  expect(owned('eve')).toEqual([]);
  expect(store.byIndex('bad', 'x')).toEqual([]);
  expect(() => store.byIndex('undeclared', 'x')).toThrow(RangeError);
});

test('names and namespaces from hostile objects are only names', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const metadata = { namespace: name, name, uid: name, resourceVersion: '1' };
    expect(store.put({ metadata, owner: name })).toBe('added');
    expect(store.get(name, name)?.metadata.uid).toBe(name);
    expect(store.byIndex('owner', name)).toHaveLength(1);
  }
});

/** The history of one name: creations, changes and deletions with growing versions. */
const histories = fc.array(fc.constantFrom('change', 'recreate', 'delete'), { minLength: 1, maxLength: 12 });

test('however its events are re-ordered and repeated, an object ends in its last state', () => {
  fc.assert(
    fc.property(histories, fc.infiniteStream(fc.nat()), (history, dice) => {
      let uid = 0;
      let exists = false;
      const steps: { type: 'put' | 'remove'; object: Thing }[] = [];
      for (const [index, step] of history.entries()) {
        if (!exists) uid++;
        const object = thing('a', 10 + index, `u${uid}`);
        if (step === 'delete' && exists) steps.push({ type: 'remove', object });
        else steps.push({ type: 'put', object });
        exists = steps.at(-1)?.type === 'put';
      }
      const shuffled = [...steps, ...steps].toSorted(() => ((dice.next().value ?? 0) % 3) - 1);
      const subject = new Store<Thing>({ emit: () => {} });
      for (const { type, object } of shuffled) {
        if (type === 'put') subject.put(object);
        else subject.remove(object);
      }
      const last = steps.at(-1);
      expect(subject.get('n', 'a')).toEqual(last?.type === 'put' ? last.object : undefined);
    }),
  );
});
