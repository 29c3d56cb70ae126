import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import { type Known, verifyLog } from '../../src/audit/verify-log.ts';
import { canonicalJson } from '../../src/runtime/hash.ts';
import type { KubeObject } from '../harness/api.ts';
import { writesIn } from '../harness/audit.ts';
import { Fleet } from '../harness/fleet.ts';
import { FAILING, UNDECIDED } from '../harness/gates.ts';
import { installChart } from '../harness/helm.ts';
import { send } from '../harness/http.ts';
import { type RunningOperator, startOperator } from '../harness/operator.ts';
import {
  conditionsOf,
  imageFor,
  Place,
  type PlaceOptions,
  reasonOf,
  sluicePath,
} from '../harness/promotions.ts';
import { createRollout, rolloutPath } from '../harness/fixtures.ts';
import { numbers } from '../harness/random.ts';
import { until } from '../harness/until.ts';
import { startWorld, type World } from '../harness/world.ts';

/*
 * Law 7 on the real thing: the operator is killed (SIGKILL) at random moments of a promotion, and the
 * outcome is the one it would have had. And what follows when the Rollouts controller or the operator is
 * away. In a world of its own, since its programs are stopped.
 */

const KILLS = 10;
const NAMESPACE = 'crash';
let world: World;
let operator: RunningOperator;

beforeAll(async () => {
  world = await startWorld();
  await Promise.all([installChart(world.cluster), world.cluster.createNamespace(NAMESPACE)]);
  // Without a lease: a killed leader's lease would be waited for, which is not what is tested here.
  operator = await startOperator(world.cluster.run, world.cluster, {
    prometheusAddress: world.prometheus.url,
    args: ['--leader-elect=false'],
  });
});
afterAll(() => world.stop());

/** Kills and restarts the operator at moments that `pause` chooses, `most` times or until `work` is done; how often it was. */
async function killDuring(work: Promise<unknown>, pause: () => number, most: number): Promise<number> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  let kills = 0;
  while (kills < most) {
    await delay(pause());
    if (done) break;
    await operator.program.kill();
    kills += 1;
    await operator.program.start();
  }
  await finished;
  return kills;
}

describe('the operator is killed at random moments of a promotion', () => {
  const seed = Number(process.env['SLUICE_SEED'] ?? Math.floor(performance.timeOrigin) % 1_000_000);

  test.each([
    // Passes are counted anew after each death, so a good one needs a few seconds of life between them.
    ['good', 0, 'Succeeded', 5000],
    ['bad', 0.3, 'RolledBack', 1000],
  ])(
    `${KILLS} times, and a %s one ends as it would have (seed ${seed})`,
    async (app, errorRate, ending, longestMs) => {
      const random = numbers(seed);
      const place = await new Place(world.cluster.api, NAMESPACE, app).prepare();
      let good = await place.rollout();
      let kills = 0;
      // One promotion is too short for ten deaths, so there are as many as it takes, each one judged.
      for (let n = 2; kills < KILLS; n += 1) {
        const version = `v${n}`;
        await world.controls.behave(imageFor(app, version), { errorRate });
        await place.promote(version);
        kills += await killDuring(
          place.untilEnded(`${app}-${version}`),
          () => random() * longestMs,
          KILLS - kills,
        );
        expect(reasonOf(await place.untilEnded(`${app}-${version}`))).toBe(ending);
        const after = await place.rollout();
        if (ending === 'Succeeded') {
          expect(after.spec.template?.spec.containers[0]?.image).toBe(imageFor(app, version));
          good = after;
        } else expect(canonicalJson(after.spec.template)).toBe(canonicalJson(good.spec.template));
        const running = after.spec.template?.spec.containers[0]?.image ?? '';
        expect(await place.pods()).toMatchObject({ [running]: 5 });
      }
      expect(kills).toBeGreaterThanOrEqual(KILLS);
    },
  );

  test('and its log has every record all the same: nothing of it has to be taken from the promotions', async () => {
    const { api } = world.cluster;
    const { items: environments } = await api.list<Environment & KubeObject>(
      sluicePath(NAMESPACE, 'environments'),
    );
    const { items: promotions } = await api.list<Promotion & KubeObject>(sluicePath(NAMESPACE, 'promotions'));
    const lines = createInterface({ input: createReadStream(operator.program.logFile) });
    // As if all of them had been deleted.
    const known = async (): Promise<Known> => ({ promotions: [], environments });
    const found = await verifyLog(lines, { known, whole: true });
    expect(found.filter(({ faults }) => faults.length > 0)).toEqual([]);
    const abouts = found.map(({ about }) => about);
    expect(abouts).toEqual(
      expect.arrayContaining(promotions.map(({ metadata }) => `${NAMESPACE}/${metadata.name}`)),
    );
  });
});

test('a write that says more than a trail keeps is in the log whole', async () => {
  const fleet = new Fleet(world.cluster.api, NAMESPACE, 'wordy', [0, 0, 0, 0]);
  await fleet.prepare({ ungated: true });
  const [pass, fail] = ['value > 1.0', 'value < 1.0'].map((c) => Array(60).fill(c).join(' || '));
  const wordy = { query: 'vector(1)', pass, fail };
  const names = Array.from({ length: 32 }, (_, i) => `wordy-${i}`);
  await Promise.all(
    names.map((gate) => fleet.apply('Gate', gate, { prometheus: wordy, intervalSeconds: 5 })),
  );
  const { spec } = await fleet.environment();
  const gates = names.map((gate) => ({ gate, when: 'During' }));
  await fleet.apply('Environment', 'wordy', { ...spec, gates });
  await fleet.promote('v2');
  await until('all of them are on record', async (seen) => {
    const { status } = await fleet.promotion('wordy-v2');
    seen({ gates: status?.gates?.length, cut: status?.audit?.cut });
    return status?.gates?.length === 4 * 32 && status.audit?.cut !== undefined;
  });
  await fleet.untilReason('wordy-v2', 'Analysing');
  const lines = createInterface({ input: createReadStream(operator.program.logFile) });
  const found = await verifyLog(lines, { whole: true });
  expect(found.find(({ about }) => about === `${NAMESPACE}/wordy-v2`)).toMatchObject({ faults: [] });
  await world.cluster.api.delete(sluicePath(NAMESPACE, 'promotions', 'wordy-v2'));
});

describe('the operator is killed while two services rise in waves', () => {
  const seed = Number(process.env['SLUICE_SEED'] ?? Math.floor(performance.timeOrigin) % 1_000_000);
  const kills = 5;

  test(`${kills} times, and when the second is bad both are back (seed ${seed})`, async () => {
    const random = numbers(seed);
    const place = await new Fleet(world.cluster.api, NAMESPACE, 'sea', [0, 1]).prepare();
    const before = await place.declared();
    let killed = 0;
    for (let n = 2; killed < kills; n += 1) {
      const version = `v${n}`;
      await world.controls.behave(imageFor('sea-2', version), { errorRate: 0.4 });
      await place.promote(version);
      // Passes are counted anew after each death, so the first wave needs a few seconds of life between them.
      const pause = (): number => 1000 + random() * 5000;
      killed += await killDuring(place.untilEnded(`sea-${version}`), pause, kills - killed);
      const ended = await place.untilEnded(`sea-${version}`);
      expect(reasonOf(ended)).toBe('RolledBack');
      expect(ended.status?.revert?.target).toBe('sea-2');
      expect(await place.declared()).toEqual(before);
      for (const { name } of place.targets) expect((await place.rollout(name)).status?.phase).toBe('Healthy');
    }
    expect(killed).toBeGreaterThanOrEqual(kills);
  });
});

/** A promotion of v2 that is judged at a pause, under a gate that says neither yes nor no. */
async function underJudgement(app: string, options: PlaceOptions = {}): Promise<Place> {
  const place = await new Place(world.cluster.api, NAMESPACE, app).prepare({
    gate: UNDECIDED,
    ...options,
  });
  await place.promote('v2');
  await place.untilReason(`${app}-v2`, 'Analysing');
  return place;
}

const BLOCKED =
  'sluice_promotion_attention{namespace="crash",name="blocked-v2",environment="blocked",reason="RollbackBlocked",stalled="true"}';
const figures = async ({ url }: RunningOperator): Promise<string> =>
  (await send('GET', `${url}/metrics`)).body;

describe('the Rollouts controller is away', () => {
  test('a revert that it cannot carry out pages as RollbackBlocked, goes on, and ends RolledBack when it is back', async () => {
    const { rollouts } = world.cluster.programs;
    const place = await underJudgement('blocked', { rollback: { deadlineSeconds: 2 } });
    await rollouts.stop();
    await place.apply('Gate', 'blocked', FAILING);
    const blocked = await place.untilReason('blocked-v2', 'RollbackBlocked');
    expect(conditionsOf(blocked)).toEqual([
      'Completed=False',
      'Ready=False',
      'RolledBack=False',
      'Stalled=True',
      'Succeeded=False',
    ]);
    await operator.program.kill();
    await operator.program.start();
    await until('who takes over pages as well', async () =>
      (await figures(operator)).includes(`${BLOCKED} 1`),
    );
    await rollouts.start();
    const ended = await place.untilEnded('blocked-v2');
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(await place.pods()).toEqual({ [imageFor('blocked', 'v1')]: 5, [imageFor('blocked', 'v2')]: 0 });
  });
});

describe('the operator was away', () => {
  test('a Rollout that was made anew meanwhile ends it as TargetReplaced, and is left alone', async () => {
    const place = await underJudgement('replaced');
    await operator.program.stop();
    await world.cluster.api.delete(rolloutPath(NAMESPACE, 'replaced'));
    await until(
      'the Rollout is gone',
      async () => !(await world.cluster.api.find(rolloutPath(NAMESPACE, 'replaced'))),
    );
    await createRollout(world.cluster.api, NAMESPACE, 'replaced', { image: imageFor('replaced', 'v1') });
    await operator.program.start();
    expect(reasonOf(await place.untilEnded('replaced-v2'))).toBe('TargetReplaced');
    expect((await place.rollout()).spec.template?.spec.containers[0]?.image).toBe(imageFor('replaced', 'v1'));
  });
});

/** Creates a Decision on v2 of a place. */
async function decideOn(place: Place, verdict: string): Promise<void> {
  const { name, uid } = (await place.promotion(`${place.app}-v2`)).metadata;
  const spec = { by: 'admin', verdict, environment: place.app, promotion: { name, uid } };
  await place.apply('Decision', `${place.app}-${verdict.toLowerCase()}`, spec);
}

/** One that a person holds, one behind it, one that names what is not there, and one that cannot see. */
async function four(): Promise<Place> {
  const held = await underJudgement('held');
  await decideOn(held, 'Hold');
  await held.untilReason('held-v2', 'HeldByPerson');
  await held.promote('v3');
  await held.untilReason('held-v3', 'Queued');
  await held.apply('Promotion', 'lost', { ...held.orderOf('v4'), environment: 'nowhere' });
  await held.untilReason('lost', 'AwaitingReference');

  const blind = await underJudgement('blind', { analysis: { maxBlindSeconds: 1 } });
  await blind.apply('Gate', 'blind', {
    prometheus: { query: 'vector(1)', pass: 'value > 0.0', address: 'http://127.0.0.1:1' },
    intervalSeconds: 1,
  });
  await until('it holds past its deadline', async () => {
    const waiting = await blind.untilReason('blind-v2', 'Holding');
    return conditionsOf(waiting).includes('Stalled=True');
  });
  return held;
}

describe('promotions that wait, each for something else', () => {
  test('cost nothing: in a whole minute the operator writes nothing, and asks nothing', async () => {
    const held = await four();
    const { cluster } = world;
    await until('what follows from the last change is written', async () => {
      const before = cluster.audited().length;
      await delay(3000);
      return cluster.audited().length === before;
    });
    const before = cluster.audited().length;
    // Real time: the operator is a process with a clock of its own. Samples are taken every second meanwhile.
    await delay(60_000);
    const minute = cluster.audited().slice(before);
    expect(writesIn(minute)).toEqual([]);
    expect(minute.filter(({ verb }) => verb !== 'watch').map(({ requestURI }) => requestURI)).toEqual([]);

    await decideOn(held, 'Resume');
    await held.untilReason('held-v2', 'Analysing');
    const after = writesIn(cluster.audited().slice(before));
    expect(after).toContain(`patch promotions/status ${NAMESPACE}/held-v2 200`);
  });
});
