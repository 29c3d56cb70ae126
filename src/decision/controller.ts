import { isDeepStrictEqual } from 'node:util';
import { DECISIONS } from '../api/v1alpha1/names.ts';
import { parseDecision, parseEnvironment, parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import type { KubeClient } from '../kube/client.ts';
import type { StoreReader } from '../kube/informer.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { decide } from './decide.ts';

export interface DecisionControllerOptions {
  client: KubeClient;
  clock: Clock;
  decisions: StoreReader<RawObject>;
  promotions: StoreReader<RawObject>;
  environments: StoreReader<RawObject>;
}

/** Says on each Decision whether it was used, and why not. Those who use them read them by themselves. */
export class DecisionController {
  readonly #o: DecisionControllerOptions;

  constructor(options: DecisionControllerOptions) {
    this.#o = options;
  }

  async reconcile(key: string, _signal: AbortSignal, log: Log): Promise<void> {
    const { namespace, name } = splitKey(key);
    const raw = this.#o.decisions.get(namespace, name);
    if (!raw || raw.metadata.deletionTimestamp) return;
    const parsed = parseDecision(raw);
    if (!parsed.ok) return log.warn({ reason: parsed.message }, 'Decision is not readable');
    const { spec } = parsed.object;
    const promotion = spec.promotion && this.#o.promotions.get(namespace, spec.promotion.name);
    const environment = this.#o.environments.get(namespace, spec.environment);
    const [p, e] = [promotion && parsePromotion(promotion), environment && parseEnvironment(environment)];
    const status = decide({
      now: this.#o.clock.now(),
      decision: parsed.object,
      promotion: p?.ok ? p.object : undefined,
      environment: e?.ok ? e.object : undefined,
    });
    if (isDeepStrictEqual(parsed.object.status, status)) return;
    const path = objectPath(DECISIONS, namespace, name);
    this.#o.decisions.upsertLocal(await patchStatus(this.#o.client, path, raw, status));
  }
}
