import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { play } from '../../src/promotion/testing/play.ts';
import { World } from '../../src/promotion/testing/world.ts';
import { ArgoCdLua, CODES, CUSTOMIZATIONS, scriptOf } from '../harness/argocd-lua.ts';

/* Whatever is missing from an object, or is not what it should be, the scripts answer, and do not answer too well. */

let lua: ArgoCdLua;
beforeAll(async () => {
  lua = await ArgoCdLua.start();
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The testdata of a kind, and with it what is played. */
function objectsOf(kind: string): Json[] {
  const folder = join(CUSTOMIZATIONS, kind, 'testdata');
  const told: Json[] = readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8')));
  const world = new World();
  const played: Json[] = [];
  play(world, 'Pass', 400, () => {
    const object =
      kind === 'Promotion' ? world.promotion : kind === 'Environment' ? world.environment : world.gate;
    if (kind !== 'Decision') played.push(JSON.parse(JSON.stringify(object)));
  });
  return [...told, ...played];
}

/** Every place in it, as the keys that lead there. */
function placesIn(value: Json, before: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [
    [...before, key],
    ...placesIn(one, [...before, key]),
  ]);
}

/** The same without what is there, or with something else in its place. */
function without(value: Json, [key, ...rest]: readonly string[], instead?: Json): Json {
  if (typeof value !== 'object' || value === null || key === undefined) return value;
  if (Array.isArray(value)) {
    const at = Number(key);
    if (rest.length > 0) return value.with(at, without(value[at] ?? null, rest, instead));
    return instead === undefined ? value.toSpliced(at, 1) : value.with(at, instead);
  }
  const { [key]: one, ...others } = value;
  if (rest.length > 0) return { ...others, [key]: without(one ?? null, rest, instead) };
  return instead === undefined ? others : { ...others, [key]: instead };
}

interface Damage {
  /** Which of the places that are left. */
  at: number;
  instead?: Json | undefined;
}

const broken = (object: Json, damages: readonly Damage[]): Json =>
  damages.reduce<Json>((left, { at, instead }) => {
    const places = placesIn(left);
    return places.length === 0 ? left : without(left, places[at % places.length] ?? [], instead);
  }, object);

const at = fc.nat(1_000_000);
const anything = fc.constantFrom<Json>(null, '', 'x', 'True', 0, 1, true, false, [], {}, [[]], ['x'], {
  x: 1,
});

describe.each(['Promotion', 'Environment', 'Gate', 'Decision'])('%s', (kind) => {
  const objects = objectsOf(kind);
  const script = scriptOf(kind);
  const health = (object: Json): string => lua.health(script, object).status;

  test('whatever is missing', () => {
    const damages = fc.array(fc.record({ at }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...objects), damages, (object, list) => {
        const left = health(broken(object, list));
        expect(CODES).toContain(left);
        // An Environment is Healthy unless a condition says that it is not; of the others that has to be said.
        if (kind !== 'Environment' && health(object) !== 'Healthy') expect(left).not.toBe('Healthy');
      }),
      { numRuns: 400 },
    );
  });

  test('every single thing missing, one after the other', () => {
    for (const object of objects.slice(0, 30))
      for (const place of placesIn(object)) expect(CODES).toContain(health(without(object, place)));
  });

  test('whatever is something else', () => {
    const damages = fc.array(fc.record({ at, instead: anything }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...objects), damages, (object, list) => {
        expect(CODES).toContain(health(broken(object, list)));
      }),
      { numRuns: 400 },
    );
  });
});
