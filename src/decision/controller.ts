import { isDeepStrictEqual } from 'node:util';
import { isRefused } from '../api/v1alpha1/accepted.ts';
import { DECISIONS } from '../api/v1alpha1/names.ts';
import { parseDecision } from '../api/v1alpha1/parse.ts';
import type { Decision, DecisionStatus } from '../api/v1alpha1/types.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { isNotFound } from '../kube/errors.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import { DISTRUST_MS, isUsable, type Standing } from '../policy/standing.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { earliest } from '../runtime/time.ts';
import { decide, type Input, isFinal, looksAgainAt } from './decide.ts';
import { approvalsBeside, asStored, type Caches, inCaches, type Named } from './places.ts';
import { inLog, isOnRecord, type Places } from './record.ts';

export interface DecisionControllerOptions extends Caches {
  client: KubeClient;
  clock: Clock;
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
    const decision = parsed.object;
    const standing = isFinal(decision) ? PROVEN : await this.#o.standing(decision.metadata.namespace);
    const seen = this.#input(decision, standing, inCaches(this.#o, decision));
    const [input, status] = await this.#decided(seen);
    const after = { ...decision, status };
    if (!isDeepStrictEqual(decision.status, status)) {
      const path = objectPath(DECISIONS, namespace, name);
      this.#o.decisions.upsertLocal(await patchStatus(this.#o.client, path, raw, status));
      // What was used is in a trail; what was not is here.
      if (isRefused(after)) log.record({ decision: inLog(after) }, 'Decision refused');
    }
    if (isFinal(after)) return this.#expire(after, input, log);
    const { clock } = this.#o;
    // What proves its author may come back.
    const distrusted = standing.trusted ? undefined : clock.now() + DISTRUST_MS;
    const wakeAt = earliest(distrusted, looksAgainAt({ ...input, decision: after }));
    if (wakeAt !== undefined) return { requeueAfterMs: Math.max(0, wakeAt - clock.now()) };
  }

  #input(decision: Decision, standing: Standing, named: Named): Input {
    const approvals = approvalsBeside(this.#o, decision);
    return { now: this.#o.clock.now(), decision, ...named, approvals, standing };
  }

  /** Its status. A refusal is final, so it rests on what the API server has: a cache may be behind. */
  async #decided(seen: Input): Promise<[Input, DecisionStatus | undefined]> {
    const { decision, standing } = seen;
    const status = decide(seen);
    const isProven = isUsable(standing, decision.metadata.creationTimestamp);
    if (isFinal(decision) || !isRefused({ status }) || !isProven) return [seen, status];
    const stored = this.#input(decision, standing, await asStored(this.#o.client, decision));
    return [stored, decide(stored)];
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
    log.record({ decision: inLog(decision) }, 'Deleting a Decision whose time is over');
    const path = objectPath(DECISIONS, metadata.namespace, metadata.name);
    await this.#o.client.delete(path, { uid: metadata.uid }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
