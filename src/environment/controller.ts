import { isDeepStrictEqual } from 'node:util';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { GROUP, VERSION } from '../api/v1alpha1/names.ts';
import { parseEnvironment, parseGate, parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import type { Environment } from '../api/v1alpha1/types.ts';
import type { KubeClient } from '../kube/client.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import type { StoreReader } from '../kube/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { decide } from './decide.ts';

export const ENVIRONMENTS = { group: GROUP, version: VERSION, plural: 'environments' };

export interface EnvironmentControllerOptions {
  client: KubeClient;
  clock: Clock;
  environments: StoreReader<RawObject>;
  gates: StoreReader<RawObject>;
  /** Promotions by the index `namespace/environment`. */
  promotionsOf(environment: string): readonly RawObject[];
  /** Why a Rollout is not there to be seen, with what to do; undefined: it is there. */
  absence(namespace: string, name: string): string | undefined;
}

/** Keeps the status of Environments; the only writer of it. */
export class EnvironmentController {
  readonly #o: EnvironmentControllerOptions;

  constructor(options: EnvironmentControllerOptions) {
    this.#o = options;
  }

  async reconcile(key: string, _signal: AbortSignal, log: Log): Promise<void> {
    const { namespace, name } = splitKey(key);
    const raw = this.#o.environments.get(namespace, name);
    if (!raw || raw.metadata.deletionTimestamp) return;
    const parsed = parseEnvironment(raw);
    if (!parsed.ok) return log.warn({ reason: parsed.message }, 'Environment is not readable');
    const environment = parsed.object;
    const status = decide({
      now: this.#o.clock.now(),
      environment,
      promotions: this.#o.promotionsOf(key).flatMap((p) => {
        const promotion = parsePromotion(p);
        return promotion.ok ? [promotion.object] : [];
      }),
      problems: this.#problems(environment),
    });
    if (isDeepStrictEqual(environment.status, status)) return;
    const path = objectPath(ENVIRONMENTS, namespace, name);
    this.#o.environments.upsertLocal(await patchStatus(this.#o.client, path, raw, status));
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
