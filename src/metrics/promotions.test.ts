import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { withConditions } from '../api/v1alpha1/conditions.ts';
import { type PromotionReason, promotionConditions } from '../api/v1alpha1/reasons.ts';
import type { Promotion } from '../api/v1alpha1/types.ts';
import { PromotionMetrics } from './promotions.ts';

const promotion = (name: string, reason: PromotionReason, pastDeadline = false): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1', creationTimestamp: 't' },
  spec: { environment: 'prod', revision: { images: [] } },
  status: {
    startedAt: '2026-01-01T00:00:00Z',
    completedAt: '2026-01-01T00:01:00Z',
    conditions: withConditions(undefined, promotionConditions(reason, '', { pastDeadline }), 1, 't'),
  },
});
const attention = async (registry: Registry): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith('sluice_promotion_attention{'));

test('an end is counted once, by its reason, with its duration', async () => {
  const registry = new Registry();
  const metrics = new PromotionMetrics(registry);
  metrics.moved(promotion('a', 'Succeeded'), 'Baking');
  metrics.moved(promotion('a', 'Succeeded'), 'Succeeded');
  const text = await registry.metrics();
  expect(text).toContain('sluice_promotions_total{outcome="Succeeded"} 1');
  expect(text).toContain('sluice_promotions_total{outcome="RolledBack"} 0');
  expect(text).toContain('sluice_promotion_duration_seconds_sum{outcome="Succeeded"} 60');
});

test('queries are counted by kind, with the questions in them', async () => {
  const registry = new Registry();
  const { queries } = new PromotionMetrics(registry);
  queries.sent({ questions: 1, fellBack: false });
  queries.sent({ questions: 50, fellBack: false });
  queries.sent({ questions: 30, fellBack: true });
  const text = await registry.metrics();
  expect(text).toContain('sluice_gate_queries_total{kind="single"} 1');
  expect(text).toContain('sluice_gate_queries_total{kind="shared"} 2');
  expect(text).toContain('sluice_gate_questions_total{kind="shared"} 80');
  expect(text).toContain('sluice_gate_query_fallbacks_total 1');
});

test('a promotion shows by name only while it needs somebody, with the reason that it has now', async () => {
  const registry = new Registry();
  const metrics = new PromotionMetrics(registry);
  metrics.seen(promotion('a', 'Holding'));
  expect(await attention(registry)).toEqual([
    'sluice_promotion_attention{namespace="shop",name="a",environment="prod",reason="Holding",stalled="false"} 1',
  ]);
  metrics.seen(promotion('a', 'Holding', true));
  expect((await attention(registry)).join()).toContain('reason="Holding",stalled="true"');
  metrics.seen(promotion('a', 'Reverting'));
  expect((await attention(registry)).join()).toContain('reason="Reverting"');
  expect(await attention(registry)).toHaveLength(1);
  metrics.seen(promotion('a', 'RolledBack'));
  expect(await attention(registry)).toEqual([]);
});

test('at most two hundred show, so that the size of /metrics is bounded', async () => {
  const registry = new Registry();
  const metrics = new PromotionMetrics(registry);
  for (let i = 0; i < 300; i += 1) metrics.seen(promotion(`p${i}`, 'Holding'));
  expect(await attention(registry)).toHaveLength(200);
  metrics.calm('shop/p0');
  metrics.seen(promotion('p299', 'Holding'));
  expect((await attention(registry)).join()).toContain('name="p299"');
});

test('what was passed over is counted by what it was, gates together', async () => {
  const registry = new Registry();
  const metrics = new PromotionMetrics(registry);
  for (const what of ['Freeze', 'gate/cab', 'gate/error-rate']) metrics.passedOver(what);
  const text = await registry.metrics();
  expect(text).toContain('sluice_bypasses_total{what="Freeze"} 1');
  expect(text).toContain('sluice_bypasses_total{what="Gate"} 2');
  expect(text).toContain('sluice_bypasses_total{what="Soak"} 0');
});
