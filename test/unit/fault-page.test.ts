import { expect, test } from '@jest/globals';
import type { CaseResult } from '../faults/catalogue.ts';
import { faultsPage, lackOf } from '../faults/page.ts';
import type { ModelFigures } from '../model/run.ts';

/* What docs/faults.md says of a run. */

const one: CaseResult = {
  id: 'C1',
  family: 'Killed',
  injected: 'a | b',
  laws: ['S1', 'L1'],
  held: true,
  times: 2,
};

const world = { name: 'canary', transitions: 7, ends: {}, violations: [], complete: true };
const model: ModelFigures = {
  states: 100_000,
  transitions: 7,
  laws: [],
  seconds: 1,
  violations: 0,
  complete: 100_000,
  worlds: [{ ...world, states: 100_000, seconds: 1, maxStates: undefined }],
};

test('the page counts what was injected, names what broke, and breaks no table', () => {
  const broken = { ...one, id: 'C2', held: false, times: 0, message: 'S1: too far\nby one', seed: 7 };
  const page = faultsPage({ cases: [one, broken], model, seed: 7, found: '| defect |' });
  expect(page).toContain('2 cases, 2 faults injected, 1 broken laws; 100000 states');
  expect(page).toContain('| C1 | a \\| b | 2 | S1 L1 |  |');
  expect(page).toContain('| C2 | a \\| b | 0 | **broken**: S1: too far by one | 7 |');
  expect(page).toContain('| canary | 100000 | 7 | yes | 0 |');
});

test('a fault that never came is no broken law, and no law that held', () => {
  const missed = {
    ...one,
    id: 'C3',
    laws: [],
    held: false,
    missed: true as const,
    times: 0,
    message: 'never',
  };
  const page = faultsPage({ cases: [one, missed], model, seed: 7, found: '' });
  expect(page).toContain('2 cases, 2 faults injected, 0 broken laws, 1 never injected; 100000 states');
  expect(page).toContain('| C3 | a \\| b | 0 | **never injected** |  |');
});

test('the page says what was played again, and what had broken', () => {
  const again = [{ ...one, held: false, message: 'gave up\nafter 800 s' }];
  const whole = { cases: [one], model, seed: 7, found: '' };
  expect(faultsPage({ ...whole, again })).toContain('## Played again');
  expect(faultsPage({ ...whole, again })).toContain('| C1 | gave up after 800 s |');
  expect(faultsPage(whole)).not.toContain('Played again');
});

test('a run of too few cases or states is told to lack them', () => {
  const many = Array.from({ length: 200 }, () => one);
  expect(lackOf(many, { states: 100_000 })).toEqual([]);
  expect(lackOf(many.slice(1), { states: 100_000 })).toEqual(['199 cases are fewer than 200']);
  expect(lackOf(many, { states: 99_999 })).toEqual(['99999 states of small worlds are fewer than 100000']);
});
