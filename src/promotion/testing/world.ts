import { isDeepStrictEqual } from 'node:util';
import type { Verdict } from '../../analysis/sample.ts';
import { REVERT_FINALIZER } from '../../api/v1alpha1/names.ts';
import type { Environment, Gate, Promotion, Target } from '../../api/v1alpha1/types.ts';
import type { Assignment, Effect, Recorded } from '../../delivery/delivery.ts';
import { patchFor } from '../../delivery/rollout/index.ts';
import type { RolloutPatch } from '../../delivery/rollout/patches.ts';
import type { FreezeOrder } from '../../environment/calendar.ts';
import { decide as decideEnvironment } from '../../environment/decide.ts';
import type { Approval } from '../approvals.ts';
import type { Bypass } from '../bypass.ts';
import type { Decided, Input, Order } from '../input.ts';
import { mayWait } from '../news.ts';
import { claimsProof, hasEnded, significant } from '../status.ts';
import { applyRolloutPatch } from './apply-patch.ts';
import { fatesIn } from './fates.ts';
import { Memory, probeKey, WINDOW_SECONDS } from './memory.ts';
import { Proof } from './proof.ts';
import { asked, Recall } from './recall.ts';
import type { RolloutModel } from './rollout-model.ts';
import { type Scene, sceneOf, type WorldOptions } from './scene.ts';
import { viewIn } from './view.ts';

export { DIGEST, NEW, OLD, type WorldOptions } from './scene.ts';

/** One target's part of a world. */
interface TargetWorld {
  target: Target;
  model: RolloutModel;
  recorded: Recorded | undefined;
}

/** What can go wrong in one pass of the controller. Each crash takes what is in memory. */
export type Fault =
  | 'before status'
  | 'before effect'
  | 'after first effect'
  | 'after effect'
  /** A crash, and what it had sent to the API server arrives some time later. */
  | 'effects under way'
  /** The API server refuses the write of status, or the effects; nothing is lost. */
  | 'status refused'
  | 'effects refused';

/** The Rollouts as the operator's cache has them. */
export type Look = ReadonlyMap<string, RolloutModel>;

/** Whether a status says nothing that the other does not. */
const isSaid = (stored: object, decided: object): boolean =>
  asked(stored, decided, () => isDeepStrictEqual(significant(stored), significant(decided)));

/** One promotion in a model world: real decisions, real views and patches, a model of the controller. */
export class World {
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly scene: Scene;
  readonly targets: readonly TargetWorld[];
  environment: Environment;
  promotion: Promotion;
  readonly memory: Memory;
  readonly proof: Proof;
  /** Every effect with its target, in order; of a fork, since it began. */
  readonly acted: Effect[] = [];
  /** Writes of status; of a fork, since it began. */
  writes = 0;
  /** The status that is stored, where what was decided since then has not been written yet. */
  stored: { status: Promotion['status'] } | undefined;
  /** Sent by an operator that has crashed since, and not yet arrived. */
  underWay: readonly { target: string; kind: Effect['kind']; patch: RolloutPatch }[] = [];
  /** Targets whose effects fail, as they do without the rights. */
  readonly forbidden = new Set<string>();
  /** What pods say of their images, on every target. */
  digests: Record<string, string[]> = {};
  /** Decisions of people. */
  orders: Order[] = [];
  /** Environments upstream. */
  upstreams = new Map<string, Environment>();
  /** It is a rollback by a person. */
  rollback: Input['rollback'];
  /** Bypasses by people. */
  bypasses: Bypass[] = [];
  /** Decisions on approval gates, and who has asked for the promotion. */
  approvals: Approval[] = [];
  requester: string | undefined;
  byMachine = false;
  /** UIDs of Decisions that say themselves that they were used, and of those that were refused. */
  told: ReadonlySet<string> = new Set();
  refused: ReadonlySet<string> = new Set();
  /** Freezes and Thaws of the Environment. */
  freezes: FreezeOrder[] = [];
  /** Gates that are not there to be seen, as those that were deleted. */
  away: ReadonlySet<string> = new Set();
  /** Targets that somebody else has promoted past a pause. */
  readonly pushed = new Set<string>();
  /** Of a fork alone: nothing in it is changed in place. */
  #recall: Recall | undefined;

  constructor(options: WorldOptions | World = {}) {
    const from = options instanceof World ? options : undefined;
    this.scene = options instanceof World ? options.scene : sceneOf(options);
    this.memory = new Memory(from?.memory);
    this.proof = new Proof(from?.proof);
    this.environment = from?.environment ?? this.scene.environment;
    this.promotion = from?.promotion ?? this.scene.promotion;
    this.requester = this.scene.requester;
    this.targets = from
      ? from.targets.map((t) => ({ ...t }))
      : this.scene.targets.map((t) => ({ ...t, recorded: undefined }));
    if (!from) {
      for (const { target, model } of this.targets) this.proof.note(target.name, model.rollout, this.now);
      return;
    }
    this.#recall = from.#recall ?? new Recall();
    this.now = from.now;
    this.underWay = from.underWay;
    this.stored = from.stored;
    this.digests = from.digests;
    this.orders = from.orders;
    this.freezes = from.freezes;
    this.bypasses = from.bypasses;
    this.rollback = from.rollback;
    this.upstreams = from.upstreams;
    this.approvals = from.approvals;
    this.requester = from.requester;
    this.byMachine = from.byMachine;
    this.away = from.away;
    this.told = from.told;
    this.refused = from.refused;
    for (const name of from.forbidden) this.forbidden.add(name);
    for (const name of from.pushed) this.pushed.add(name);
  }

  /** The same world once more, cheaply: what either does from now on is not seen in the other. */
  fork(): World {
    this.look();
    return new World(this);
  }

  get #first(): TargetWorld {
    const [first] = this.targets;
    if (!first) throw new Error('a world has a target');
    return first;
  }

  /** The first target's controller. */
  get model(): RolloutModel {
    return this.#first.model;
  }

  get recorded(): Recorded | undefined {
    return this.#first.recorded;
  }

  set recorded(recorded: Recorded | undefined) {
    this.#first.recorded = recorded;
  }

  /** The first Gate. */
  get gate(): Gate {
    const [first] = this.scene.gates.values();
    if (!first) throw new Error('a world has a gate');
    return first;
  }

  /** Canonical JSON of the template that every target declared at first. */
  get template(): string {
    return this.scene.template;
  }

  get requests(): Memory['requests'] {
    return this.memory.requests;
  }

  get passed(): ReadonlyMap<string, number> {
    return this.proof.passed;
  }

  get effects(): Effect['kind'][] {
    return this.acted.map((e) => e.kind);
  }

  get ended(): boolean {
    return hasEnded(this.promotion);
  }

  get reason(): string {
    return this.promotion.status?.conditions?.find((c) => c.type === 'Succeeded')?.reason ?? '';
  }

  /** What the operator sees now, to be seen once more when it is old. */
  look(): Look {
    return new Map(
      this.targets.map(({ target, model }) => {
        model.isShared = true;
        return [target.name, model];
      }),
    );
  }

  get #gates(): ReadonlyMap<string, Gate> {
    if (this.away.size === 0) return this.scene.gates;
    return new Map([...this.scene.gates].filter(([name]) => !this.away.has(name)));
  }

  input(seen?: Look): Input {
    return {
      now: this.now,
      promotion: this.promotion,
      environment: this.environment,
      gates: this.#gates,
      rivals: [],
      successors: [],
      orders: this.#usable(this.orders),
      freezes: this.freezes,
      bypasses: this.bypasses,
      rollback: this.rollback,
      approvals: this.#usable(this.approvals),
      requester: this.requester,
      byMachine: this.byMachine,
      told: this.told,
      claimed: new Map(),
      upstreams: this.upstreams,
      subjects: this.targets.map((t) => {
        const restored = this.memory.restored.get(t.target.name);
        const view = viewIn(seen?.get(t.target.name) ?? t.model, this.#assignment(t), restored);
        const observation = { found: true as const, view };
        return { target: t.target, observation, recorded: t.recorded, digests: this.digests };
      }),
      judgement: (binding, target) => this.memory.judgements.get(probeKey(binding, target)),
      windowSeconds: () => WINDOW_SECONDS,
    };
  }

  /** What was refused is used no more. */
  #usable<T extends { uid: string }>(said: T[]): T[] {
    const used = this.promotion.status?.decisions ?? [];
    const isOut = ({ uid }: T): boolean => this.refused.has(uid) && !used.some((d) => d.uid === uid);
    return said.some(isOut) ? said.filter((d) => !isOut(d)) : said;
  }

  /** What the operator decides on what it sees, or has seen. */
  decide(look?: Look): Decided {
    if (!this.#recall) return this.scene.decide(this.input(look));
    const seen = look ?? this.look();
    const on = [
      this.now,
      this.promotion,
      this.environment,
      this.orders,
      this.freezes,
      this.bypasses,
      this.rollback,
      this.approvals,
      this.requester,
      this.away,
      this.told,
      this.refused,
      this.upstreams,
      this.digests,
      ...this.targets.flatMap(({ target: { name }, model, recorded }) => [
        seen.get(name) ?? model,
        recorded,
        this.memory.restored.get(name),
      ]),
      ...[...this.memory.judgements].flat(),
    ];
    const known = this.#recall.of(on);
    if (known) return known;
    const decided = this.scene.decide(this.input(seen));
    this.#recall = this.#recall.keep(on, decided);
    return decided;
  }

  /** One pass of the controller, as its parts follow each other there, with what goes wrong in it. */
  reconcile(fault?: Fault, look?: Look): Decided {
    const first = this.decide(look);
    // What it would claim to be proven is read anew.
    const seen = claimsProof(this.promotion.status, first.status) ? undefined : look;
    const decision = seen === look ? first : this.decide();
    if (fault === 'before status') return this.#crash(decision);
    this.memory.sync(decision.probes, this.scene.gates, this.promotion, this.now);
    const stored = this.stored ?? { status: this.promotion.status };
    if (!isSaid(stored.status ?? {}, decision.status)) {
      const waits =
        this.scene.patient && decision.effects.length === 0 && mayWait(stored.status, decision.status);
      if (fault === 'status refused' && !waits) return decision;
      this.promotion = { ...this.promotion, status: decision.status };
      this.stored = waits ? stored : undefined;
      if (!waits) this.writes += 1;
    } else this.#forgetUntold();
    if (fault === 'before effect') return this.#crash(decision);
    if (fault === 'effects refused') return decision;
    if (fault === 'effects under way') return this.#send(decision, seen);
    const effects = fault === 'after first effect' ? decision.effects.slice(0, 1) : decision.effects;
    for (const effect of effects) this.#act(effect, seen);
    if (fault === 'after first effect') return this.#crash(decision);
    if (decision.finalizer) {
      const finalizers = decision.finalizer === 'add' ? [REVERT_FINALIZER] : [];
      this.promotion = { ...this.promotion, metadata: { ...this.promotion.metadata, finalizers } };
    }
    return fault ? this.#crash(decision) : decision;
  }

  #crash(decision: Decided): Decided {
    this.restart();
    return decision;
  }

  /** Another process goes on: what was in memory is lost. */
  restart(): void {
    this.memory.lose();
    this.#forgetUntold();
    this.proof.forget(this.promotion.status ?? {});
  }

  #forgetUntold(): void {
    if (this.stored) this.promotion = { ...this.promotion, status: this.stored.status };
    this.stored = undefined;
  }

  /** The operator dies while its writes are on their way. */
  #send(decision: Decided, seen?: Look): Decided {
    this.underWay = decision.effects.flatMap((effect) => {
      const patch = this.#patch(effect, seen);
      return patch ? { target: effect.target, kind: effect.kind, patch } : [];
    });
    return this.#crash(decision);
  }

  /** What was on its way arrives. */
  land(): void {
    for (const { target, patch } of this.underWay) {
      const t = this.targets.find((w) => w.target.name === target);
      if (!t) continue;
      t.model = t.model.own();
      applyRolloutPatch(t.model.rollout, patch);
    }
    this.underWay = [];
  }

  /** The gates answer once, where they are asked at all: all or one, on every target or on one. */
  sample(verdict: Verdict, target?: string, gate?: string): void {
    const { settleSeconds } = this.environment.spec.analysis;
    const graceMs = (settleSeconds + WINDOW_SECONDS) * 1000;
    for (const [key, request] of this.memory.requests) {
      const at = { ...request, gate: request.binding.gate, target: request.target.name };
      const asked = this.scene.gates.get(at.gate);
      const isMeant =
        (target === undefined || target === at.target) && (gate === undefined || gate === at.gate);
      if (!asked || !isMeant || this.away.has(at.gate)) continue;
      this.memory.sample(key, asked, verdict, this.now);
      if (request.binding.when === 'During' && request.epoch !== 'preflight')
        this.proof.sample(this.scene.gates, { ...at, hash: request.canaryHash }, verdict, {
          now: this.now,
          graceMs,
        });
    }
  }

  /** The controller of every target, or of one, takes one small step. */
  tick(target?: string): void {
    for (const t of this.targets) {
      if (target !== undefined && t.target.name !== target) continue;
      t.model = t.model.own();
      t.model.tick();
      this.proof.note(t.target.name, t.model.rollout, this.now);
    }
  }

  /** Somebody else changes a Rollout; `past`: he promotes it past a pause, for which no gate can vouch. */
  meddle(target: string, change: (model: RolloutModel) => void, past = false): void {
    const t = this.targets.find((w) => w.target.name === target);
    if (!t) return;
    t.model = t.model.own();
    change(t.model);
    if (past) this.pushed.add(target);
  }

  /** The Environment's controller looks. */
  environmentTick(): void {
    const { now, environment, freezes } = this;
    const nothing = {
      freezes,
      decisions: [],
      upstreams: this.upstreams,
      declared: ({ name }: Target) =>
        this.targets
          .find(({ target }) => target.name === name)
          ?.model.rollout.spec.template?.spec?.containers?.map((c) => c.image ?? ''),
      running: () => undefined,
      problems: [],
    };
    const input = { now, environment, promotions: [this.promotion], ...nothing };
    this.environment = { ...environment, status: decideEnvironment(input) };
  }

  /** The Decisions' controller looks. */
  decisionsTick(): void {
    const { told, refused } = fatesIn(this);
    // Nothing is another where nothing new was said.
    if (told.size > this.told.size) this.told = told;
    if (refused.size > this.refused.size) this.refused = refused;
  }

  #act(effect: Effect, seen?: Look): void {
    const t = this.targets.find((w) => w.target.name === effect.target);
    if (!t || this.forbidden.has(effect.target)) return;
    this.acted.push(effect);
    const { rollout } = seen?.get(effect.target) ?? t.model;
    if (effect.kind === 'Forget') t.recorded = undefined;
    else if (effect.kind === 'Record')
      t.recorded = {
        controllerRevision: 'record',
        hash: rollout.status?.currentPodHash ?? '',
        template: structuredClone(rollout.spec.template),
      };
    const patch = this.#patch(effect, seen);
    if (!patch) return;
    t.model = t.model.own();
    if (applyRolloutPatch(t.model.rollout, patch) && effect.kind === 'Restore')
      this.memory.restored.set(effect.target, t.model.rollout.metadata.generation ?? 0);
  }

  #patch(effect: Effect, seen?: Look): RolloutPatch | undefined {
    const t = this.targets.find((w) => w.target.name === effect.target);
    if (!t || effect.kind === 'Record' || effect.kind === 'Forget') return undefined;
    return patchFor(effect, (seen?.get(effect.target) ?? t.model).rollout, this.#assignment(t));
  }

  #assignment({ target, recorded }: TargetWorld): Assignment {
    const { namespace, name, uid } = this.promotion.metadata;
    const planned = this.promotion.status?.plan?.targets.find((p) => p.name === target.name);
    return { promotion: { namespace, name, uid, environment: 'prod' }, target, planned, recorded };
  }
}
