import {
  celEnv,
  celUint,
  isCelError,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
  parse,
  plan,
} from '@bufbuild/cel';
import type { CelInput, CelUint } from '@bufbuild/cel';
import { getTestRegistry } from '@bufbuild/cel-spec/testdata/registry.js';
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import { expect, test } from '@jest/globals';

// The conformance cases of cel-spec, those that a condition can reach: no protobuf messages and no enums.
// docs/design/2026-11-23-cel-library.md has the figures of both libraries that were compared with them.
const FILES =
  'basic comparisons conversions fields fp_math integer_math lists logic macros namespace parse plumbing string timestamps'.split(
    ' ',
  );
const PROTOBUF = /TestAllTypes|google\.protobuf|proto2|proto3|GlobalEnum|NestedTest/;
const registry = getTestRegistry();

type Case = IncrementalTestSuite['tests'][number]['original'];
type Wanted = Extract<Case['resultMatcher'], { case: 'value' }>['value'];

type Key = string | bigint | boolean | CelUint;
const isKey = (value: unknown): value is Key =>
  ['string', 'bigint', 'boolean'].includes(typeof value) || isCelUint(value);

/** The value that a case binds or wants, as JavaScript; undefined where it is a message or a type. */
function input({ kind }: Wanted): CelInput | undefined {
  if (kind.case === 'uint64Value') return celUint(kind.value);
  if (kind.case === 'nullValue') return null;
  if (kind.case === 'typeValue' || kind.case === 'objectValue') return undefined;
  if (kind.case === 'listValue') {
    const values = kind.value.values.map(input);
    return values.every((v) => v !== undefined) ? values : undefined;
  }
  if (kind.case === 'mapValue') {
    const map = new Map<Key, CelInput>();
    for (const { key, value } of kind.value.entries) {
      const name = key && input(key);
      if (isKey(name)) map.set(name, (value && input(value)) ?? null);
    }
    return map;
  }
  return typeof kind.value === 'object' && !(kind.value instanceof Uint8Array) ? undefined : kind.value;
}

/** One text for equal values of one type; maps without order. */
function canonical(value: unknown): string {
  if (value === undefined || isCelError(value)) return 'error';
  if (isCelUint(value)) return `${value.value}u`;
  if (isCelType(value)) return value.name;
  if (value instanceof Uint8Array) return `bytes ${value.join(' ')}`;
  if (isCelList(value) || Array.isArray(value)) return `[${[...value].map(canonical).join()}]`;
  if (isCelMap(value) || value instanceof Map)
    return `{${[...value.entries()]
      .map(([k, v]) => `${canonical(k)}:${canonical(v)}`)
      .toSorted()
      .join()}}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'bigint') return `${typeof value} ${value}`;
  return value === null || typeof value === 'boolean' ? String(value) : 'other';
}

function outcome(one: Case, bindings: Record<string, CelInput>): unknown {
  try {
    return plan(celEnv({ namespace: one.container, registry }), parse(one.expr))(bindings);
  } catch {
    return undefined;
  }
}

function judge(one: Case): boolean | undefined {
  const declared = JSON.stringify(one.typeEnv, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));
  if (one.checkOnly || one.disableCheck || PROTOBUF.test(one.expr + one.container + declared))
    return undefined;
  const bindings: Record<string, CelInput> = {};
  for (const [name, { kind }] of Object.entries(one.bindings)) {
    const value = kind.case === 'value' ? input(kind.value) : undefined;
    if (value === undefined) return undefined;
    bindings[name] = value;
  }
  const matcher = one.resultMatcher;
  if (matcher.case === 'evalError') return canonical(outcome(one, bindings)) === 'error';
  const wanted = matcher.case === 'value' ? input(matcher.value) : true;
  return wanted === undefined ? undefined : canonical(outcome(one, bindings)) === canonical(wanted);
}

function gather(suite: IncrementalTestSuite, path: string): [string, boolean][] {
  const own = suite.tests.flatMap((one): [string, boolean][] => {
    const passed = judge(one.original);
    return passed === undefined ? [] : [[`${path}/${one.name}`, passed]];
  });
  return [...own, ...suite.suites.flatMap((inner) => gather(inner, `${path}/${inner.name}`))];
}

test('the CEL library passes the cel-spec conformance cases, but for quoted fields and a doubled key', () => {
  const results = getConformanceSuite()
    .suites.filter((suite) => FILES.includes(suite.name))
    .flatMap((suite) => gather(suite, suite.name));
  expect(results.length).toBeGreaterThan(900);
  expect(results.filter(([, passed]) => !passed).map(([name]) => name)).toEqual([
    'fields/quoted_map_fields/field_access_slash',
    'fields/quoted_map_fields/field_access_dash',
    'fields/quoted_map_fields/field_access_dot',
    'fields/quoted_map_fields/has_field_slash',
    'fields/quoted_map_fields/has_field_dash',
    'fields/quoted_map_fields/has_field_dot',
    'fields/qualified_identifier_resolution/map_value_repeat_key_heterogeneous',
  ]);
});
