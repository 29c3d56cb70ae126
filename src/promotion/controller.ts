import { isDeepStrictEqual } from 'node:util';
import type { Link } from '../audit/chain.ts';
import { isAllLogged, Logbook } from '../audit/logbook.ts';
import { trailOf } from '../audit/trail.ts';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { API_VERSION, PROMOTIONS, REVERT_FINALIZER } from '../api/v1alpha1/names.ts';
import { parseDecision, parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import { reasonOf } from '../api/v1alpha1/reasons.ts';
import type { Decision, Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import type { Sampler } from '../analysis/sampler.ts';
import type { Effect } from '../delivery/delivery.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { isTooLarge } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import type { PromotionMetrics } from '../metrics/promotions.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { earliest, toTime } from '../runtime/time.ts';
import { decide } from './decide.ts';
import { Ending } from './ending.ts';
import { gather } from './gather/gather.ts';
import { assignmentOf, type Sources } from './gather/sources.ts';
import { BY_PROMOTION, BY_ROLLOUT, rolloutKey } from './indexes.ts';
import type { Decided, Input } from './input.ts';
import { laneOf } from './lane.ts';
import { type GateTools, probeKey, probesOf, windowSecondsOf } from './probes.ts';
import { type Happening, happenings, newlyBypassed, revertStages } from './report.ts';
import { claimsProof, hasEnded, significant } from './status.ts';
import { rulesOf } from './rules.ts';
import { Untold } from './untold.ts';

export interface PromotionControllerOptions
  extends Pick<Sources, 'promotions' | 'environments' | 'gates' | 'decisions' | 'delivery' | 'standing'> {
  client: KubeClient;
  sampler: Sampler;
  tools: GateTools;
  events: EventRecorder;
  metrics: PromotionMetrics;
  clock: Clock;
}

const TOO_LARGE: Happening = {
  type: 'Warning',
  reason: 'TooLarge',
  action: 'Reporting',
  note: 'the status cannot be written, since the object is as large as one may be: remove labels, annotations or owners that are not needed',
};

/** It is being deleted and nothing keeps it: what is left of it needs no decision. */
function isGoing({ metadata }: RawObject): boolean {
  return metadata.deletionTimestamp !== undefined && !metadata.finalizers?.includes(REVERT_FINALIZER);
}

/** Gather, decide, report, act: one pass for one Promotion. */
export class PromotionController {
  readonly #o: PromotionControllerOptions;
  readonly #sources: Sources;
  /** Targets claimed by a plan that was latched in this process, until its Promotion has ended. */
  readonly #claims = new Map<string, { key: string; uid: string }>();
  readonly #untold = new Untold();
  readonly #logbook = new Logbook();
  readonly #ending: Ending;

  constructor(options: PromotionControllerOptions) {
    this.#o = options;
    this.#ending = new Ending(options);
    this.#sources = {
      promotions: options.promotions,
      environments: options.environments,
      gates: options.gates,
      decisions: options.decisions,
      delivery: options.delivery,
      standing: options.standing,
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
    if (!raw) this.#logbook.forget(key);
    if (parsed?.ok) this.#logbook.catchUp(key, parsed.object, log, isAllLogged(parsed.object));
    if (!raw || !parsed?.ok || isGoing(raw)) {
      if (parsed && !parsed.ok) log.warn({ reason: parsed.message }, 'Promotion is not readable');
      this.#release(key);
      return;
    }
    const stored = parsed.object;
    if (hasEnded(stored)) return this.#end(key, raw, stored, log);
    const promotion = this.#untold.asDecided(key, stored);
    const { input, decision } = await this.#decide(key, raw, promotion);
    const probes = probesOf(key, input, decision.probes, this.#o.tools);
    this.#o.sampler.sync(key, probes);
    const isNew = !isDeepStrictEqual(significant(stored.status), significant(decision.status));
    const newsAt = isNew ? this.#untold.keep(key, stored, decision, probes, input.now) : undefined;
    const written =
      isNew && newsAt === undefined ? await this.#report(raw, stored, { input, decision }, log) : promotion;
    if (newsAt === undefined) this.#untold.forget(key);
    this.#o.metrics.seen(written);
    await this.#actAll(decision.effects, written, input, log);
    if (hasEnded(written))
      return this.#end(key, this.#o.promotions.get(namespace, name) ?? raw, written, log);
    if (decision.finalizer === 'add') {
      await this.#ending.finalize(this.#o.promotions.get(namespace, name) ?? raw, 'present');
      return { requeueAfterMs: 0 };
    }
    const lane = laneOf(decision);
    if (decision.effects.length > 0) return { requeueAfterMs: 0, lane };
    const wakeAt = earliest(decision.wakeAt, newsAt);
    if (wakeAt === undefined) return;
    return { requeueAfterMs: Math.max(0, wakeAt - this.#o.clock.now()), lane };
  }

  /** Nothing is decided any more. */
  async #end(key: string, raw: RawObject, promotion: Promotion, log: Log): Promise<ReconcileResult | void> {
    this.#release(key);
    return this.#ending.end(raw, promotion, log);
  }

  /** Decides, and where that claims a proof decides again by what the API server has: a cache may be behind. */
  async #decide(
    key: string,
    raw: RawObject,
    promotion: Promotion,
  ): Promise<{ input: Input; decision: Decided }> {
    const input = await gather(this.#sources, raw, promotion);
    const decision = decide(input);
    this.#claim(key, promotion, decision);
    if (!claimsProof(promotion.status, decision.status)) return { input, decision };
    for (const { target, recorded } of input.subjects)
      await this.#o.delivery.refresh(assignmentOf(promotion, target, recorded));
    const fresh = await gather(this.#sources, raw, promotion);
    return { input: fresh, decision: decide(fresh) };
  }

  /** Before the first await after the decision: no other pass can decide on these targets in between. */
  #claim(key: string, promotion: Promotion, { status }: Decided): void {
    if (!status.plan || status.completedAt !== undefined) return;
    const { namespace, uid } = promotion.metadata;
    for (const { rollout } of status.plan.targets)
      this.#claims.set(rolloutKey(namespace, rollout), { key, uid });
  }

  #release(key: string): void {
    this.#o.sampler.forget(key);
    this.#o.metrics.calm(key);
    this.#untold.forget(key);
    for (const [target, claimant] of this.#claims) if (claimant.key === key) this.#claims.delete(target);
  }

  /**
   * Nothing can be written into the object any more, so that what is begun would not be on record: nothing is,
   * but a revert, which nothing blocks (law 3) and which follows from what is observed as well. That is remembered,
   * and goes on record as soon as there is room. Its end needs the record, so it is not reached before.
   */
  async #onTooLarge(
    stored: Promotion,
    { status, fresh }: { status: PromotionStatus; fresh: readonly Link[] },
    { input, decision }: { input: Input; decision: Decided },
    log: Log,
  ): Promise<void> {
    const { namespace, name, uid } = stored.metadata;
    this.#o.events.record({ apiVersion: API_VERSION, kind: 'Promotion', namespace, name, uid }, TOO_LARGE);
    if (!status.revert || status.completedAt !== undefined) return;
    this.#untold.hold(`${namespace}/${name}`, stored, status, fresh, this.#o.clock.now());
    await this.#actAll(decision.effects, stored, input, log);
  }

  /** Writes the status; its resourceVersion fences off a leader that lost its lease. */
  async #report(
    raw: RawObject,
    promotion: Promotion,
    decided: { input: Input; decision: Decided },
    log: Log,
  ): Promise<Promotion> {
    const { input, decision } = decided;
    const before = promotion.status;
    const { namespace, name, uid } = promotion.metadata;
    const key = `${namespace}/${name}`;
    const at = toTime(this.#o.clock.now());
    const acted = this.#untold.asActedOn(key, promotion);
    const trail = trailOf(acted.promotion, decision.status, decision.effects, at, {
      rule: rulesOf(input),
      decided: (decision) => this.#decided(uid, decision),
    });
    const status: PromotionStatus = { ...decision.status, ...(trail && { audit: trail.audit }) };
    const fresh = [...acted.unlogged, ...(trail?.fresh ?? [])];
    const path = objectPath(PROMOTIONS, namespace, name);
    const written = await patchStatus(
      this.#o.client,
      path,
      raw as RawObject & { metadata: Promotion['metadata'] },
      status,
    ).catch(async (error: unknown) => {
      if (isTooLarge(error)) await this.#onTooLarge(promotion, { status, fresh }, decided, log);
      throw error;
    });
    this.#o.promotions.upsertLocal(written);
    this.#logbook.tell(key, uid, fresh, log);
    for (const { what } of newlyBypassed(before, status)) this.#o.metrics.passedOver(what);
    const after = { ...promotion, status };
    const regarding = { apiVersion: API_VERSION, kind: 'Promotion', namespace, name, uid };
    for (const event of happenings(before, status)) this.#o.events.record(regarding, event);
    for (const { stage, seconds } of revertStages(before, status)) this.#o.metrics.reverted(stage, seconds);
    this.#o.metrics.moved(after, reasonOf(promotion));
    const condition = findCondition(after, 'Succeeded');
    const old = findCondition(promotion, 'Succeeded');
    if (condition && (condition.reason !== old?.reason || condition.message !== old.message))
      log.info({ reason: condition.reason, detail: condition.message }, 'Promotion moved');
    return after;
  }

  /** A Decision on a promotion, by the UIDs of both. */
  #decided(promotion: string, uid: string): Decision | undefined {
    const raw = this.#o.decisions.byIndex(BY_PROMOTION, promotion).find((d) => d.metadata.uid === uid);
    const parsed = raw && parseDecision(raw);
    return parsed?.ok ? parsed.object : undefined;
  }

  /** All targets side by side: one whose effect fails holds up none of the others. */
  async #actAll(effects: readonly Effect[], promotion: Promotion, input: Input, log: Log): Promise<void> {
    const results = await Promise.allSettled(effects.map((e) => this.#act(e, promotion, input, log)));
    const failed = results.find((r) => r.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #act(effect: Effect, promotion: Promotion, input: Input, log: Log): Promise<void> {
    const subject = input.subjects.find((s) => s.target.name === effect.target);
    if (!subject) return;
    const { kind, target, ...details } = effect;
    log.info({ effect: kind, target, ...details }, 'Acting on the target');
    await this.#o.delivery.act(effect, assignmentOf(promotion, subject.target, subject.recorded));
  }
}
