import { newJudgement, judge, type Judgement } from '../../analysis/judge.ts';
import type { Verdict } from '../../analysis/sample.ts';
import { environmentSpec } from '../../api/v1alpha1/environment.ts';
import { gateSpec } from '../../api/v1alpha1/gate.ts';
import type { Environment, Gate, Promotion } from '../../api/v1alpha1/types.ts';
import type { Assignment, Effect, Recorded } from '../../delivery/delivery.ts';
import { patchFor } from '../../delivery/rollout/index.ts';
import type { RolloutPatch } from '../../delivery/rollout/patches.ts';
import { viewOf } from '../../delivery/rollout/view.ts';
import { decide as decideEnvironment } from '../../environment/decide.ts';
import type { JsonPatchOperation } from '../../kube/json-patch.ts';
import { canonicalJson } from '../../runtime/hash.ts';
import { decide } from '../decide.ts';
import type { Decision, Input, ProbeRequest } from '../input.ts';
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

/** One promotion in a model world: real decisions, real views and patches, a model of the controller. */
export class World {
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly model = new RolloutModel(TEMPLATE, STEPS);
  readonly template = canonicalJson(TEMPLATE);
  readonly gate: Gate = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Gate',
    metadata: meta('error-rate'),
    spec: gateSpec.parse({ prometheus: { query: 'up', pass: 'value < 1' }, count: 2, intervalSeconds: 1 }),
  };
  readonly environment: Environment = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Environment',
    metadata: meta('prod'),
    spec: environmentSpec.parse({
      targets: [{ name: 'checkout', rollout: { name: 'checkout' } }],
      gates: [{ gate: 'error-rate', when: 'During' }],
      analysis: { settleSeconds: 2, minStepSeconds: 3, bakeSeconds: 5, maxBlindSeconds: 30 },
    }),
  };
  promotion: Promotion = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: meta('two'),
    spec: {
      environment: 'prod',
      revision: { images: [{ image: 'ghcr.io/acme/checkout', tag: '2', digest: DIGEST }] },
    },
  };
  recorded: Recorded | undefined;
  /** In memory only: lost in a crash. */
  judgement: Judgement | undefined;
  request: ProbeRequest | undefined;
  restoredGeneration: number | undefined;
  readonly effects: Effect['kind'][] = [];
  /** Step at which the gate last passed, by samples that the laws allow. */
  passedAt = -1;
  writes = 0;

  input(): Input {
    const { rollout, replicaSets } = this.model.objects();
    const view = viewOf(rollout, replicaSets, this.#assignment());
    return {
      now: this.now,
      promotion: this.promotion,
      environment: this.environment,
      gates: new Map([['error-rate', this.gate]]),
      rivals: [],
      claimed: new Set(),
      subjects: [
        {
          target: { name: 'checkout', rollout: { name: 'checkout' } },
          observation: {
            found: true,
            view: {
              ...view,
              ...(this.restoredGeneration && { restoredGeneration: this.restoredGeneration }),
            },
          },
          recorded: this.recorded,
        },
      ],
      judgement: () => this.judgement,
      windowSeconds: () => 1,
    };
  }

  /** One pass of the controller, ended by a crash where the test says so. */
  reconcile(crash?: 'before status' | 'before effect' | 'after effect'): Decision {
    const decision = decide(this.input());
    if (crash === 'before status') return this.#crash(decision);
    if (canonicalJson(significant(this.promotion.status)) !== canonicalJson(significant(decision.status))) {
      this.promotion = { ...this.promotion, status: structuredClone(decision.status) };
      this.writes += 1;
    }
    this.request = decision.probes[0];
    if (this.judgement?.epoch !== this.request?.epoch)
      this.judgement = this.request && newJudgement(this.request.epoch, this.now);
    if (crash === 'before effect') return this.#crash(decision);
    if (decision.effect) this.#act(decision.effect);
    if (crash) return this.#crash(decision);
    return decision;
  }

  #crash(decision: Decision): Decision {
    this.judgement = undefined;
    this.request = undefined;
    this.restoredGeneration = undefined;
    return decision;
  }

  /** The gate answers once, if it is asked at all. */
  sample(verdict: Verdict): void {
    if (!this.judgement || !this.request) return;
    const value = verdict === 'Fail' ? 5 : 0;
    const sample = { at: this.now, verdict, value, message: verdict, query: 'up', tookMs: 1 };
    const rules = { count: 2, failureLimit: 0, intervalMs: 1000 };
    this.judgement = judge(this.judgement, sample, rules, this.request.passFrom);
    if (this.judgement.verdict === 'Pass') this.passedAt = Number(this.judgement.epoch);
  }

  /** The Environment's controller looks. */
  environmentTick(): void {
    const input = {
      now: this.now,
      environment: this.environment,
      promotions: [this.promotion],
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
    this.effects.push(effect.kind);
    const { rollout } = this.model;
    if (effect.kind === 'Forget') this.recorded = undefined;
    else if (effect.kind === 'Record')
      this.recorded = {
        controllerRevision: 'record',
        hash: rollout.status?.currentPodHash ?? '',
        template: structuredClone(rollout.spec.template),
      };
    else if (this.#patch(patchFor(effect, rollout, this.#assignment())) && effect.kind === 'Restore')
      this.restoredGeneration = rollout.metadata.generation;
  }

  #assignment(): Assignment {
    const { namespace, name, uid } = this.promotion.metadata;
    return {
      promotion: { namespace, name, uid, environment: 'prod' },
      target: { name: 'checkout', rollout: { name: 'checkout' } },
      planned: this.promotion.status?.plan?.targets[0],
      recorded: this.recorded,
    };
  }

  #patch({ operations, subresource }: RolloutPatch): boolean {
    const { rollout } = this.model;
    const applied = applyJsonPatch(rollout, operations);
    if (applied && !subresource) rollout.metadata.generation = (rollout.metadata.generation ?? 0) + 1;
    return applied;
  }
}
