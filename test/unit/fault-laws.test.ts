import { describe, expect, test } from '@jest/globals';
import type { Recorded } from '../harness/fault-proxy.ts';
import { brokenLaws } from '../faults/checks.ts';
import type { Version } from '../faults/history.ts';
import { BEGIN, FAIL, NEW, OLD, pods, promotion, REVERT, rollout, TERMS, time } from '../faults/forged.ts';
import type { Law } from '../faults/laws.ts';
import { advancesAfterRevert, leaks, strays } from '../faults/witness.ts';

/* Each checker of the fault runs finds nothing in a lawful history, and finds a forged one out. */

const GOOD = [
  ...BEGIN,
  promotion(6, 'Analysing', 1, {}, { verdict: 'Inconclusive' }),
  promotion(7, 'Advancing', 1),
  rollout(8, NEW, 2),
  pods(9, 3),
  rollout(10, NEW, 3),
  promotion(11, 'Advancing', 3),
  rollout(12, NEW, 4),
  pods(13, 5),
];
const BAD = [
  ...BEGIN,
  promotion(6, 'Reverting', 1, REVERT, FAIL),
  rollout(7, NEW, 1, { abort: true }),
  rollout(8, OLD, 0, { abort: true }),
  pods(9, 0),
];

const found = (versions: readonly Version[], law: Law): string[] => brokenLaws(versions, [law], TERMS);

describe('a lawful history', () => {
  test.each([
    ['of a good promotion', GOOD],
    ['of a bad one', BAD],
  ])('%s breaks no law', (_, versions) => {
    expect(brokenLaws(versions, ['S1', 'S2', 'S4', 'L2'], TERMS)).toEqual([]);
  });
});

test('what a person takes back rises unjudged, and nothing else does', () => {
  const skipped = [...BEGIN, rollout(6, NEW, 4), pods(7, 5), promotion(8, 'Succeeded')];
  expect(found(skipped, 'S1')).not.toEqual([]);
  const orders = skipped.map((version): Version => {
    if (version.kind !== 'Promotion') return version;
    const rollback = { decision: 'back', uid: 'u', by: 'bob' };
    const { spec } = version.object;
    return { ...version, object: { ...version.object, spec: { ...spec, rollback } } };
  });
  expect(brokenLaws(orders, ['S1', 'S2', 'S4', 'L2'], TERMS)).toEqual([]);
});

describe('S1 is broken', () => {
  test('by a step beyond a pause that was not passed', () => {
    expect(found([...BEGIN, rollout(6, NEW, 2)], 'S1')).toEqual([
      'S1: app stands at step 2 at version 6, and may at most at 1',
    ]);
  });

  test('by a step that was passed only afterwards, or by no sample of its own', () => {
    expect(found([...BEGIN, rollout(6, NEW, 2), promotion(7, 'Advancing', 1)], 'S1')).toHaveLength(1);
    const early = promotion(6, 'Advancing', 1, {}, { sampledAt: time(6) });
    expect(found([...BEGIN, early, rollout(7, NEW, 2)], 'S1')).toHaveLength(1);
  });

  test('by a pass that was said after the revert had begun', () => {
    const late = promotion(7, 'Advancing', 1, REVERT);
    expect(
      found([...BEGIN, promotion(6, 'Reverting', 1, REVERT, FAIL), late, rollout(8, NEW, 2)], 'S1'),
    ).toHaveLength(1);
  });

  test('by more pods than the step asks for', () => {
    expect(found([...BEGIN, pods(6, 2)], 'S1')).toEqual([
      'S1: app gives the new revision 2 pods at version 6, and may at most 1',
    ]);
  });
});

describe('S2 is broken', () => {
  test.each([
    ['without a pass', { verdict: 'Inconclusive' }, 'gate errors says Inconclusive at step 1'],
    ['by the pass of another step', { step: 0 }, 'gate errors says Pass at step 0'],
    ['by a sample from before it settled', { sampledAt: time(6.5) }, 'gate errors passed by a sample of'],
  ])('by going on %s', (_, gate, says) => {
    const [broken] = found([...BEGIN, promotion(6, 'Advancing', 1, {}, gate)], 'S2');
    expect(broken).toContain(says);
  });
});

test('S2 asks nothing of a gate that a person has let it pass by then', () => {
  const on = promotion(6, 'Advancing', 1, {}, { verdict: 'Inconclusive' });
  const bypass = (at: number, gate = 'errors'): Version =>
    ({
      at,
      seen: at,
      kind: 'Decision',
      object: {
        metadata: { name: 'bypass' },
        spec: { verdict: 'Bypass', gate, promotion: { name: 'app-v2', uid: on.object.metadata.uid } },
      },
    }) as unknown as Version;
  expect(found([...BEGIN, bypass(5.5), on], 'S2')).toEqual([]);
  expect(found([...BEGIN, bypass(5.5, 'other'), on], 'S2')).toHaveLength(1);
  expect(found([...BEGIN, on, bypass(7)], 'S2')).toHaveLength(1);
});

describe('S4 is broken', () => {
  test('by a template that is not the recorded one', () => {
    const other = rollout(8, 'registry.test/app:v0', 0);
    expect(found([...BEGIN, promotion(6, 'Reverting', 1, REVERT, FAIL), other], 'S4')).toEqual([
      'S4: the template of app is not the recorded one after the revert',
    ]);
  });

  test('by the new image once more', () => {
    expect(found([...BAD, rollout(10, NEW, 0), rollout(11, OLD, 0)], 'S4')).toContain(
      'S4: the new image is declared again at version 10',
    );
  });

  test('by writing back and forth without a revert', () => {
    expect(found([...BEGIN, rollout(6, OLD, 0), rollout(7, NEW, 0)], 'S4')).toHaveLength(1);
  });
});

const request = (order: number, resource: string, body: string, more: object = {}): Recorded =>
  ({
    order,
    verb: 'patch',
    resource,
    namespace: 'ours',
    path: `/${resource}/app`,
    body,
    status: 200,
    ...more,
  }) as Recorded;

describe('what requests and texts show', () => {
  test('S5: a request in another namespace, but for the lease', () => {
    const lease = request(0, 'leases', '', { namespace: 'sluice-system' });
    expect(strays([request(1, 'rollouts', ''), lease], ['ours'])).toEqual([]);
    const made = (name: string): Recorded =>
      request(1, 'configmaps', JSON.stringify({ metadata: { name } }), { namespace: 'theirs' });
    expect(strays([made('sluice-decision-trust')], ['ours'])).toEqual([]);
    expect(strays([made('other')], ['ours'])).toHaveLength(1);
    expect(strays([request(1, 'rollouts', '', { namespace: 'theirs' })], ['ours'])).toHaveLength(1);
    expect(strays([request(1, 'rollouts', '', { namespace: undefined })], ['ours'])).toHaveLength(1);
  });

  test('S6: a secret, in the clear or in base64', () => {
    expect(leaks({ log: 'nothing here' }, ['hunter2hunter2'])).toEqual([]);
    expect(leaks({ log: 'token=hunter2hunter2' }, ['hunter2hunter2'])).toEqual(['S6: a secret is in log']);
    expect(
      leaks({ event: `x ${Buffer.from('hunter2hunter2').toString('base64')}` }, ['hunter2hunter2']),
    ).toHaveLength(1);
  });

  test('S4: an advance after the revert was taken, but not after one that was refused', () => {
    const advance = request(2, 'rollouts/status', '[{"op":"remove","path":"/status/pauseConditions"}]');
    const revert = request(1, 'promotions/status', '{"status":{"revert":{"detectedAt":"x"}}}', {
      name: 'app-v2',
    });
    expect(advancesAfterRevert([revert, advance], 'app-v2')).toHaveLength(1);
    expect(advancesAfterRevert([{ ...revert, status: 409 }, advance], 'app-v2')).toEqual([]);
    expect(advancesAfterRevert([advance, revert], 'app-v2')).toEqual([]);
    const next = request(2, 'promotions/status', '{"status":{"startedAt":"x"}}', { name: 'app-v3' });
    expect(advancesAfterRevert([revert, next, advance], 'app-v2')).toEqual([]);
    expect(advancesAfterRevert([revert, { ...next, name: 'app-v2' }, advance], 'app-v2')).toHaveLength(1);
  });
});
