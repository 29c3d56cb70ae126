import { expect, test } from '@jest/globals';
import type { EnvironmentStatus, Promotion } from '../api/v1alpha1/types.ts';
import { isOnRecord } from './record.ts';
import { World } from './testing/world.ts';

const completedAt = '2026-01-02T00:00:00Z';
const entry = { promotion: 'two', target: 'checkout', outcome: 'Succeeded', completedAt };

function ended(): { world: World; promotion: Promotion } {
  const world = new World();
  const plan = world.input().promotion;
  const status = { startedAt: '2026-01-01T00:00:00Z', completedAt, plan: { ...PLAN } };
  return { world, promotion: { ...plan, status } };
}
const PLAN = {
  version: 1,
  hash: 'h',
  gates: [],
  bakeSeconds: 0,
  targets: [
    { name: 'checkout', wave: 0, rollout: { name: 'c', uid: 'u' }, images: [], stepsHash: '', steps: 1 },
  ],
};

test.each<[string, EnvironmentStatus | undefined, boolean]>([
  ['an Environment that has not looked yet', undefined, false],
  ['one that has it in its history', { history: [entry] }, true],
  ['one that has an older one of that name', { history: [{ ...entry, completedAt: 'before' }] }, false],
  [
    'one whose history is full of newer ones',
    { history: Array.from({ length: 20 }, (_, i) => ({ ...entry, promotion: `p${i}` })) },
    true,
  ],
  [
    'one that still has it in flight',
    {
      history: [entry],
      targets: [{ name: 'checkout', candidate: { revisionDigest: '', promotion: 'two' } }],
    },
    false,
  ],
])('%s', (_, status, expected) => {
  const { world, promotion } = ended();
  expect(isOnRecord({ ...world.environment, status }, promotion)).toBe(expected);
});

test('what never began leaves nothing to record', () => {
  const { world, promotion } = ended();
  expect(isOnRecord(world.environment, { ...promotion, status: { completedAt } })).toBe(true);
});
