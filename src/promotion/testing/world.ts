import { newJudgement, judge, type Judgement } from '../../analysis/judge.ts';
import type { Verdict } from '../../analysis/sample.ts';
import { REVERT_FINALIZER } from '../../api/v1alpha1/names.ts';
import { environmentSpec } from '../../api/v1alpha1/environment.ts';
import { gateSpec } from '../../api/v1alpha1/gate.ts';
import type { Environment, Gate, GateBinding, Promotion, Target } from '../../api/v1alpha1/types.ts';
import type { Assignment, Effect, Recorded } from '../../delivery/delivery.ts';
import { patchFor } from '../../delivery/rollout/index.ts';
import type { RolloutPatch } from '../../delivery/rollout/patches.ts';
import type { PodTemplate, Rollout } from '../../delivery/rollout/types.ts';
import { viewOf } from '../../delivery/rollout/view.ts';
import { decide as decideEnvironment } from '../../environment/decide.ts';
import type { JsonPatchOperation } from '../../kube/json-patch.ts';
import { canonicalJson } from '../../runtime/hash.ts';
import { decide } from '../decide.ts';
import type { Decided, Input, Order, ProbeRequest } from '../input.ts';
import { hasEnded, significant } from '../status.ts';
import { RolloutModel } from './rollout-model.ts';

export const OLD = `ghcr.io/acme/checkout:1@sha256:${'1'.repeat(64)}`;
export const DIGEST = `sha256:${'2'.repeat(64)}`;
export const NEW = `ghcr.io/acme/checkout:2@${DIGEST}`;
const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
const TEMPLATE = {
  metadata: { labels: { app: 'checkout' }, annotations: { note: 'kept' } },
  spec: {
    containers: [
      { name: 'app', image: OLD, env: [{ name: 'A', value: '1' }] },
      { name: 'sidecar', image: 'proxy:1' },
    ],
  },
};
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: `${name}-uid`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
});

/** A JSON patch as the API server applies it: false when a test does not hold, and then nothing is changed. */
export function applyJsonPatch(target: object, operations: readonly JsonPatchOperation[]): boolean {
  const copy = structuredClone(target) as Record<string, unknown>;
  for (const operation of operations) {
    const segments = operation.path
      .slice(1)
      .split('/')
      .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = segments.pop() ?? '';
    let parent: unknown = copy;
    for (const segment of segments) parent = (parent as Record<string, unknown> | undefined)?.[segment];
    const holder = parent as Record<string, unknown> | undefined;
    if (operation.op === 'test') {
      if (canonicalJson(holder?.[last]) !== canonicalJson(operation.value)) return false;
    } else if (!holder || (operation.op !== 'add' && !(last in holder))) return false;
    else if (operation.op === 'remove') delete holder[last];
    else holder[last] = structuredClone(operation.value);
  }
  Object.assign(target, copy);
  for (const key of Object.keys(target)) if (!(key in copy)) delete (target as Record<string, unknown>)[key];
  return true;
}

const canary = (template: PodTemplate, name: string): RolloutModel => new RolloutModel(template, STEPS, name);

/** What a world may be told; unless told it has one target, a gate that counts to two and a short bake. */
export interface WorldOptions {
  /** Waves of the targets; their names are `checkout`, `target-1`, ... */
  waves?: readonly number[];
  /** More of the Environment's spec. */
  environment?: object;
  /** More of the Gate's spec. */
  gate?: object;
  /** The model of each target's controller; a canary with two pauses unless given. */
  model?: (template: PodTemplate, name: string) => RolloutModel;
}

/** One target's part of a world. */
interface TargetWorld {
  target: Target;
  model: RolloutModel;
  recorded: Recorded | undefined;
}

/** One promotion in a model world: real decisions, real views and patches, a model of the controller. */
export class World {
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly targets: readonly TargetWorld[];
  readonly template = canonicalJson(TEMPLATE);
  readonly gate: Gate;
  readonly environment: Environment;
  promotion: Promotion = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: meta('two'),
    spec: {
      environment: 'prod',
      revision: { images: [{ image: 'ghcr.io/acme/checkout', tag: '2', digest: DIGEST }] },
    },
  };
  /** In memory only: lost in a crash. By gate, moment and target. */
  readonly judgements = new Map<string, Judgement>();
  readonly requests = new Map<string, ProbeRequest>();
  /** In memory only: what the answer to the last restore of each target said. */
  readonly restored = new Map<string, number>();
  readonly effects: Effect['kind'][] = [];
  /** Every effect with its target, in order. */
  readonly acted: Effect[] = [];
  /** Step at which each target's gate last passed, by samples that the laws allow. */
  readonly passed = new Map<string, number>();
  /** Targets whose effects fail, as they do without the rights. */
  readonly forbidden = new Set<string>();
  /** What pods say of their images, on every target. */
  digests: Record<string, string[]> = {};
  /** Decisions of people. */
  orders: Order[] = [];
  writes = 0;

  constructor({ waves = [0], environment = {}, gate = {}, model = canary }: WorldOptions = {}) {
    this.targets = waves.map((wave, i) => {
      const name = i === 0 ? 'checkout' : `target-${i}`;
      return {
        target: { name, wave, rollout: { name } },
        model: model(TEMPLATE, name),
        recorded: undefined,
      };
    });
    this.gate = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Gate',
      metadata: meta('error-rate'),
      spec: gateSpec.parse({
        prometheus: { query: 'up', pass: 'value < 1' },
        count: 2,
        intervalSeconds: 1,
        ...gate,
      }),
    };
    this.environment = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Environment',
      metadata: meta('prod'),
      spec: environmentSpec.parse({
        targets: this.targets.map((t) => t.target),
        gates: [{ gate: 'error-rate', when: 'During' }],
        analysis: { settleSeconds: 2, minStepSeconds: 3, bakeSeconds: 5, maxBlindSeconds: 30 },
        ...environment,
      }),
    };
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

  get passedAt(): number {
    return this.passed.get('checkout') ?? -1;
  }

  input(): Input {
    return {
      now: this.now,
      promotion: this.promotion,
      environment: this.environment,
      gates: new Map([['error-rate', this.gate]]),
      rivals: [],
      successors: [],
      orders: this.orders,
      claimed: new Map(),
      subjects: this.targets.map((t) => {
        const { rollout, replicaSets } = t.model.objects();
        const restoredGeneration = this.restored.get(t.target.name);
        const view = {
          ...viewOf(rollout, replicaSets, this.#assignment(t)),
          ...(restoredGeneration !== undefined && { restoredGeneration }),
        };
        const observation = { found: true as const, view };
        return { target: t.target, observation, recorded: t.recorded, digests: this.digests };
      }),
      judgement: (binding, target) => this.judgements.get(probeKey(binding, target)),
      windowSeconds: () => 1,
    };
  }

  /** One pass of the controller, ended by a crash where the test says so. */
  reconcile(crash?: 'before status' | 'before effect' | 'after effect'): Decided {
    const decision = decide(this.input());
    if (crash === 'before status') return this.#crash(decision);
    if (canonicalJson(significant(this.promotion.status)) !== canonicalJson(significant(decision.status))) {
      this.promotion = { ...this.promotion, status: structuredClone(decision.status) };
      this.writes += 1;
    }
    this.#sync(decision.probes);
    if (crash === 'before effect') return this.#crash(decision);
    for (const effect of decision.effects) this.#act(effect);
    if (decision.finalizer)
      this.promotion.metadata.finalizers = decision.finalizer === 'add' ? [REVERT_FINALIZER] : [];
    if (crash) return this.#crash(decision);
    return decision;
  }

  #sync(probes: readonly ProbeRequest[]): void {
    this.requests.clear();
    for (const request of probes) this.requests.set(probeKey(request.binding, request.target.name), request);
    for (const key of this.judgements.keys()) if (!this.requests.has(key)) this.judgements.delete(key);
    for (const [key, { epoch }] of this.requests)
      if (this.judgements.get(key)?.epoch !== epoch) this.judgements.set(key, newJudgement(epoch, this.now));
  }

  #crash(decision: Decided): Decided {
    this.judgements.clear();
    this.requests.clear();
    this.restored.clear();
    return decision;
  }

  /** The gates answer once, where they are asked at all: on every target, or on one. */
  sample(verdict: Verdict, target?: string): void {
    for (const [key, request] of this.requests) {
      const before = this.judgements.get(key);
      if (!before || (target !== undefined && request.target.name !== target)) continue;
      const value = verdict === 'Fail' ? 5 : 0;
      const sample = { at: this.now, verdict, value, message: verdict, query: 'up', tookMs: 1 };
      const rules = {
        count: request.count ?? 2,
        failureLimit: request.failureLimit ?? this.gate.spec.failureLimit,
        intervalMs: 1000,
      };
      const after = judge(before, sample, rules, request.passFrom);
      this.judgements.set(key, after);
      if (after.verdict === 'Pass' && request.binding.when === 'During')
        this.passed.set(request.target.name, request.step ?? -1);
    }
  }

  /** Every target's controller takes one small step. */
  tick(): void {
    for (const { model } of this.targets) model.tick();
  }

  /** The Environment's controller looks. */
  environmentTick(): void {
    const input = {
      now: this.now,
      environment: this.environment,
      promotions: [this.promotion],
      releases: [],
      declared: () => undefined,
      problems: [],
    };
    this.environment.status = decideEnvironment(input);
  }

  get ended(): boolean {
    return hasEnded(this.promotion);
  }

  get reason(): string {
    return this.promotion.status?.conditions?.find((c) => c.type === 'Succeeded')?.reason ?? '';
  }

  #act(effect: Effect): void {
    const t = this.targets.find((w) => w.target.name === effect.target);
    if (!t || this.forbidden.has(effect.target)) return;
    this.effects.push(effect.kind);
    this.acted.push(effect);
    const { rollout } = t.model;
    if (effect.kind === 'Forget') t.recorded = undefined;
    else if (effect.kind === 'Record')
      t.recorded = {
        controllerRevision: 'record',
        hash: rollout.status?.currentPodHash ?? '',
        template: structuredClone(rollout.spec.template),
      };
    else if (patch(rollout, patchFor(effect, rollout, this.#assignment(t))) && effect.kind === 'Restore')
      this.restored.set(effect.target, rollout.metadata.generation ?? 0);
  }

  #assignment({ target, recorded }: TargetWorld): Assignment {
    const { namespace, name, uid } = this.promotion.metadata;
    const planned = this.promotion.status?.plan?.targets.find((p) => p.name === target.name);
    return { promotion: { namespace, name, uid, environment: 'prod' }, target, planned, recorded };
  }
}

const probeKey = ({ gate, when }: GateBinding, target: string): string => `${gate}|${when}|${target}`;

function patch(rollout: Rollout, { operations, subresource }: RolloutPatch): boolean {
  const applied = applyJsonPatch(rollout, operations);
  if (applied && !subresource) rollout.metadata.generation = (rollout.metadata.generation ?? 0) + 1;
  return applied;
}
