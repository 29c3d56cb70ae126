import { expect, test } from '@jest/globals';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeClient } from '../kube/client.ts';
import type { StoreReader } from '../kube/informer.ts';
import { ManualClock } from '../kube/testing/manual-clock.ts';
import { silentLog } from '../runtime/log.ts';
import { toTime } from '../runtime/time.ts';
import { EnvironmentController } from './controller.ts';

/* Which Decisions an Environment uses. */

const NOW = Date.UTC(2026, 0, 1);
const DIGEST = `sha256:${'1'.repeat(64)}`;
const meta = (name: string, secondsAgo = 0) => ({
  name,
  namespace: 'shop',
  uid: `${name}-uid`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: toTime(NOW - secondsAgo * 1000),
});
const storeOf = (object?: RawObject): StoreReader<RawObject> =>
  ({ get: () => object, byIndex: () => [], upsertLocal: () => {} }) as unknown as StoreReader<RawObject>;

const refused = {
  target: 'checkout',
  image: 'checkout',
  digest: DIGEST,
  revisionDigest: DIGEST,
  reason: 'r',
  promotion: 'bad',
  since: toTime(NOW - 100_000),
};

const decision = (name: string, secondsAgo: number, spec: object, accepted?: object): RawObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Decision',
  metadata: meta(name, secondsAgo),
  spec: { by: 'bob', environment: 'prod', ...spec },
  ...(accepted && {
    status: {
      conditions: [{ type: 'Accepted', message: 'm', lastTransitionTime: toTime(NOW), ...accepted }],
    },
  }),
});
const release = (secondsAgo: number, accepted?: object): RawObject =>
  decision(
    'release',
    secondsAgo,
    { verdict: 'Release', target: 'checkout', revisionDigest: DIGEST },
    accepted,
  );

/** What the status of a place comes to, where authors are proven since so long ago. */
async function look(
  status: EnvironmentStatus,
  decisions: RawObject[],
  provenSeconds = 1000,
): Promise<{ status: EnvironmentStatus; asked: number }> {
  const raw: RawObject = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Environment',
    metadata: meta('prod'),
    spec: { targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] },
    status,
  };
  let asked = 0;
  let written: unknown = status;
  const client = {
    patch: async (_: string, body: { status: object }) => {
      written = { ...status, ...body.status };
      return raw;
    },
  } as unknown as KubeClient;
  await new EnvironmentController({
    client,
    clock: Object.assign(new ManualClock(), { now: () => NOW }),
    environments: storeOf(raw),
    gates: storeOf(),
    promotions: storeOf(),
    promotionsOf: () => [],
    decisionsOf: () => decisions,
    standing: async () => {
      asked += 1;
      return { trusted: true, since: NOW - provenSeconds * 1000 };
    },
    rollout: () => undefined,
    running: () => undefined,
    events: { record: () => {} } as unknown as EventRecorder,
    absence: () => undefined,
  }).reconcile('shop/prod', new AbortController().signal, silentLog);
  return { status: written as EnvironmentStatus, asked };
}

const newer = Array.from({ length: 64 }, (_, n) => ({
  name: `f${n}`,
  uid: `f${n}-uid`,
  by: 'carol',
  verdict: 'Thaw',
  at: toTime(NOW - 5_000 + n),
}));

test('a Release that is proven lets out', async () => {
  const { status } = await look({ quarantine: [refused] }, [release(50)]);
  expect(status.quarantine ?? []).toEqual([]);
});

test('a Release by nobody who is proven lets nothing out, however many newer Decisions were used', async () => {
  const { status } = await look({ quarantine: [refused], decisions: newer }, [release(50)], 10);
  expect(status.quarantine).toEqual([refused]);
});

test('a Release that was refused lets nothing out later', async () => {
  const no = { status: 'False', reason: 'DigestMismatch' };
  const { status, asked } = await look({ quarantine: [refused] }, [release(50, no)]);
  expect(status.quarantine).toEqual([refused]);
  expect(asked).toBe(0);
});

test('what was refused, is over, or says that it was used asks for no proof of its author', async () => {
  const used = { status: 'True', reason: 'Used' };
  const until = toTime(NOW - 1000);
  const { asked } = await look({}, [
    decision('over', 50, { verdict: 'Freeze', until, reason: 'r' }),
    decision('old', 31 * 24 * 3600, { verdict: 'Thaw' }),
    decision('used', 50, { verdict: 'Resume' }, used),
    release(50, used),
  ]);
  expect(asked).toBe(0);
});
