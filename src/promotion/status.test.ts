import { expect, test } from '@jest/globals';
import type { GateResult } from '../api/v1alpha1/types.ts';
import { significant } from './status.ts';

/* What is worth a write. */

const gate: GateResult = {
  gate: 'compare',
  when: 'During',
  target: 'checkout',
  verdict: 'Inconclusive',
  since: '2026-01-01T00:00:00Z',
  message: 'm',
};

test('that a gate has begun to count is, once; how far it has come is not', () => {
  const begun = significant({ gates: [{ ...gate, state: '[1]' }] });
  expect(begun).not.toEqual(significant({ gates: [gate] }));
  expect(begun).toEqual(significant({ gates: [{ ...gate, state: '[1,2]', value: 3, message: 'n' }] }));
});
