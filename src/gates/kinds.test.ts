import { describe, expect, test } from '@jest/globals';
import { gateSpec } from '../api/v1alpha1/gate.ts';
import { placeholderVars } from '../analysis/template.ts';
import { checkOf, GATE_KINDS, NO_CHECK } from './kinds.ts';

const counts = { bad: 'sum(bad)', total: 'sum(all)' };
const specs = {
  prometheus: { address: 'http://a:9090', query: 'sum(rate(x[2m]))', pass: 'value < 1' },
  compare: { address: 'http://a:9090', canary: counts, stable: counts, minSamples: { atLeast: 1 } },
};

describe('the kinds of gates', () => {
  test('each stands under its own name', () => {
    expect(Object.entries(GATE_KINDS).map(([name, { kind }]) => [name, kind])).toEqual(
      Object.keys(specs).map((name) => [name, name]),
    );
  });

  test.each(Object.entries(specs))('a Gate with spec.%s has that check', (kind, spec) => {
    const check = checkOf(gateSpec.parse({ [kind]: spec }));
    expect(check).toMatchObject({ kind, address: 'http://a:9090' });
    expect(check?.validate()).toEqual({ ok: true });
    expect(check?.longestRangeSeconds(placeholderVars)).toBe(kind === 'prometheus' ? 120 : 0);
  });

  test('a Gate whose kind was pruned has none, and it is said what to do', () => {
    expect(checkOf(gateSpec.parse({}))).toBeUndefined();
    expect(NO_CHECK).toContain('set spec.prometheus or spec.compare, and apply the CRDs of this version');
  });
});
