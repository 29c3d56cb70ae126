import { expect, test } from '@jest/globals';
import { recordsOf } from '../../audit/records.ts';
import { rejudge } from '../../audit/rejudge.ts';
import { rulesOf } from '../rules.ts';
import { play } from '../testing/play.ts';
import { World } from '../testing/world.ts';

/* A gate that is sampled Before anything is changed: what let the promotion begin is on record. */

const asking = (gate: object = {}): World =>
  new World({
    gate,
    gates: ['ready'],
    environment: { gates: [{ gate: 'ready', when: 'Before' }] },
  });

/** Up to the write with which it begins, which this makes. */
function beginning(world: World): void {
  for (let i = 0; i < 60 && !world.fork().reconcile().status.plan; i += 1) play(world, 'Pass', 1);
}

test('stands in status and in the trail, with its evidence, and follows from its record', () => {
  const world = asking();
  play(world, 'Fail', 10);
  expect(world.promotion.status?.plan).toBeUndefined();
  beginning(world);
  const before = world.promotion;
  const { status } = world.reconcile();
  expect(status.gates).toMatchObject([
    { gate: 'ready', when: 'Before', target: 'checkout', verdict: 'Pass', value: 0, query: 'up' },
  ]);
  const rule = rulesOf(world.input());
  const [verdict] = recordsOf(before, status, [], { rule }).filter((r) => r.kind === 'Verdict');
  expect(verdict).toMatchObject({ gate: 'ready', when: 'Before', verdict: 'Pass', value: 0 });
  expect(verdict?.recent?.slice(0, 2)).toEqual(['Pass', 'Pass']);
  expect(verdict?.failures).toBeGreaterThan(0);
  const again = verdict && rejudge({ ...verdict, seq: 1, at: '' }, []);
  expect(again).toMatchObject({ agrees: true });
  play(world, 'Pass');
  expect(world.reason).toBe('Succeeded');
  expect(world.promotion.status?.gates).toMatchObject([{ gate: 'ready', when: 'Before', verdict: 'Pass' }]);
});

test('an advisory one is on record as what it was', () => {
  const world = asking({ advisory: true });
  play(world, 'Fail');
  expect(world.reason).toBe('Succeeded');
  expect(world.promotion.status?.gates?.[0]?.message).toMatch(/^advisory: /);
});
