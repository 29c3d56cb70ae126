import { isDeepStrictEqual } from 'node:util';
import { Logbook } from '../audit/logbook.ts';
import { isRefused } from '../api/v1alpha1/accepted.ts';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { API_VERSION, ENVIRONMENTS, IN_USE_FINALIZER } from '../api/v1alpha1/names.ts';
import {
  parseDecision,
  parseEnvironment,
  parseGate,
  parsePromotion,
  type RawObject,
} from '../api/v1alpha1/parse.ts';
import type { Decision, Environment, Target } from '../api/v1alpha1/types.ts';
import type { Rollout } from '../delivery/rollout/types.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { setFinalizer } from '../kube/finalizers.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import { DISTRUST_MS, isUsable, type Standing } from '../policy/standing.ts';
import type { StoreReader } from '../kube/informer.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { earliest } from '../runtime/time.ts';
import { OrderMaker } from './act.ts';
import { calendarOf, freezeOf, freezeOrders, isOver } from './calendar.ts';
import { decide } from './decide.ts';
import { figuresChangeAt } from './dora.ts';
import { isAfterwards } from './follow-ups.ts';
import type { Input } from './input.ts';
import { changesOf } from './report.ts';
import { riseOf } from './rise.ts';
import { rollbackOrders } from './rollbacks.ts';
import { onRecord } from './trail.ts';
import { isUsed } from './used.ts';

export interface EnvironmentControllerOptions {
  client: KubeClient;
  clock: Clock;
  environments: StoreReader<RawObject>;
  gates: StoreReader<RawObject>;
  promotions: StoreReader<RawObject>;
  /** Promotions by the index `namespace/environment`. */
  promotionsOf(environment: string): readonly RawObject[];
  /** Decisions by the index `namespace/environment`. */
  decisionsOf(environment: string): readonly RawObject[];
  /** Whether the authors of Decisions in a namespace are proven. Never rejects. */
  standing(namespace: string): Promise<Standing>;
  rollout(namespace: string, name: string): Rollout | undefined;
  /** Images of the pods of a Rollout's stable revision. */
  running(namespace: string, name: string): string[] | undefined;
  events: EventRecorder;
  /** Why a Rollout is not there to be seen, with what to do; undefined: it is there. */
  absence(namespace: string, name: string): string | undefined;
}

/** On the place itself, or an Approve that settles what an emergency has skipped, or has settled it. */
function isOnPlace(decision: Decision, status: Environment['status']): boolean {
  const { spec } = decision;
  if (spec.promotion === undefined) return true;
  const isDue = status?.followUps?.some((f) => f.uid === spec.promotion?.uid) ?? false;
  return isAfterwards({ spec }) && (isDue || isUsed(decision, status));
}

/** Keeps the status of Environments; the only writer of it. */
export class EnvironmentController {
  readonly #o: EnvironmentControllerOptions;
  readonly #maker: OrderMaker;
  readonly #logbook = new Logbook();

  constructor(options: EnvironmentControllerOptions) {
    this.#o = options;
    this.#maker = new OrderMaker(options);
  }

  async reconcile(key: string, _signal: AbortSignal, log: Log): Promise<ReconcileResult | void> {
    const { namespace, name } = splitKey(key);
    const raw = this.#o.environments.get(namespace, name);
    const parsed = raw && parseEnvironment(raw);
    if (!raw) this.#logbook.forget(key);
    if (parsed?.ok) this.#logbook.catchUp(key, parsed.object, log);
    if (
      !raw ||
      !parsed ||
      (raw.metadata.deletionTimestamp && !raw.metadata.finalizers?.includes(IN_USE_FINALIZER))
    )
      return;
    if (!parsed.ok) return log.warn({ reason: parsed.message }, 'Environment is not readable');
    const environment = parsed.object;
    const now = this.#o.clock.now();
    const { decisions, distrusted } = await this.#decided(environment);
    const freezes = freezeOrders(decisions, environment);
    const input: Input = {
      now,
      environment,
      promotions: this.#o.promotionsOf(key).flatMap((p) => {
        const promotion = parsePromotion(p);
        return promotion.ok ? [promotion.object] : [];
      }),
      decisions,
      upstreams: this.#upstreams(environment),
      freezes,
      declared: (target) => this.#declared(environment, target),
      running: (target) => this.#running(environment, target),
      problems: this.#problems(environment),
    };
    const { order, wakeAt: risesAt } = riseOf(input);
    // Before it is on record that they were used: what is made twice is made once.
    const orders = [...rollbackOrders(input), ...(order ? [order] : [])];
    const unmade = await this.#maker.makeAll(environment, orders, log);
    const decided = decide({ ...input, unmade: new Set(unmade.map((u) => u.decision)) });
    const { status, fresh } = onRecord(input, decided);
    const inUse = status.targets?.some((t) => t.candidate) ?? false;
    // Kept before it says that it is in use, and let go only after it has said that it is not.
    const kept = inUse ? await this.#keep(raw, 'present') : raw;
    const path = objectPath(ENVIRONMENTS, namespace, name);
    const written = isDeepStrictEqual(kept.status, status)
      ? kept
      : await patchStatus(this.#o.client, path, kept, status);
    if (written !== kept) {
      this.#o.environments.upsertLocal(written);
      const { namespace: where, uid } = environment.metadata;
      this.#logbook.tell(key, uid, fresh, log);
      const regarding = { apiVersion: API_VERSION, kind: 'Environment', namespace: where, name, uid };
      for (const event of changesOf(environment.status, status)) this.#o.events.record(regarding, event);
    }
    if (!inUse) await this.#keep(written, 'absent');
    // All the rest of the status is true by now; those are tried again.
    if (unmade[0]) throw unmade[0].error;
    const wakeAt = earliest(
      calendarOf(environment, now)?.until,
      freezeOf(environment, freezes, now)?.until,
      distrusted ? now + DISTRUST_MS : undefined,
      risesAt,
      figuresChangeAt(status.history ?? [], now, environment.spec.historyLimit),
      ...(status.followUps ?? [])
        .map((f) => Math.max(Date.parse(f.dueAt), now + 1))
        .filter((at) => at > now + 1),
    );
    // A window that never changes is looked at again when it is edited.
    if (wakeAt !== undefined && Number.isFinite(wakeAt))
      return { requeueAfterMs: Math.max(0, wakeAt - this.#o.clock.now()) };
  }

  /** Decisions on the place itself that can count and whose authors are proven, and whether there are others. */
  async #decided({ metadata, status }: Environment): Promise<{ decisions: Decision[]; distrusted: boolean }> {
    const released = { decisions: status?.released };
    // Used is used, whatever the policies are by now.
    const isKnown = (d: Decision): boolean => isUsed(d, status, released);
    const now = this.#o.clock.now();
    const all = this.#o.decisionsOf(`${metadata.namespace}/${metadata.name}`).flatMap((d) => {
      const decision = parseDecision(d);
      if (!decision.ok || !isOnPlace(decision.object, status)) return [];
      // What was refused is not used later, when it happens to be possible; what is over concerns nobody.
      const isOut = isOver(decision.object, now) || (isRefused(decision.object) && !isKnown(decision.object));
      return isOut ? [] : [decision.object];
    });
    if (all.every(isKnown)) return { decisions: all, distrusted: false };
    const standing = await this.#o.standing(metadata.namespace);
    const decisions = all.filter((d) => isKnown(d) || isUsable(standing, d.metadata.creationTimestamp));
    return { decisions, distrusted: !standing.trusted };
  }

  #upstreams({ metadata, spec }: Environment): Map<string, Environment> {
    return new Map(
      (spec.upstream?.environments ?? []).flatMap(({ name }): [string, Environment][] => {
        const raw = this.#o.environments.get(metadata.namespace, name);
        const parsed = raw && parseEnvironment(raw);
        return parsed?.ok ? [[name, parsed.object]] : [];
      }),
    );
  }

  /** Images that a target's template declares. */
  #declared({ metadata }: Environment, { rollout }: Target): string[] | undefined {
    const found = this.#o.rollout(rollout.namespace ?? metadata.namespace, rollout.name);
    return found?.spec.template?.spec?.containers?.map((c) => c.image ?? '');
  }

  /** Images that run there, whatever is declared. */
  #running({ metadata }: Environment, { rollout }: Target): string[] | undefined {
    return this.#o.running(rollout.namespace ?? metadata.namespace, rollout.name);
  }

  /** An Environment is kept while a promotion is in flight there. */
  async #keep(object: RawObject, wanted: 'present' | 'absent'): Promise<RawObject> {
    const where = { client: this.#o.client, resource: ENVIRONMENTS, store: this.#o.environments };
    return setFinalizer(where, object as RawObject & KubeObject, IN_USE_FINALIZER, wanted);
  }

  /** References that do not resolve, each with its fix. */
  #problems({ metadata, spec }: Environment): string[] {
    const { namespace } = metadata;
    const targets = spec.targets.flatMap(
      ({ rollout }) => this.#o.absence(rollout.namespace ?? namespace, rollout.name) ?? [],
    );
    const gates = (spec.gates ?? []).flatMap(({ gate }) => {
      const raw = this.#o.gates.get(namespace, gate);
      if (!raw) return [`Gate ${gate} does not exist: apply it`];
      const parsed = parseGate(raw);
      if (!parsed.ok) return [parsed.message];
      const ready = findCondition(parsed.object, 'Ready');
      return ready?.status === 'False' ? [`Gate ${gate} is not ready: ${ready.message}`] : [];
    });
    return [...targets, ...gates];
  }
}
