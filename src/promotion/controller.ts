import { isDeepStrictEqual } from 'node:util';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { API_VERSION, GROUP, VERSION } from '../api/v1alpha1/names.ts';
import { parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import type { Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import type { Sampler } from '../analysis/sampler.ts';
import type { Effect } from '../delivery/delivery.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import type { EventRecorder } from '../kube/events.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import type { PromotionMetrics } from '../metrics/promotions.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { decide } from './decide.ts';
import { assignmentOf, BY_ROLLOUT, gather, rolloutKey, type Sources } from './gather.ts';
import type { Decision, Input } from './input.ts';
import { type GateTools, probeKey, probesOf, windowSecondsOf } from './probes.ts';
import { happenings, revertStages } from './report.ts';
import { hasEnded, significant } from './status.ts';

export const PROMOTIONS = { group: GROUP, version: VERSION, plural: 'promotions' };

export interface PromotionControllerOptions
  extends Pick<Sources, 'promotions' | 'environments' | 'gates' | 'delivery'> {
  client: KubeClient;
  sampler: Sampler;
  tools: GateTools;
  events: EventRecorder;
  metrics: PromotionMetrics;
  clock: Clock;
}

/** Gather, decide, report, act: one pass for one Promotion. */
export class PromotionController {
  readonly #o: PromotionControllerOptions;
  readonly #sources: Sources;
  /** Targets claimed by a plan that was latched in this process, until its Promotion has ended. */
  readonly #claims = new Map<string, { key: string; uid: string }>();

  constructor(options: PromotionControllerOptions) {
    this.#o = options;
    this.#sources = {
      promotions: options.promotions,
      environments: options.environments,
      gates: options.gates,
      delivery: options.delivery,
      now: () => options.clock.now(),
      judgement: (owner, binding, target) => options.sampler.judgement(probeKey(owner, binding, target)),
      windowSeconds: windowSecondsOf,
      // Two Environments may share a Rollout: what another one's promotion has latched there counts as well.
      claimant: (namespace, { rollout }) => {
        const place = rolloutKey(namespace, rollout);
        return this.#claims.get(place)?.uid ?? options.promotions.byIndex(BY_ROLLOUT, place)[0]?.metadata.uid;
      },
    };
  }

  /** One pass; errors are the work queue's business. */
  async reconcile(key: string, _signal: AbortSignal, log: Log): Promise<ReconcileResult | void> {
    const { namespace, name } = splitKey(key);
    const raw = this.#o.promotions.get(namespace, name);
    const parsed = raw && parsePromotion(raw);
    if (!raw || raw.metadata.deletionTimestamp || !parsed?.ok || hasEnded(parsed.object)) {
      if (parsed && !parsed.ok) log.warn({ reason: parsed.message }, 'Promotion is not readable');
      this.#release(key);
      return;
    }
    const promotion = parsed.object;
    const input = await gather(this.#sources, raw, promotion);
    const decision = decide(input);
    this.#claim(key, promotion, decision);
    this.#o.sampler.sync(key, probesOf(key, input, decision.probes, this.#o.tools));
    const written = await this.#report(raw, promotion, decision.status, log);
    if (decision.effect) await this.#act(decision.effect, written, input, log);
    if (hasEnded(written)) return this.#release(key);
    const urgent = decision.status.revert ? ({ lane: 'urgent' } as const) : {};
    if (decision.effect) return { requeueAfterMs: 0, ...urgent };
    if (decision.wakeAt === undefined) return;
    return { requeueAfterMs: Math.max(0, decision.wakeAt - this.#o.clock.now()), ...urgent };
  }

  /** Before the first await after the decision: no other pass can decide on these targets in between. */
  #claim(key: string, promotion: Promotion, { status }: Decision): void {
    if (!status.plan) return;
    const { namespace, uid } = promotion.metadata;
    for (const { rollout } of status.plan.targets)
      this.#claims.set(rolloutKey(namespace, rollout), { key, uid });
  }

  #release(key: string): void {
    this.#o.sampler.forget(key);
    this.#o.metrics.calm(key);
    for (const [target, claimant] of this.#claims) if (claimant.key === key) this.#claims.delete(target);
  }

  /** Writes the status if it says something new; its resourceVersion fences off a leader that lost its lease. */
  async #report(raw: RawObject, promotion: Promotion, status: PromotionStatus, log: Log): Promise<Promotion> {
    const before = promotion.status;
    if (isDeepStrictEqual(significant(before), significant(status))) return promotion;
    const { namespace, name, uid } = promotion.metadata;
    const path = objectPath(PROMOTIONS, namespace, name);
    const written = await patchStatus(
      this.#o.client,
      path,
      raw as RawObject & { metadata: Promotion['metadata'] },
      status,
    );
    this.#o.promotions.upsertLocal(written);
    const after = { ...promotion, status };
    const regarding = { apiVersion: API_VERSION, kind: 'Promotion', namespace, name, uid };
    for (const event of happenings(before, status)) this.#o.events.record(regarding, event);
    for (const { stage, seconds } of revertStages(before, status)) this.#o.metrics.reverted(stage, seconds);
    this.#o.metrics.moved(after, findCondition(promotion, 'Succeeded')?.reason);
    const condition = findCondition(after, 'Succeeded');
    const old = findCondition(promotion, 'Succeeded');
    if (condition && (condition.reason !== old?.reason || condition.message !== old.message))
      log.info({ reason: condition.reason, detail: condition.message }, 'Promotion moved');
    return after;
  }

  async #act(effect: Effect, promotion: Promotion, input: Input, log: Log): Promise<void> {
    const subject = input.subjects.find((s) => s.target.name === effect.target);
    if (!subject) return;
    const { kind, target, ...details } = effect;
    log.info({ effect: kind, target, ...details }, 'Acting on the target');
    await this.#o.delivery.act(effect, assignmentOf(promotion, subject.target, subject.recorded));
  }
}
