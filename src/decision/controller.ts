import { isDeepStrictEqual } from 'node:util';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { DECISIONS } from '../api/v1alpha1/names.ts';
import {
  parseDecision,
  parseEnvironment,
  parseGate,
  parsePromotion,
  type RawObject,
} from '../api/v1alpha1/parse.ts';
import type { Decision } from '../api/v1alpha1/types.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { isNotFound } from '../kube/errors.ts';
import type { StoreReader } from '../kube/informer.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import { DISTRUST_MS, type Standing } from '../policy/standing.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { decide, isFinal } from './decide.ts';
import { inLog, isOnRecord, type Places } from './record.ts';

export interface DecisionControllerOptions {
  client: KubeClient;
  clock: Clock;
  decisions: StoreReader<RawObject>;
  promotions: StoreReader<RawObject>;
  environments: StoreReader<RawObject>;
  gates: StoreReader<RawObject>;
  /** Whether the authors of Decisions in a namespace are proven. Never rejects. */
  standing(namespace: string): Promise<Standing>;
  /** A Decision whose fate is decided is deleted so long after its creation. */
  retentionMs: number;
}

/** A Decision that is kept since no trail tells of it is looked at again. */
const LOOK_AGAIN_MS = 3600 * 1000;

/** Of one whose fate is decided nothing is asked any more. */
const PROVEN: Standing = { trusted: true, since: 0 };

/** Says on each Decision whether it was used, and why not. Those who use them read them by themselves. */
export class DecisionController {
  readonly #o: DecisionControllerOptions;

  constructor(options: DecisionControllerOptions) {
    this.#o = options;
  }

  async reconcile(key: string, _signal: AbortSignal, log: Log): Promise<ReconcileResult | void> {
    const { namespace, name } = splitKey(key);
    const raw = this.#o.decisions.get(namespace, name);
    if (!raw || raw.metadata.deletionTimestamp) return;
    const parsed = parseDecision(raw);
    if (!parsed.ok) return log.warn({ reason: parsed.message }, 'Decision is not readable');
    const { spec } = parsed.object;
    const standing = isFinal(parsed.object)
      ? PROVEN
      : await this.#o.standing(parsed.object.metadata.namespace);
    const promotion = spec.promotion && this.#o.promotions.get(namespace, spec.promotion.name);
    const environment = this.#o.environments.get(namespace, spec.environment);
    const [p, e] = [promotion && parsePromotion(promotion), environment && parseEnvironment(environment)];
    const gate = spec.gate === undefined ? undefined : this.#o.gates.get(namespace, spec.gate);
    const g = gate && parseGate(gate);
    const places: Places = {
      promotion: p?.ok ? p.object : undefined,
      environment: e?.ok ? e.object : undefined,
    };
    const status = decide({
      now: this.#o.clock.now(),
      decision: parsed.object,
      ...places,
      gate: g?.ok ? g.object : undefined,
      standing,
    });
    if (!isDeepStrictEqual(parsed.object.status, status)) {
      const path = objectPath(DECISIONS, namespace, name);
      this.#o.decisions.upsertLocal(await patchStatus(this.#o.client, path, raw, status));
      const after = { ...parsed.object, status };
      // What was used is in a trail; what was not is here.
      if (findCondition(after, 'Accepted')?.status === 'False')
        log.info({ decision: inLog(after) }, 'Decision refused');
    }
    // What proves its author may come back.
    if (!standing.trusted) return { requeueAfterMs: DISTRUST_MS };
    const after = { ...parsed.object, status };
    if (isFinal(after)) return this.#expire(after, places, log);
  }

  /** What was decided is on record where it was used; the Decision itself goes in the end, and is told once more. */
  async #expire(decision: Decision, places: Places, log: Log): Promise<ReconcileResult | void> {
    const { metadata } = decision;
    const dueAt = Date.parse(metadata.creationTimestamp) + this.#o.retentionMs;
    const now = this.#o.clock.now();
    if (now < dueAt) return { requeueAfterMs: dueAt - now };
    if (!isOnRecord(decision, places)) {
      log.warn({ decision: inLog(decision) }, 'Keeping a Decision that no trail tells of');
      return { requeueAfterMs: LOOK_AGAIN_MS };
    }
    log.info({ decision: inLog(decision) }, 'Deleting a Decision whose time is over');
    const path = objectPath(DECISIONS, metadata.namespace, metadata.name);
    await this.#o.client.delete(path, { uid: metadata.uid }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
