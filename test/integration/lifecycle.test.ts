import { beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../../src/runtime/hash.ts';
import { FAILING, PASSING, UNDECIDED } from '../harness/gates.ts';
import { digestFor, imageFor, Place, reasonOf, sluicePath } from '../harness/promotions.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* How a promotion waits, ends and goes away. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'lifecycle';
const place = (app: string, namespace = NAMESPACE): Place => new Place(cluster.api, namespace, app);

beforeAll(() => cluster.createNamespace(NAMESPACE));

async function underJudgement(here: Place): Promise<Place> {
  await here.prepare({ gate: UNDECIDED });
  await here.promote('v2');
  await here.untilReason(`${here.app}-v2`, 'Analysing');
  return here;
}

const untilGone = (path: string): Promise<unknown> =>
  until(`${path} is gone`, async (seen) => {
    const found = await cluster.api.find<{ apiVersion: string; kind: string; metadata: { name: string } }>(
      path,
    );
    seen(found?.metadata);
    return found === undefined;
  });

describe('deleting a promotion in flight', () => {
  test('is an abort: it goes when the recorded template is proven', async () => {
    const here = place('deleted');
    const before = await (await here.prepare({ gate: UNDECIDED })).rollout();
    await here.promote('v2');
    const inFlight = await here.untilReason('deleted-v2', 'Analysing');
    expect(inFlight.metadata['finalizers']).toEqual(['sluice.dev/revert']);
    const path = sluicePath(NAMESPACE, 'promotions', 'deleted-v2');
    await cluster.api.delete(path);
    await untilGone(path);
    const after = await here.rollout();
    expect(canonicalJson(after.spec.template)).toBe(canonicalJson(before.spec.template));
    expect(after.status?.phase).toBe('Healthy');
    expect(await here.pods()).toEqual({ [imageFor('deleted', 'v1')]: 5, [imageFor('deleted', 'v2')]: 0 });
  });

  test('with its whole namespace: nothing is left hanging', async () => {
    const namespace = 'lifecycle-going';
    await cluster.createNamespace(namespace);
    await underJudgement(place('gone', namespace));
    await cluster.api.delete(`/api/v1/namespaces/${namespace}`);
    expect(await untilGone(`/api/v1/namespaces/${namespace}`)).toBe(true);
  });

  test('an Environment stays until the promotion in flight there has ended', async () => {
    const here = await underJudgement(place('kept'));
    const path = sluicePath(NAMESPACE, 'environments', 'kept');
    await until('it is in use', async () => {
      const found = await here.environment();
      return found.metadata.finalizers?.includes('sluice.dev/in-use');
    });
    await cluster.api.delete(path);
    expect(reasonOf(await here.promotion('kept-v2'))).toBe('Analysing');
    await here.apply('Gate', 'kept', PASSING);
    expect(reasonOf(await here.untilEnded('kept-v2'))).toBe('Succeeded');
    await untilGone(path);
  });

  test('an ended one goes by itself when its time to live is over, and at once when it is deleted', async () => {
    const here = await place('short').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    await here.apply('Promotion', 'short-lived', {
      environment: 'short',
      ttlSecondsAfterFinished: 0,
      revision: { images: [{ image: 'registry.test/short', tag: 'v2', digest: digestFor('short-v2') }] },
    });
    await untilGone(sluicePath(NAMESPACE, 'promotions', 'short-lived'));
    expect((await here.environment()).status?.targets?.[0]).toMatchObject({
      lastGood: { promotion: 'short-lived' },
    });
    expect((await here.environment()).status?.history?.[0]).toMatchObject({
      promotion: 'short-lived',
      outcome: 'Succeeded',
    });
  });
});

describe('a Rollout that is on its way already', () => {
  test('is waited for, by name, and promoted when it is at rest', async () => {
    const here = await place('midway').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    await here.setImage('registry.test/midway:theirs');
    await until('it stands in mid-canary', async () => (await here.rollout()).status?.phase === 'Paused');
    await here.promote('v2');
    const waiting = await until('it says why it waits', async () => {
      const found = await here.promotion('midway-v2');
      return found.status?.blockedBy?.some((b) => b.message.includes('is not at rest')) && found;
    });
    expect(reasonOf(waiting)).toBe('Preflight');
    await here.setImage(imageFor('midway', 'v1'));
    expect(reasonOf(await here.untilEnded('midway-v2'))).toBe('Succeeded');
  });
});

test('a Rollout that stands aborted is waited for, with how to settle it', async () => {
  const here = await place('dropped').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
  await here.setImage('registry.test/dropped:theirs');
  await until('it stands in mid-canary', async () => (await here.rollout()).status?.phase === 'Paused');
  const path = `${rolloutPath(NAMESPACE, 'dropped')}/status`;
  await cluster.api.patch(path, { status: { abort: true } }, 'merge');
  await until('it is aborted', async () => (await here.rollout()).status?.phase === 'Degraded');
  await here.promote('v2');
  await until('it says why it waits', async () => {
    const found = await here.promotion('dropped-v2');
    return found.status?.blockedBy?.some((b) => b.message.includes('kubectl argo rollouts undo'));
  });
  await here.setImage(imageFor('dropped', 'v1'));
  expect(reasonOf(await here.untilEnded('dropped-v2'))).toBe('Succeeded');
});

describe('a dry run', () => {
  test('ends Planned with what it would do and what is in its way, and touches nothing', async () => {
    const here = await place('dry').prepare({ gate: PASSING, steps: [{ setWeight: 50 }] });
    const { generation } = (await here.rollout()).metadata;
    await here.apply('Promotion', 'dry-run', {
      environment: 'dry',
      dryRun: true,
      revision: { images: [{ image: 'registry.test/dry', tag: 'v2', digest: digestFor('dry-v2') }] },
    });
    const planned = await here.untilEnded('dry-run');
    expect(reasonOf(planned)).toBe('Planned');
    expect(planned.status?.plan?.targets[0]?.images[0]?.image).toContain('registry.test/dry:v2@');
    expect(planned.status?.blockedBy?.[0]?.message).toContain('no `pause: {}`');
    expect(planned.metadata['finalizers'] ?? []).toEqual([]);
    expect((await here.rollout()).metadata.generation).toBe(generation);
  });
});

describe('from another Environment', () => {
  test('it waits until something is good there, then takes exactly that', async () => {
    const staging = await place('staging').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    await place('next').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    const prod = place('next');
    // The same image in both places.
    await prod.apply('Environment', 'next', {
      targets: [
        {
          name: 'next',
          rollout: { name: 'next' },
          images: [{ image: 'registry.test/staging', container: 'app' }],
        },
      ],
      gates: [{ gate: 'next', when: 'During' }],
      analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 0 },
    });
    await prod.apply('Promotion', 'rise', { environment: 'next', from: { environment: 'staging' } });
    const waiting = await prod.untilReason('rise', 'AwaitingUpstream');
    expect(waiting.status?.blockedBy?.[0]?.message).toContain('promote something there first');
    await staging.promote('v2');
    expect(reasonOf(await staging.untilEnded('staging-v2'))).toBe('Succeeded');
    const risen = await prod.untilEnded('rise');
    expect(reasonOf(risen)).toBe('Succeeded');
    expect(risen.status?.revision?.images).toEqual([
      { image: 'registry.test/staging', tag: 'v2', digest: digestFor('staging-v2') },
    ]);
    expect((await prod.rollout()).spec.template.spec.containers[0]?.image).toBe(imageFor('staging', 'v2'));
  });
});

const policy = (here: Place, concurrency: string): Promise<unknown> =>
  here.apply('Environment', here.app, {
    targets: [{ name: here.app, rollout: { name: here.app } }],
    gates: [{ gate: here.app, when: 'During' }],
    analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 0 },
    concurrency,
  });

describe('a target that is stuck on its way back', () => {
  test('is taken over by a newer promotion, and the older one says whose it is now', async () => {
    const policy = { gate: PASSING, rollback: { deadlineSeconds: 2 } };
    const here = await place('stuck').prepare({ ...policy, blueGreen: {}, analysis: { bakeSeconds: 600 } });
    await here.promote('v2');
    await here.untilReason('stuck-v2', 'Baking');
    // What it would go back to cannot come up again: its image is gone, say.
    await controls.ready(imageFor('stuck', 'v1'), false);
    await here.apply('Gate', 'stuck', FAILING);
    await here.untilReason('stuck-v2', 'RollbackBlocked');
    await here.applyPolicy([{ name: 'stuck', rollout: { name: 'stuck' } }], {
      ...policy,
      analysis: { bakeSeconds: 0 },
    });
    await here.promote('v3');
    expect(reasonOf(await here.untilEnded('stuck-v3'))).toBe('Succeeded');
    expect(reasonOf(await here.untilEnded('stuck-v2'))).toBe('StrangerRevision');
    expect(await here.image()).toBe(imageFor('stuck', 'v3'));
    expect((await here.environment()).status?.quarantine?.map((q) => q.promotion)).toEqual(['stuck-v2']);
  });
});

describe('an Environment that has lost its status', () => {
  test('has it again from its promotions', async () => {
    const here = await place('amnesia').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    await here.promote('v2');
    await here.untilEnded('amnesia-v2');
    await here.apply('Gate', 'amnesia', UNDECIDED);
    await here.promote('v3');
    await here.untilReason('amnesia-v3', 'Analysing');
    await here.apply('Gate', 'amnesia', FAILING);
    await here.untilEnded('amnesia-v3');
    const before = await until('it is settled', async () => {
      const { status } = await here.environment();
      return status?.history?.length === 2 && status;
    });
    // Nobody else may write it.
    await cluster
      .apiAs('operator')
      .patch(`${sluicePath(NAMESPACE, 'environments', 'amnesia')}/status`, { status: null }, 'merge');
    const after = await until('it knows everything again', async (seen) => {
      const { status } = await here.environment();
      seen(status);
      return status?.history?.length === 2 && status;
    });
    expect(after.targets).toEqual(before.targets);
    expect(after.quarantine).toEqual(before.quarantine);
    expect(after.history).toEqual(before.history);
  });
});

describe('a promotion that no gate judges on the way', () => {
  test('goes with steps that go on by themselves', async () => {
    const steps = [{ setWeight: 50 }, { pause: { duration: 1 } }];
    const here = await place('ungated').prepare({ ungated: true, steps, analysis: { bakeSeconds: 0 } });
    await here.promote('v2');
    expect(reasonOf(await here.untilEnded('ungated-v2'))).toBe('Succeeded');
    expect(await here.image()).toBe(imageFor('ungated', 'v2'));
  });
});

describe('several orders for one place', () => {
  test('Reject: the second ends as Busy', async () => {
    const here = await underJudgement(place('reject'));
    await policy(here, 'Reject');
    await here.promote('v3');
    expect(reasonOf(await here.untilEnded('reject-v3'))).toBe('Busy');
    expect(reasonOf(await here.promotion('reject-v2'))).toBe('Analysing');
  });

  test('Replace: only the newest waits', async () => {
    const here = await underJudgement(place('replace'));
    await policy(here, 'Replace');
    await here.promote('v3');
    await here.untilReason('replace-v3', 'Queued');
    // A later second: creationTimestamp has no finer order.
    await until('a second has passed', async () => {
      const { creationTimestamp } = (await here.promotion('replace-v3')).metadata;
      return Date.now() > Date.parse(creationTimestamp) + 1500;
    });
    await here.promote('v4');
    expect(reasonOf(await here.untilEnded('replace-v3'))).toBe('Superseded');
    await here.untilReason('replace-v4', 'Queued');
    await here.apply('Gate', 'replace', PASSING);
    expect(reasonOf(await here.untilEnded('replace-v4'))).toBe('Succeeded');
  });

  test('an Environment that knows nothing starts none of two, until one is deleted', async () => {
    const here = place('history');
    await here.promote('v2');
    await here.promote('v3');
    await here.prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    const ambiguous = await here.untilReason('history-v2', 'AmbiguousOrder');
    await here.untilReason('history-v3', 'AmbiguousOrder');
    expect(ambiguous.status?.conditions?.some((c) => c.type === 'Stalled')).toBe(true);
    await cluster.api.delete(sluicePath(NAMESPACE, 'promotions', 'history-v2'));
    expect(reasonOf(await here.untilEnded('history-v3'))).toBe('Succeeded');
  });

  test('drift is seen, and ends when what was promoted is declared again', async () => {
    const here = await place('drift').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    await here.promote('v2');
    await here.untilEnded('drift-v2');
    await here.setImage('registry.test/drift:theirs');
    const drifted = await until('drift is seen', async () => {
      const found = await here.environment();
      return found.status?.targets?.[0]?.drift && found;
    });
    expect(drifted.status?.conditions?.map((c) => c.type)).toContain('Drifted');
    await here.setImage(imageFor('drift', 'v2'));
    await until('it is over', async () => !(await here.environment()).status?.targets?.[0]?.drift);
  });
});

const tagged = (here: Place): Promise<unknown> =>
  here.apply('Promotion', `${here.app}-v2`, {
    environment: here.app,
    revision: { images: [{ image: `registry.test/${here.app}`, tag: 'v2' }] },
  });

describe('a tag without a digest', () => {
  test('is promoted as what its pods run, which stands on record', async () => {
    const here = await place('tagged').prepare({ gate: PASSING, analysis: { bakeSeconds: 0 } });
    await controls.moves('registry.test/tagged:v2', digestFor('tagged'));
    await tagged(here);
    const ended = await here.untilEnded('tagged-v2');
    expect(reasonOf(ended)).toBe('Succeeded');
    expect(ended.status?.revision?.images[0]?.digest).toBe(digestFor('tagged'));
    const lastGood = await until('it is last good', async () => {
      const { status } = await here.environment();
      return status?.targets?.[0]?.lastGood;
    });
    expect(lastGood.images).toEqual([`registry.test/tagged:v2@${digestFor('tagged')}`]);
  });

  test('that moves while it rolls out goes back', async () => {
    const here = await place('moved').prepare({ gate: UNDECIDED });
    await controls.moves('registry.test/moved:v2', digestFor('one'));
    await tagged(here);
    await here.untilReason('moved-v2', 'Analysing');
    await controls.moves('registry.test/moved:v2', digestFor('two'));
    await here.apply('Gate', 'moved', PASSING);
    const ended = await here.untilEnded('moved-v2');
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(ended.status?.revert?.message).toContain('names two images');
    expect((await here.environment()).status?.quarantine).toBeUndefined();
  });
});
