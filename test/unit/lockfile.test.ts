import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';

const lockfile: {
  packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
} = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../../package-lock.json'), 'utf8'));

/** Every place at which a package is installed. */
const places = (name: string): string[] =>
  Object.keys(lockfile.packages).filter((place) => place.endsWith(`node_modules/${name}`));

// They come with @kubernetes/client-node 0.20, which @dot-i/k8s-operator asks for; the overrides in package.json
// keep them out. `request` has been without maintenance since 2020.
test.each(['request', 'tough-cookie', 'har-validator', 'tar', 'har-schema', 'http-signature'])(
  '%s stays out of what is installed',
  (name) => {
    expect(places(name)).toEqual([]);
  },
);

test('there is exactly one @kubernetes/client-node, in the version that was measured', () => {
  expect(places('@kubernetes/client-node')).toEqual(['node_modules/@kubernetes/client-node']);
  expect(lockfile.packages['node_modules/@kubernetes/client-node']?.version).toBe('2.0.1');
});

test('undici is not older than the release that cured its slow fetch (nodejs/undici #5731)', () => {
  const [place] = places('undici');
  const [major = 0, minor = 0] = (lockfile.packages[place ?? '']?.version ?? '').split('.').map(Number);
  expect(major * 1_000 + minor).toBeGreaterThanOrEqual(8_012);
});

test('every optional package of other platforms is named: without one, `npm ci` refuses the whole file', () => {
  const wanted = Object.values(lockfile.packages).flatMap((p) => Object.keys(p.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(0);
  expect(wanted.filter((name) => places(name).length === 0)).toEqual([]);
});
