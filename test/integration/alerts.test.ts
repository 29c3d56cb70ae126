import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { withConditions } from '../../src/api/v1alpha1/conditions.ts';
import { type PromotionReason, promotionConditions } from '../../src/api/v1alpha1/reasons.ts';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import { createEnvironmentMetrics, type Place } from '../../src/metrics/environments.ts';
import { KubeMetrics } from '../../src/metrics/kube.ts';
import { PromotionMetrics } from '../../src/metrics/promotions.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { HealthServer } from '../../src/server/server.ts';
import { DASHBOARD_QUERIES } from '../generate/dashboard-panels.ts';
import { CHART } from '../harness/helm.ts';
import { startPrometheus } from '../harness/prometheus.ts';
import { Run } from '../harness/run.ts';
import { until } from '../harness/until.ts';

/* The alerts of the chart, pending or firing in the real Prometheus, over what the operator's own metrics say. */

const run = new Run();
afterAll(() => run.close());

const promotion = (name: string, reason: PromotionReason, pastDeadline = false): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1', creationTimestamp: 't' },
  spec: { environment: 'prod', revision: { images: [] } },
  status: {
    conditions: withConditions(undefined, promotionConditions(reason, '', { pastDeadline }), 1, 't'),
  },
});

const alarmed = (type: string): Place => ({
  metadata: { name: type.toLowerCase(), namespace: 'shop' },
  status: { conditions: [{ type, status: 'True', reason: type, message: '', lastTransitionTime: 't' }] },
});

test('each alert fires for what it is about, and none while all is well', async () => {
  const registry = new Registry();
  const metrics = new PromotionMetrics(registry);
  const kube = new KubeMetrics(registry);
  const reconciles = kube.controller('promotions');
  const places: Place[] = [];
  createEnvironmentMetrics(registry, () => places);
  metrics.trusted(true);
  kube.leading('sluice', true);
  // The operator's own server: Prometheus asks it for OpenMetrics.
  const operator = new HealthServer({
    at: { host: '127.0.0.1', port: 0 },
    log: silentLog,
    health: { ready: () => undefined, wedged: () => undefined, metrics: () => registry.metrics() },
  });
  await operator.start();
  run.beforeClose(() => operator.stop());
  const rules = join(CHART, 'rules', 'sluice.yaml');
  const prometheus = await startPrometheus(
    run,
    [{ job: 'sluice', url: `http://127.0.0.1:${operator.port}` }],
    [rules],
  );
  const firing = async (): Promise<string[]> =>
    (await prometheus.query('ALERTS')).map(({ metric }) =>
      [metric['alertname'], metric['name'] ?? metric['what'] ?? metric['controller'] ?? ''].join(' ').trim(),
    );

  metrics.seen(promotion('on-its-way', 'Reverting'));
  metrics.seen(promotion('held', 'Holding'));
  await until(
    // From the first scrape to the second the rules were asked, too.
    'it is scraped three times',
    async () => (await prometheus.query('count_over_time(sluice_decisions_trusted[1m]) > 2')).length === 1,
  );
  expect(await firing()).toEqual([]);

  metrics.trusted(false);
  metrics.passedOver('Freeze');
  metrics.seen(promotion('blocked', 'RollbackBlocked'));
  metrics.seen(promotion('pending', 'RevertPendingIntent'));
  metrics.seen(promotion('late', 'Holding', true));
  kube.leading('sluice', false);
  for (let i = 0; i < 50; i += 1) {
    reconciles.failed?.();
    metrics.sampled('Error', 4_000);
  }
  places.push(alarmed('Drifted'), alarmed('FollowUpOverdue'));
  const wanted = [
    'SluiceBypassed Freeze',
    'SluiceDecisionsNotTrusted',
    'SluiceDrift',
    'SluiceFollowUpOverdue',
    'SluiceGatesBlind',
    'SluiceNoLeader',
    'SluicePromotionStalled late',
    'SluiceReconcilesFail promotions',
    'SluiceRevertOverdue blocked',
    'SluiceRevertOverdue pending',
    'SluiceSamplesLate',
  ];
  await until('all of them', async (saw) => {
    const now = (await firing()).toSorted();
    saw(now);
    return now.length >= wanted.length;
  });
  expect((await firing()).toSorted()).toEqual(wanted);
  // And the dashboard's queries, by the same server.
  for (const query of DASHBOARD_QUERIES) {
    const text = query.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'sluice');
    await expect(prometheus.query(text)).resolves.toBeInstanceOf(Array);
  }
});
