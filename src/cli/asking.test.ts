import { describe, expect, test } from '@jest/globals';
import type { Promotion } from '../api/v1alpha1/types.ts';
import { World } from '../promotion/testing/world.ts';
import { gateThatAsks } from './asking.ts';

/* Which gate is meant where none is named. */

type Results = NonNullable<NonNullable<Promotion['status']>['gates']>;
const result = (gate: string, verdict: 'Pass' | 'Inconclusive'): Results[number] => ({
  gate,
  when: 'Before',
  target: '*',
  verdict,
  since: '2026-01-01T00:00:00Z',
  message: 'm',
});

/** The gate that is meant of `peer` and `cab`, with what status says of them. */
function meant(gates: Results, change: (world: World) => void = () => {}): string {
  const world = new World({ persons: { peer: {}, cab: {} } });
  world.promotion.status = { gates };
  change(world);
  const { promotion, environment, scene } = world;
  return gateThatAsks({ promotion, environment, gates: [...scene.gates.values()] });
}

/** An emergency in flight, to be approved afterwards. */
const due = ({ environment, promotion }: World): void => {
  const { name, uid } = promotion.metadata;
  environment.status = { followUps: [{ promotion: name, uid, by: 'alice', ticket: 'INC-7', dueAt: 't' }] };
};
const ended = (world: World): void => {
  due(world);
  world.promotion.status = {
    ...world.promotion.status,
    conditions: [
      { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'm', lastTransitionTime: 't' },
    ],
  };
};

describe('the gate that is meant where none is named', () => {
  test.each<[string, Results, (world: World) => void, string]>([
    ['the one that asks', [result('cab', 'Inconclusive')], () => {}, 'cab'],
    ['the one that has not passed', [result('peer', 'Pass')], () => {}, 'cab'],
    ['of an emergency the one that asks', [result('cab', 'Inconclusive')], due, 'cab'],
    ['of an emergency that no gate asks about, the one afterwards', [], due, 'follow-up'],
    ['of an emergency that has ended', [result('cab', 'Inconclusive')], ended, 'follow-up'],
  ])('%s', (_, gates, change, expected) => {
    expect(meant(gates, change)).toBe(expected);
  });

  test('of several one has to be named', () => {
    expect(() => meant([])).toThrow('several gates ask: name one of peer, cab with --gate');
  });

  test('none asks any more', () => {
    expect(() => meant([result('peer', 'Pass'), result('cab', 'Pass')])).toThrow('no approval gate of two');
  });
});
