import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DecisionSpec } from '../../src/api/v1alpha1/types.ts';
import { canonicalJson } from '../../src/runtime/hash.ts';
import { ApiError } from '../harness/api.ts';
import { FAILING, PASSING, UNDECIDED } from '../harness/gates.ts';
import { decideAs, entitle, fateOf } from '../harness/people.ts';
import { imageFor, Place, reasonOf } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* What a person decides while a promotion is in flight: each act is one Decision, and says what became of it. */

const { cluster, controls, prometheus } = sharedWorld();
const NAMESPACE = 'orders';

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  for (const user of ['bob', 'carol'] as const) await entitle(cluster, NAMESPACE, user, 'release-operator');
});

/** A promotion of v2 that stands at its first pause, under a gate that says neither yes nor no. */
async function underJudgement(app: string): Promise<Place> {
  const here = await new Place(cluster.api, NAMESPACE, app).prepare({ gate: UNDECIDED });
  await here.promote('v2');
  await here.untilReason(`${app}-v2`, 'Analysing');
  return here;
}

/** Creates a Decision on the place's v2. */
async function decide(here: Place, name: string, spec: Omit<Partial<DecisionSpec>, 'by'>): Promise<void> {
  const { uid } = (await here.promotion(`${here.app}-v2`)).metadata;
  const promotion = { name: `${here.app}-v2`, uid: uid ?? '' };
  await decideAs(cluster, NAMESPACE, 'bob', name, { environment: here.app, promotion, ...spec });
}

const fate = (name: string): Promise<string> => fateOf(cluster, NAMESPACE, name);

describe('Hold and Resume', () => {
  test('a Hold stops every advance until a Resume, and stands on record', async () => {
    const here = await underJudgement('hold');
    await decide(here, 'hold-1', { verdict: 'Hold', reason: 'support is looking' });
    const held = await here.untilReason('hold-v2', 'HeldByPerson');
    expect(held.status?.conditions?.[0]?.message).toContain('held by bob');
    expect(await fate('hold-1')).toBe('True Used');
    await here.apply('Gate', 'hold', PASSING);
    await until('the gate passes, and it does not move', async () => {
      const { status } = await here.promotion('hold-v2');
      return status?.gates?.some((g) => g.verdict === 'Pass');
    });
    expect(reasonOf(await here.promotion('hold-v2'))).toBe('HeldByPerson');
    expect((await here.rollout()).status?.currentStepIndex).toBe(1);
    await decide(here, 'resume-1', { verdict: 'Resume' });
    const ended = await here.untilEnded('hold-v2');
    expect(reasonOf(ended)).toBe('Succeeded');
    expect(ended.status?.decisions?.map((d) => [d.name, d.verdict])).toEqual([
      ['hold-1', 'Hold'],
      ['resume-1', 'Resume'],
    ]);
    const { stdout } = await cluster.kubectl(['get', 'decisions', '-n', NAMESPACE]);
    expect(stdout).toMatch(/hold-1\s+Hold\s+hold\s+hold-v2\s+bob\s+Used/);
  });

  test('onFail: Hold leaves a failed gate to a person, who aborts', async () => {
    const here = new Place(cluster.api, NAMESPACE, 'person');
    await here.prepare({ gate: UNDECIDED });
    await here.apply('Environment', 'person', {
      targets: [{ name: 'person', rollout: { name: 'person' } }],
      gates: [{ gate: 'person', when: 'During' }],
      analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 1 },
      rollback: { onFail: 'Hold' },
    });
    await here.promote('v2');
    await here.untilReason('person-v2', 'Analysing');
    await here.apply('Gate', 'person', FAILING);
    const held = await here.untilReason('person-v2', 'HeldByPerson');
    expect(held.status?.revert).toBeUndefined();
    expect((await here.pods())[imageFor('person', 'v2')]).toBe(1);
    await decide(here, 'person-abort', { verdict: 'Abort' });
    expect(reasonOf(await here.untilEnded('person-v2'))).toBe('Aborted');
  });
});

describe('Abort', () => {
  test('brings the recorded template back, quarantines nothing, and is on record', async () => {
    const here = await underJudgement('abort');
    const recorded = await here.promotion('abort-v2');
    await decide(here, 'abort-1', { verdict: 'Abort', reason: 'wrong ticket' });
    const ended = await here.untilEnded('abort-v2');
    expect(reasonOf(ended)).toBe('Aborted');
    expect(ended.status?.conditions?.find((c) => c.type === 'RolledBack')?.status).toBe('True');
    expect(await fate('abort-1')).toBe('True Used');
    const rollout = await here.rollout();
    expect(rollout.status?.phase).toBe('Healthy');
    expect(rollout.status?.stableRS).toBe(recorded.status?.targets?.[0]?.recorded?.hash);
    expect((await here.environment()).status?.quarantine).toBeUndefined();
    await decide(here, 'abort-2', { verdict: 'Abort' });
    expect(await fate('abort-2')).toBe('False TooLate');
  });

  test('a Decision for another order, or another place, is refused with what to do', async () => {
    const here = await underJudgement('wrong');
    await decide(here, 'wrong-uid', {
      verdict: 'Abort',
      promotion: { name: 'wrong-v2', uid: 'not-this-one' },
    });
    expect(await fate('wrong-uid')).toBe('False WrongUID');
    await decide(here, 'wrong-place', { verdict: 'Abort', environment: 'elsewhere' });
    expect(await fate('wrong-place')).toBe('False WrongEnvironment');
    expect(reasonOf(await here.promotion('wrong-v2'))).toBe('Analysing');
  });
});

describe('Release', () => {
  test('lets a digest out of quarantine that was refused, and it can be promoted', async () => {
    const app = 'release';
    await controls.behave(imageFor(app, 'v2'), { errorRate: 0.4 });
    const here = await new Place(cluster.api, NAMESPACE, app).prepare();
    const before = await here.rollout();
    await here.promote('v2');
    const failed = await here.untilEnded(`${app}-v2`);
    expect(reasonOf(failed)).toBe('RolledBack');
    expect(canonicalJson((await here.rollout()).spec.template)).toBe(canonicalJson(before.spec.template));
    await here.promote('v2', `${app}-refused`);
    expect(reasonOf(await here.untilEnded(`${app}-refused`))).toBe('Quarantined');

    await controls.behave(imageFor(app, 'v2'), { errorRate: 0 });
    await decideAs(cluster, NAMESPACE, 'carol', 'release-1', {
      verdict: 'Release',
      environment: app,
      target: app,
      revisionDigest: failed.status?.revisionDigest,
      reason: 'it was the database',
    });
    expect(await fate('release-1')).toBe('True Used');
    // It is the same template, so the same pod hash: what failed before must be out of the gate's window.
    const errors = `sum(increase(http_requests_total{namespace="${NAMESPACE}",rollout="${app}",code="500"}[4s])) > 0`;
    await until('its errors are past', async () => (await prometheus.query(errors)).length === 0);
    const { status } = await here.environment();
    expect(status?.quarantine).toBeUndefined();
    expect(status?.released?.[0]).toMatchObject({ by: 'carol', decision: 'release-1' });
    await here.promote('v2', `${app}-again`);
    expect(reasonOf(await here.untilEnded(`${app}-again`))).toBe('Succeeded');
  });
});

describe('a Decision cannot be changed or half made', () => {
  const valid = { by: 'admin', verdict: 'Abort', environment: 'prod', promotion: { name: 'p', uid: 'u' } };
  const release = { by: 'bob', verdict: 'Release', environment: 'prod', target: 't' };
  const here = new Place(cluster.api, NAMESPACE, 'rules');

  test.each([
    ['no promotion', { ...valid, promotion: undefined }, 'set promotion.name and promotion.uid'],
    ['a target too many', { ...valid, target: 't' }, 'target for Rollback and Release'],
    ['a Release of nothing', release, 'a Release names what it lets out'],
    ['nobody', { ...valid, by: '' }, 'at least 1 chars'],
  ])('%s', async (name, spec, says) => {
    const refused = here.apply('Decision', `bad-${name.replaceAll(' ', '-')}`, spec);
    await expect(refused).rejects.toThrow(ApiError);
    await expect(refused).rejects.toThrow(says);
  });

  test('edited', async () => {
    await here.apply('Decision', 'fixed', valid);
    await expect(here.apply('Decision', 'fixed', { ...valid, verdict: 'Hold' })).rejects.toThrow(
      'create a new Decision',
    );
  });
});
