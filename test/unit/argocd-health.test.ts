import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type Wanted, withConditions } from '../../src/api/v1alpha1/conditions.ts';
import { decisionStatus } from '../../src/api/v1alpha1/decision.ts';
import { environmentStatus } from '../../src/api/v1alpha1/environment.ts';
import { gateStatus } from '../../src/api/v1alpha1/gate.ts';
import {
  parseDecision,
  parseEnvironment,
  parseGate,
  parsePromotion,
  type RawObject,
} from '../../src/api/v1alpha1/parse.ts';
import { promotionStatus } from '../../src/api/v1alpha1/promotion.ts';
import { told } from '../harness/argocd-doc.ts';
import { ArgoCdLua, CODES, CUSTOMIZATIONS, type Health, scriptOf } from '../harness/argocd-lua.ts';

/* The health scripts for Argo CD, in the form of its own tests: health_test.yaml and testdata, as Argo CD runs them. */

const KINDS = {
  Promotion: { read: parsePromotion, status: promotionStatus },
  Environment: { read: parseEnvironment, status: environmentStatus },
  Gate: { read: parseGate, status: gateStatus },
  Decision: { read: parseDecision, status: decisionStatus },
} as const;
const NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** The form of Argo CD's own health_test.yaml. */
interface Case {
  healthStatus: Health;
  inputPath: string;
}

const casesOf = (kind: string): Case[] =>
  parse(readFileSync(join(CUSTOMIZATIONS, kind, 'health_test.yaml'), 'utf8')).tests;

let lua: ArgoCdLua;
beforeAll(async () => {
  lua = await ArgoCdLua.start();
});

describe('the interpreter is no more than Argo CD has', () => {
  test.each([
    'goto done ::done:: return {}',
    'return { status = 7 // 2 }',
    'return { status = 6 & 3 }',
    'return { status = ~1 }',
    'local x <const> = 1 return {}',
  ])('it refuses what is newer than Lua 5.1: %s', (script) => {
    expect(() => lua.health(script, {})).toThrow(/expected|unexpected symbol/);
  });

  test.each([
    'return { status = string.lower("X") }',
    'return { status = ("X"):lower() }',
    'return { status = tostring(math.floor(1)) }',
    'return { status = io.read() }',
    'return { status = require("debug").traceback() }',
    'found = 1 return { status = "Healthy" }',
    'return { status = obj.status.conditions }',
    'return nil',
    'return { status = "Healthy", message = {} }',
  ])('it refuses what is not there, or no health: %s', (script) => {
    expect(() => lua.health(script, {})).toThrow(
      /no global|attempt to|expect table|not a health|is made|module/,
    );
  });
});

describe.each(NAMES)('%s', (kind) => {
  const cases = casesOf(kind);
  const { read, status } = KINDS[kind];

  test.each(cases)('$inputPath is $healthStatus.status', ({ inputPath, healthStatus }) => {
    const object: RawObject = parse(readFileSync(join(CUSTOMIZATIONS, kind, inputPath), 'utf8'));
    expect(lua.health(scriptOf(kind), object)).toEqual(healthStatus);
    // It is an object as this API has it.
    expect(read(object)).toMatchObject({ ok: true });
    expect(status.optional().safeParse(object.status).error).toBeUndefined();
  });

  test('every file of the testdata is a case, and every health that the page knows has one', () => {
    const files = readdirSync(join(CUSTOMIZATIONS, kind, 'testdata')).map((file) => `testdata/${file}`);
    expect(cases.map((c) => c.inputPath).toSorted()).toEqual(files.toSorted());
    const shown = new Set(cases.map((c) => c.healthStatus.status));
    for (const { health } of told(kind)) expect([...shown]).toContain(health);
  });

  test('the page names Argo CD codes only', () => {
    for (const { health } of told(kind)) expect(CODES).toContain(health);
  });

  test('no status, no conditions, or those of another generation are Progressing', () => {
    const good = ['Ready', 'Succeeded', 'Accepted'].map((type): Wanted => {
      return { type, status: 'True', reason: 'Good', message: 'because' };
    });
    const conditions = withConditions([], good, 1, '2026-01-01T00:00:00Z');
    for (const object of [
      {},
      { metadata: { generation: 1 } },
      { metadata: { generation: 1 }, status: {} },
      { metadata: { generation: 1 }, status: { conditions: [] } },
      { metadata: { generation: 2 }, status: { observedGeneration: 1, conditions } },
      { metadata: {}, status: { conditions } },
    ])
      expect(lua.health(scriptOf(kind), object).status).toBe('Progressing');
  });

  test('it begins like every other', () => {
    const [, ...beginning] = scriptOf(kind).split('-- The same up to here')[0]?.split('\n') ?? [];
    expect(beginning).toEqual(scriptOf('Promotion').split('-- The same up to here')[0]?.split('\n').slice(1));
  });
});
