import { beforeAll, describe, expect, test } from '@jest/globals';
import { exposition } from '../harness/exposition.ts';
import { setImage, untilHealthy, untilPaused, untilRollout } from '../harness/fixtures.ts';
import { createBlueGreenRollout, createRoutedRollout } from '../harness/fixtures-routed.ts';
import { RequestCounters } from '../harness/requests.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

const namespace = 'harness-traffic';
const { cluster, prometheus } = sharedWorld();

beforeAll(() => cluster.createNamespace(namespace));

/** Share of a Rollout's requests that Prometheus sees at one version. */
async function share(rollout: string, hash: string): Promise<number> {
  const all = `http_requests_total{namespace="${namespace}",rollout="${rollout}"}`;
  const samples = await prometheus.query(
    `sum(rate(${all.replace('}', `,rollouts_pod_template_hash="${hash}"}`)}[5s])) / sum(rate(${all}[5s]))`,
  );
  return samples[0]?.value ?? 0;
}

function untilShare(rollout: string, hash: string, expected: number): Promise<boolean> {
  return until(`${rollout} sends ${expected} of its requests to ${hash}`, async (saw) => {
    const now = await share(rollout, hash);
    saw(now);
    return Math.abs(now - expected) < 0.02;
  });
}

test('a Rollout that routes sends by weight, not by pods', async () => {
  const name = 'routed';
  const steps = [{ setCanaryScale: { replicas: 1 } }, { setWeight: 40 }, { pause: {} }];
  await createRoutedRollout(cluster.api, namespace, name, { image: 'registry.test/routed:v1', steps });
  await untilHealthy(cluster.api, namespace, name);
  await setImage(cluster.api, namespace, name, 'registry.test/routed:v2');
  const { status } = await untilPaused(cluster.api, namespace, name, 2);
  expect(status?.canary?.weights?.canary.weight).toBe(40);
  expect(await untilShare(name, status?.currentPodHash ?? '', 0.4)).toBe(true);
});

test('a blue-green Rollout sends everything to the active version', async () => {
  const name = 'bluegreen';
  await createBlueGreenRollout(cluster.api, namespace, name, { image: 'registry.test/bg:v1', replicas: 2 });
  const before = await untilHealthy(cluster.api, namespace, name);
  await setImage(cluster.api, namespace, name, 'registry.test/bg:v2');
  await untilRollout(cluster.api, namespace, name, 'waits for promotion', ({ status }) => {
    return status?.phase === 'Paused' && status.replicas === 4;
  });
  expect(await untilShare(name, before.status?.currentPodHash ?? '', 1)).toBe(true);
});

describe('counters', () => {
  test('carry fractions over, so that the counts are exact and without chance', () => {
    const counters = new RequestCounters();
    for (let i = 0; i < 1000; i++) counters.add('shop', 'checkout', 'abc', 0.25, { errorRate: 0.25 });
    expect(counters.served).toMatchObject([{ ok: 188, errors: 62 }]);
  });

  test('have no series for a code that has never occurred', () => {
    const counters = new RequestCounters();
    counters.add('shop', 'checkout', 'abc', 100, { errorRate: 0 });
    expect(exposition(counters.served)).toContain(
      'http_requests_total{namespace="shop",rollout="checkout",rollouts_pod_template_hash="abc",code="200"} 100',
    );
    expect(exposition(counters.served)).not.toContain('500');
  });

  test('put each request under the first bound that is not below its duration', () => {
    const counters = new RequestCounters();
    counters.add('shop', 'checkout', 'abc', 3, { errorRate: 0, latencySeconds: 0.25 });
    counters.add('shop', 'checkout', 'abc', 2, { errorRate: 0, latencySeconds: 60 });
    const buckets = [...exposition(counters.served).matchAll(/le="([^"]+)"} (\d+)/g)].map(
      ([, le, n]) => `${le}:${n}`,
    );
    expect(buckets).toEqual(expect.arrayContaining(['0.1:0', '0.25:3', '10:3', '+Inf:5']));
  });

  test('start anew for a version whose pods have gone', () => {
    const counters = new RequestCounters();
    counters.add('shop', 'checkout', 'old', 10, { errorRate: 0 });
    counters.add('shop', 'checkout', 'new', 10, { errorRate: 0 });
    counters.keepOnly('shop', 'checkout', new Set(['new']));
    expect(counters.served.map(({ hash }) => hash)).toEqual(['new']);
    counters.keepOnlyRollouts(new Set());
    expect(counters.served).toEqual([]);
  });
});
