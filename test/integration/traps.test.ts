import { beforeAll, describe, expect, test } from '@jest/globals';
import { rolloutPath } from '../harness/fixtures.ts';
import { FAILING, UNDECIDED } from '../harness/gates.ts';
import {
  conditionsOf,
  digestFor,
  imageFor,
  Place,
  type PlaceOptions,
  reasonOf,
} from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* The measured traps of driving a Rollout from outside, each on the real controller. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'traps';
const place = (app: string): Place => new Place(cluster.api, NAMESPACE, app);

beforeAll(() => cluster.createNamespace(NAMESPACE));

const patch = (app: string, body: object, subresource = ''): Promise<unknown> =>
  cluster.api.patch(`${rolloutPath(NAMESPACE, app)}${subresource}`, body, 'merge');

/** A promotion of v2 that stands at a pause, under a gate that says neither yes nor no. */
async function underJudgement(app: string, options: PlaceOptions = {}): Promise<Place> {
  const here = await place(app).prepare({ gate: UNDECIDED, ...options });
  await here.promote('v2');
  await here.untilReason(`${app}-v2`, 'Analysing');
  return here;
}

/** From now on the gate fails. */
const fail = (here: Place): Promise<unknown> => here.apply('Gate', here.app, FAILING);

describe('a revert reaches traffic', () => {
  test('although spec.paused would leave an aborted canary serving', async () => {
    const here = await underJudgement('frozen');
    await patch('frozen', { spec: { paused: true } });
    await fail(here);
    expect(reasonOf(await here.untilEnded('frozen-v2'))).toBe('RolledBack');
    expect(await here.pods()).toEqual({ [imageFor('frozen', 'v1')]: 5, [imageFor('frozen', 'v2')]: 0 });
    expect((await here.rollout()).spec['paused'] ?? false).toBe(false);
  });

  test('although pods of the new revision never become ready', async () => {
    await controls.ready(imageFor('dead', 'v2'), false);
    const here = await place('dead').prepare({ spec: { progressDeadlineSeconds: 3 } });
    await here.promote('v2');
    const ended = await here.untilEnded('dead-v2');
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(ended.status?.revert?.reason).toBe('rollout');
    expect((await here.environment()).status?.quarantine).toHaveLength(1);
  });
});

describe('the gate `rollout`, which is always bound', () => {
  test('fails a Rollout whose own spec became invalid, pages while nothing can be moved, and ends RolledBack when it can', async () => {
    const here = await underJudgement('invalid', { rollback: { deadlineSeconds: 2 } });
    await patch('invalid', { spec: { strategy: { canary: { maxSurge: 0, maxUnavailable: 0 } } } });
    const blocked = await here.untilReason('invalid-v2', 'RollbackBlocked');
    expect(blocked.status?.revert?.reason).toBe('rollout');
    expect(blocked.status?.revert?.message).toContain('maxSurge');
    await patch('invalid', { spec: { strategy: { canary: { maxSurge: 1, maxUnavailable: 0 } } } });
    expect(reasonOf(await here.untilEnded('invalid-v2'))).toBe('RolledBack');
    expect(await here.pods()).toEqual({ [imageFor('invalid', 'v1')]: 5, [imageFor('invalid', 'v2')]: 0 });
  });
});

describe('what others do is seen, named and left alone', () => {
  test('a promote-full by hand ends it as ExternalPromotion', async () => {
    const here = await underJudgement('pushed');
    await patch('pushed', { status: { promoteFull: true } }, '/status');
    const ended = await here.untilEnded('pushed-v2');
    expect(reasonOf(ended)).toBe('ExternalPromotion');
    expect(conditionsOf(ended)).toEqual(['Completed=True', 'Ready=False', 'Stalled=True', 'Succeeded=False']);
  });

  test('an advance by hand ends it as ExternalPromotion', async () => {
    const here = await underJudgement('nudged');
    await patch('nudged', { status: { pauseConditions: null } }, '/status');
    expect(reasonOf(await here.untilEnded('nudged-v2'))).toBe('ExternalPromotion');
  });

  test('an abort by hand brings the recorded template back, without quarantine', async () => {
    const here = await underJudgement('stopped');
    await patch('stopped', { status: { abort: true } }, '/status');
    expect(reasonOf(await here.untilEnded('stopped-v2'))).toBe('ExternalAbort');
    const rollout = await here.rollout();
    expect(rollout.spec.template?.spec.containers[0]?.image).toBe(imageFor('stopped', 'v1'));
    expect(rollout.status?.phase).toBe('Healthy');
    expect((await here.environment()).status?.quarantine).toBeUndefined();
  });

  test('another template ends it as StrangerRevision, and is not overwritten', async () => {
    const here = await underJudgement('stranger');
    await cluster.api.patch(
      rolloutPath(NAMESPACE, 'stranger'),
      [
        {
          op: 'replace',
          path: '/spec/template/spec/containers/0/image',
          value: 'registry.test/stranger:theirs',
        },
      ],
      'json',
    );
    expect(reasonOf(await here.untilEnded('stranger-v2'))).toBe('StrangerRevision');
    expect((await here.rollout()).spec.template?.spec.containers[0]?.image).toBe(
      'registry.test/stranger:theirs',
    );
  });

  test('edited steps end it as StepsChanged', async () => {
    const here = await underJudgement('steps');
    await patch('steps', { spec: { strategy: { canary: { steps: [{ setWeight: 40 }, { pause: {} }] } } } });
    expect(reasonOf(await here.untilEnded('steps-v2'))).toBe('StepsChanged');
  });

  test('a deleted Rollout ends it as TargetDeleted', async () => {
    const here = await underJudgement('gone');
    await cluster.api.delete(rolloutPath(NAMESPACE, 'gone'));
    expect(reasonOf(await here.untilEnded('gone-v2'))).toBe('TargetDeleted');
  });
});

/** A promotion that gives itself two seconds to begin. */
const late = (here: Place, name: string): Promise<unknown> =>
  here.apply('Promotion', name, {
    environment: here.app,
    startDeadlineSeconds: 2,
    revision: { images: [{ image: `registry.test/${here.app}`, tag: 'v2', digest: digestFor('late') }] },
  });

describe('before anything is changed', () => {
  test('everything can be applied in any order: what is missing is waited for, by name', async () => {
    const here = place('order');
    await here.promote('v2');
    const waiting = await here.untilReason('order-v2', 'AwaitingReference');
    expect(waiting.status?.blockedBy?.[0]?.message).toBe('Environment order does not exist: apply it');
    expect(conditionsOf(waiting)).toEqual([
      'Completed=False',
      'Ready=Unknown',
      'Reconciling=True',
      'Succeeded=Unknown',
    ]);
    await here.prepare();
    expect(reasonOf(await here.untilEnded('order-v2'))).toBe('Succeeded');
  });

  test.each([
    ['no-pause', { steps: [{ setWeight: 50 }] }, 'no `pause: {}`'],
    [
      'timed-pause',
      { steps: [{ setWeight: 50 }, { pause: { duration: '1h' } }, { pause: {} }] },
      'goes on by itself',
    ],
    ['no-history', { spec: { revisionHistoryLimit: 0 } }, 'revisionHistoryLimit'],
    ['paused', { spec: { paused: true } }, 'spec.paused'],
  ])(
    'a Rollout that cannot be judged waits in Preflight and says what to change: %s',
    async (app, options, says) => {
      const here = place(app);
      if (app === 'paused') {
        await here.prepare();
        await patch(app, { spec: { paused: true } });
      } else await here.prepare(options);
      await here.promote('v2');
      const waiting = await until(`promotion of ${app} is in Preflight`, async (seen) => {
        const found = await here.promotion(`${app}-v2`);
        seen(found.status?.conditions);
        return found.status?.blockedBy?.some((b) => b.message.includes(says)) && found;
      });
      expect(reasonOf(waiting)).toBe('Preflight');
      expect((await here.pods())[imageFor(app, 'v2')]).toBeUndefined();
    },
  );

  test('a query without an answer for the stable revision waits in Preflight, in words that help', async () => {
    const here = await place('silent').prepare({
      gate: {
        prometheus: {
          query: 'sum(rate(http_requests_total{rollout="silent",code="500"}[4s]))',
          pass: 'value < 1.0',
          minSamples: { query: 'sum(increase(http_requests_total{rollout="silent"}[4s]))', atLeast: 1 },
        },
        intervalSeconds: 1,
      },
    });
    await here.promote('v2');
    const waiting = await until('it says what is wrong with the query', async (seen) => {
      const found = await here.promotion('silent-v2');
      seen(found.status?.blockedBy);
      return found.status?.blockedBy?.some((b) => b.message.includes('or vector(0)')) && found;
    });
    expect(reasonOf(waiting)).toBe('Preflight');
  });

  test('what has not begun by its deadline ends, by what it waited for, and blocks nobody any more', async () => {
    const nowhere = place('nowhere');
    await late(nowhere, 'no-reference');
    expect(reasonOf(await nowhere.untilEnded('no-reference'))).toBe('InvalidReference');

    const unfit = await place('unfit').prepare({ steps: [{ setWeight: 50 }] });
    await late(unfit, 'no-fitness');
    expect(reasonOf(await unfit.untilEnded('no-fitness'))).toBe('PreflightFailed');

    const busy = await underJudgement('busy');
    await late(busy, 'no-turn');
    const expired = await busy.untilEnded('no-turn');
    expect(reasonOf(expired)).toBe('Expired');
    expect(expired.status?.conditions?.[0]?.message).toContain('busy-v2');
  });

  test('one at a time: the second waits Queued, and goes when the first has ended', async () => {
    const here = await underJudgement('queue');
    await here.promote('v3');
    const queued = await here.untilReason('queue-v3', 'Queued');
    expect(queued.status?.blockedBy?.[0]?.message).toContain('queue-v2');
    await fail(here);
    expect(reasonOf(await here.untilEnded('queue-v2'))).toBe('RolledBack');
    // The gate that failed v2 fails v3 as well, so v3 had its turn.
    expect(reasonOf(await here.untilEnded('queue-v3'))).toBe('RolledBack');
  });
});
