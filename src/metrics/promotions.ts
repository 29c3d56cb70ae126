import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { PROMOTION_REASONS, isTerminal, reasonOf } from '../api/v1alpha1/reasons.ts';
import type { Promotion, PromotionReason, Verdict } from '../api/v1alpha1/types.ts';
import { QueryMetrics } from './queries.ts';

/** At most so many promotions show in `sluice_promotion_attention`: the size of /metrics stays bounded. */
const ATTENTION_LIMIT = 200;

/** What is out of the ordinary before any deadline is over. */
const LOUD: ReadonlySet<PromotionReason> = new Set(['Holding', 'Reverting']);

type AttentionLabel = 'namespace' | 'name' | 'environment' | 'reason' | 'stalled';

/** Figures about promotions. Only promotions that need a person carry their name, and only as long as they do. */
export class PromotionMetrics {
  readonly queries: QueryMetrics;
  readonly #ended: Counter<'outcome'>;
  readonly #duration: Histogram<'outcome'>;
  readonly #revert: Histogram<'stage'>;
  readonly #samples: Counter<'verdict'>;
  readonly #lateness: Histogram;
  readonly #trusted: Gauge;
  readonly #bypassed: Counter<'what'>;
  readonly #attention: Gauge<AttentionLabel>;
  readonly #shown = new Map<string, Record<AttentionLabel, string>>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.queries = new QueryMetrics(registry);
    this.#ended = new Counter({
      name: 'sluice_promotions_total',
      help: 'Promotions that have ended, by the reason of their Succeeded condition.',
      labelNames: ['outcome'],
      registers,
    });
    for (const reason of Object.keys(PROMOTION_REASONS) as PromotionReason[])
      if (isTerminal(reason)) this.#ended.inc({ outcome: reason }, 0);
    this.#duration = new Histogram({
      name: 'sluice_promotion_duration_seconds',
      help: 'From Applying to the end, by outcome.',
      labelNames: ['outcome'],
      buckets: [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 86400],
      registers,
    });
    this.#revert = new Histogram({
      name: 'sluice_revert_seconds',
      help: 'A revert by stage: detection (from the sample that failed), then from detection: command, traffic, intent.',
      labelNames: ['stage'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
      registers,
    });
    for (const stage of ['detection', 'command', 'traffic', 'intent'] as const) this.#revert.zero({ stage });
    this.#samples = new Counter({
      name: 'sluice_gate_samples_total',
      help: 'Samples of gates, by verdict.',
      labelNames: ['verdict'],
      registers,
    });
    for (const verdict of ['Pass', 'Fail', 'Inconclusive', 'Error'] as const)
      this.#samples.inc({ verdict }, 0);
    this.#lateness = new Histogram({
      name: 'sluice_gate_sample_lateness_seconds',
      help: 'How much later than due a sample was begun.',
      buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    });
    this.#trusted = new Gauge({
      name: 'sluice_decisions_trusted',
      help: '1 while the admission policies that prove the authors of Decisions are in force, 0 while they are not; as last looked at, when a Decision was to be used.',
      registers,
    });
    this.#trusted.set(Number.NaN);
    this.#bypassed = new Counter({
      name: 'sluice_bypasses_total',
      help: 'What promotions have passed over on the record, by a Bypass or as an emergency.',
      labelNames: ['what'],
      registers,
    });
    for (const what of ['Freeze', 'Window', 'Soak', 'Upstream', 'Gate']) this.#bypassed.inc({ what }, 0);
    this.#attention = new Gauge({
      name: 'sluice_promotion_attention',
      help: 'Promotions that are stalled, holding or reverting; stalled: a person is needed, a deadline is over. At most 200 are shown.',
      labelNames: ['namespace', 'name', 'environment', 'reason', 'stalled'],
      registers,
    });
  }

  /** A sample was taken. */
  sampled(verdict: Verdict, latenessMs: number): void {
    this.#samples.inc({ verdict });
    this.#lateness.observe(Math.max(0, latenessMs) / 1000);
  }

  /** Whether the authors of Decisions are proven was looked at. */
  trusted(are: boolean): void {
    this.#trusted.set(are ? 1 : 0);
  }

  /** A stage of a revert is proven. */
  reverted(stage: 'detection' | 'command' | 'traffic' | 'intent', seconds: number): void {
    this.#revert.observe({ stage }, seconds);
  }

  /** Something was passed over: a constraint by its name, or `gate/<name>`. */
  passedOver(what: string): void {
    this.#bypassed.inc({ what: what.startsWith('gate/') ? 'Gate' : what });
  }

  /**
   * A promotion was looked at: it shows as long as it needs somebody, whoever wrote that. An operator that takes over
   * writes nothing of one that stays as it is, and has to page for it all the same.
   */
  seen(promotion: Promotion): void {
    const { namespace, name } = promotion.metadata;
    const reason = reasonOf(promotion);
    const key = `${namespace}/${name}`;
    const stalled = findCondition(promotion, 'Stalled')?.status === 'True';
    const loud = reason !== undefined && !isTerminal(reason) && (stalled || LOUD.has(reason));
    const shown = this.#shown.get(key);
    if (!loud || shown?.reason !== reason || shown.stalled !== `${stalled}`) this.calm(key);
    if (!loud || (this.#shown.size >= ATTENTION_LIMIT && !this.#shown.has(key))) return;
    const { environment } = promotion.spec;
    const labels = { namespace, name, environment, reason, stalled: `${stalled}` };
    this.#shown.set(key, labels);
    this.#attention.set(labels, 1);
  }

  /** A promotion's status was written; `before` is the reason that it had. An end is counted once. */
  moved(promotion: Promotion, before: string | undefined): void {
    const reason = reasonOf(promotion);
    if (!reason || !isTerminal(reason) || before === reason) return;
    this.#ended.inc({ outcome: reason });
    const { startedAt, completedAt } = promotion.status ?? {};
    if (startedAt && completedAt)
      this.#duration.observe({ outcome: reason }, (Date.parse(completedAt) - Date.parse(startedAt)) / 1000);
  }

  /** The promotion needs nobody any more, or is gone. */
  calm(key: string): void {
    const labels = this.#shown.get(key);
    if (!labels) return;
    this.#shown.delete(key);
    this.#attention.remove(labels);
  }
}
