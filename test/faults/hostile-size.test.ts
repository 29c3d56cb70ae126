import { beforeAll, expect } from '@jest/globals';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import { readRecord } from '../../src/audit/chain.ts';
import { FAILING, PASSING, UNDECIDED } from '../harness/gates.ts';
import { installChart } from '../harness/helm.ts';
import { startOperator } from '../harness/operator.ts';
import { ERROR_RATE, imageFor, Place, QUICK, reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { startWorld, type World } from '../harness/world.ts';
import { faultCase } from './case.ts';
import { asked } from './laws.ts';
import { recorded } from './recorded.ts';
import { brokenTrails } from './trails.ts';
import { fatten, slim } from './fatten.ts';
import { createMany, memoryOf, Probed, reasonsIn } from './many.ts';

/* Objects that are as large as the API server takes them, so that nothing more can be written into them. */

const { cluster, controls } = sharedWorld();
const { api } = cluster;
const NAMESPACE = 'hostile-size';
const FAMILY = 'Hostile input: size';

beforeAll(() => cluster.createNamespace(NAMESPACE));

const place = (app: string): Place => new Place(api, NAMESPACE, app);
const path = (plural: string, name: string): string => sluicePath(NAMESPACE, plural, name);

/** Holds the laws against all that becomes of an app meanwhile. */
function recordedAt<T>(app: string, work: () => Promise<T>): Promise<T> {
  const isNew = (image: string): boolean => image === imageFor(app, 'v2');
  return recorded(api, NAMESPACE, app, { settleSeconds: QUICK.settleSeconds, isNew }, work);
}

/** Pods of the new revision are gone, and those of the old one are all there. */
async function untilBack(here: Place): Promise<void> {
  await until(`traffic of ${here.app} is back`, async (seen) => {
    const pods = await here.pods();
    seen(pods);
    return pods[imageFor(here.app, 'v2')] === 0 && pods[imageFor(here.app, 'v1')] === 5;
  });
}

/** Says to a person that the object is too large. */
async function untilToldOf(name: string): Promise<void> {
  await until(`an event says that ${name} is too large`, async (seen) => {
    const { stdout } = await cluster.kubectl(['get', 'events.events.k8s.io', '-n', NAMESPACE, '-o', 'json']);
    const { items }: { items: { regarding?: { name: string }; reason: string; note: string }[] } =
      JSON.parse(stdout);
    const own = items.filter(({ regarding }) => regarding?.name === name);
    seen(own.map(({ reason, note }) => `${reason}: ${note}`));
    return own.some(({ reason, note }) => reason === 'TooLarge' && note.includes('remove labels'));
  });
}

/** What was done to the Rollout, by the audit trail. */
function effectsOnRecord({ status }: Promotion): unknown[] {
  return (status?.audit?.records ?? []).map((link) => readRecord(link)?.['effect']);
}

faultCase(
  {
    id: 'M1',
    family: FAMILY,
    injected: 'a Promotion that is full before it begins',
    long: true,
  },
  async () => {
    const here = await place('full').prepare();
    asked('S1', 'L1');
    // Without its Environment it waits.
    const environment = here.manifests.get('Environment/full');
    await api.delete(path('environments', 'full'));
    await here.promote('v2');
    await here.untilReason('full-v2', 'AwaitingReference');
    const times = await fatten(api, path('promotions', 'full-v2'));
    await here.apply('Environment', 'full', Object(environment).spec);
    await untilToldOf('full-v2');
    expect((await here.pods())[imageFor('full', 'v2')]).toBeUndefined();
    await slim(api, path('promotions', 'full-v2'));
    expect(reasonOf(await here.untilEnded('full-v2'))).toBe('Succeeded');
    return times;
  },
);

faultCase(
  {
    id: 'M2',
    family: FAMILY,
    injected: 'a Promotion that is filled in mid-canary, before its gate fails',
  },
  () =>
    recordedAt('filled', async () => {
      asked('L1');
      const here = await place('filled').prepare({ gate: UNDECIDED });
      await here.promote('v2');
      await here.untilReason('filled-v2', 'Analysing');
      const times = await fatten(api, path('promotions', 'filled-v2'));
      await here.apply('Gate', 'filled', FAILING);
      await untilBack(here);
      await until('the previous template is declared again', async (seen) => {
        const image = await here.image();
        seen(image);
        return image === imageFor('filled', 'v1');
      });
      await untilToldOf('filled-v2');
      await slim(api, path('promotions', 'filled-v2'));
      // What it did while nothing could be written is its own, and is told then: not what some stranger did.
      const ended: Promotion = await here.untilEnded('filled-v2');
      expect(reasonOf(ended)).toBe('RolledBack');
      expect((await here.environment()).status?.quarantine).toHaveLength(1);
      expect(await here.image()).toBe(imageFor('filled', 'v1'));
      expect(effectsOnRecord(ended)).toEqual(expect.arrayContaining(['Abort', 'Restore']));
      expect(await brokenTrails(api, NAMESPACE, 'filled')).toEqual([]);
      return times;
    }),
);

faultCase(
  {
    id: 'M3',
    family: FAMILY,
    injected: 'an Environment and a Gate that are filled in mid-canary, before the gate fails',
    long: true,
  },
  () =>
    recordedAt('policy', async () => {
      asked('L1');
      const here = await place('policy').prepare({ gate: { ...ERROR_RATE, count: 100 } });
      await here.promote('v2');
      await here.untilReason('policy-v2', 'Analysing');
      const times =
        (await fatten(api, path('environments', 'policy'))) + (await fatten(api, path('gates', 'policy')));
      await controls.behave(imageFor('policy', 'v2'), { errorRate: 0.4 });
      await untilBack(here);
      await until('it says what it waits for', async (seen) => {
        const found = await here.promotion('policy-v2');
        seen(found.status?.conditions);
        return found.status?.conditions?.some(({ message }) =>
          message.includes('waiting until the Environment refuses'),
        );
      });
      await slim(api, path('environments', 'policy'));
      expect(reasonOf(await here.untilEnded('policy-v2'))).toBe('RolledBack');
      expect((await here.environment()).status?.quarantine).toHaveLength(1);
      return times;
    }),
);

const MANY = 10_000;

faultCase(
  {
    id: 'M5',
    family: FAMILY,
    injected: `${MANY} Promotions in one namespace, half of them behind one that is in flight`,
    long: true,
    timeoutMs: 900_000,
  },
  async () => {
    const own = await startWorld();
    try {
      await crowd(own);
    } finally {
      await own.stop();
    }
    return MANY;
  },
);

async function crowd({ cluster, prometheus }: World): Promise<void> {
  await Promise.all([installChart(cluster), cluster.createNamespace('many')]);
  const { url } = await startOperator(cluster.run, cluster, {
    prometheusAddress: prometheus.url,
    args: ['--leader-elect=false'],
  });
  const [calm, busy] = await Promise.all(
    (['calm', 'busy'] as const).map((app) =>
      new Place(cluster.api, 'many', app).prepare({ gate: app === 'calm' ? PASSING : UNDECIDED }),
    ),
  );
  if (!calm || !busy) throw new Error('no place');
  await busy.promote('v2');
  await busy.untilReason('busy-v2', 'Analysing');
  const probed = new Probed(url);
  const began = performance.now();
  const seconds = (): number => Math.round((performance.now() - began) / 1000);
  await createMany(cluster.api, 'many', 'lost', MANY / 2, { ...calm.orderOf('v3'), environment: 'nowhere' });
  await createMany(cluster.api, 'many', 'queued', MANY / 2, busy.orderOf('v3'));
  const created = seconds();
  // Work goes on for others while all of them are looked at.
  await calm.promote('v2');
  expect(reasonOf(await calm.untilEnded('calm-v2'))).toBe('Succeeded');
  const worked = seconds();
  await until(
    'each of them says why it waits',
    async (seen) => {
      const reasons = await reasonsIn(cluster.api, 'many');
      seen(reasons);
      return reasons['Queued'] === MANY / 2 && reasons['AwaitingReference'] === MANY / 2;
    },
    // The API server takes about a hundred such statuses a second, and fewer beside other cases.
    { timeoutMs: 600_000, intervalMs: 2000 },
  );
  const said = seconds();
  await busy.apply('Gate', 'busy', FAILING);
  await until('the one in flight is back', async () => {
    const pods = await busy.pods();
    return pods[imageFor('busy', 'v2')] === 0 && pods[imageFor('busy', 'v1')] === 5;
  });
  asked('L1', 'L2');
  const back = seconds();
  probed.stop();
  expect(probed.failures).toEqual([]);
  expect(probed.asked).toBeGreaterThan(0);
  const megabytes = Math.round((await memoryOf(url)) / 1024 / 1024);
  process.stdout.write(
    `${MANY} promotions: created after ${created} s, another one succeeded after ${worked} s, all have said why they wait after ${said} s, a revert among them done after ${back} s; ${megabytes} MB\n`,
  );
}
