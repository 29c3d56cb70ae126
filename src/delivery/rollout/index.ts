import type { KubeClient } from '../../kube/client.ts';
import { isConflict, isInvalid, isNotFound } from '../../kube/errors.ts';
import { objectPath } from '../../kube/paths.ts';
import type { StoreReader } from '../../kube/informer.ts';
import { RetryError } from '../../runtime/errors.ts';
import type { Assignment, Delivery, Effect, Observation, Recorded } from '../delivery.ts';
import { digestsOfPods } from './digests.ts';
import {
  abortPatch,
  advancePatch,
  applyPatch,
  promoteFullPatch,
  restorePatch,
  type RolloutPatch,
  unfreezePatch,
} from './patches.ts';
import { Records } from './records.ts';
import type { ReplicaSet, Rollout } from './types.ts';
import { viewOf } from './view.ts';

export const ROLLOUTS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts' };
export const REPLICA_SETS = { group: 'apps', version: 'v1', plural: 'replicasets' };

/** Index of the ReplicaSet store by the UID of the controlling object. */
export const BY_CONTROLLER = 'controller';

export function controllerUid(replicaSet: ReplicaSet): string[] {
  return (replicaSet.metadata.ownerReferences ?? []).filter((o) => o.controller).map((o) => o.uid);
}

/** What is kept of a ReplicaSet: the hash, the counts and the images. */
export function projectReplicaSet({ metadata, spec, status }: ReplicaSet): ReplicaSet {
  const containers = spec.template?.spec?.containers ?? [];
  return {
    metadata,
    spec: {
      ...(spec.replicas !== undefined && { replicas: spec.replicas }),
      template: {
        spec: { containers: containers.map(({ name, image }) => ({ name, ...(image && { image }) })) },
      },
    },
    ...(status && {
      status: {
        replicas: status.replicas ?? 0,
        readyReplicas: status.readyReplicas ?? 0,
        observedGeneration: status.observedGeneration ?? 0,
      },
    }),
  };
}

/** Delivers by an Argo Rollout, a canary or a blue-green, one effect at a time. */
export class RolloutDelivery implements Delivery {
  readonly records: Records;
  readonly #client: KubeClient;
  readonly #rollouts: StoreReader<Rollout>;
  readonly #replicaSets: StoreReader<ReplicaSet>;

  constructor(options: {
    client: KubeClient;
    rollouts: StoreReader<Rollout>;
    replicaSets: StoreReader<ReplicaSet>;
  }) {
    this.#client = options.client;
    this.#rollouts = options.rollouts;
    this.#replicaSets = options.replicaSets;
    this.records = new Records(options.client);
  }

  #rollout({ promotion, target }: Assignment): Rollout | undefined {
    return this.#rollouts.get(promotion.namespace, target.rollout.name);
  }

  observe(assignment: Assignment): Observation {
    const rollout = this.#rollout(assignment);
    if (!rollout || rollout.metadata.deletionTimestamp)
      return { found: false, message: `Rollout ${assignment.target.rollout.name} does not exist: apply it` };
    const replicaSets = this.#replicaSets.byIndex(BY_CONTROLLER, rollout.metadata.uid);
    return { found: true, view: viewOf(rollout, replicaSets, assignment) };
  }

  recorded(assignment: Assignment): Promise<Recorded | undefined> {
    return this.records.read(assignment);
  }

  digests({ promotion }: Assignment, hash: string): Promise<Record<string, readonly string[]>> {
    return digestsOfPods(this.#client, promotion.namespace, hash);
  }

  async act(effect: Effect, assignment: Assignment): Promise<void> {
    if (effect.kind === 'Forget') return this.records.drop(assignment);
    const rollout = this.#rollout(assignment);
    if (!rollout) throw new RetryError(`Rollout ${assignment.target.rollout.name} is gone; looking again`);
    if (effect.kind === 'Record') return this.records.make(assignment, rollout);
    await this.#patch(rollout, patchFor(effect, rollout, assignment));
  }

  /** Sends one guarded patch and puts its answer into the cache, so that the next pass sees it. */
  async #patch(rollout: Rollout, { subresource, operations }: RolloutPatch): Promise<void> {
    const { namespace, name } = rollout.metadata;
    const path = objectPath(ROLLOUTS, namespace, name, subresource);
    try {
      this.#rollouts.upsertLocal(await this.#client.patch<Rollout>(path, operations, 'json'));
    } catch (error) {
      if (isInvalid(error) || isConflict(error)) {
        // Someone moved on, or the cache is behind: read what is there now and decide again.
        this.#rollouts.upsertLocal(await this.#client.get<Rollout>(objectPath(ROLLOUTS, namespace, name)));
        throw new RetryError(`Rollout ${name} has changed since it was observed; looking again`);
      }
      if (isNotFound(error)) throw new RetryError(`Rollout ${name} is gone; looking again`);
      throw error;
    }
  }
}

/** What must have been read by now. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new RetryError('The record of the template was not read yet; looking again');
  return value;
}

/** The patch that carries out an effect. */
export function patchFor(
  effect: Exclude<Effect, { kind: 'Record' | 'Forget' }>,
  rollout: Rollout,
  { recorded, planned }: Assignment,
): RolloutPatch {
  switch (effect.kind) {
    case 'Advance':
      return advancePatch(rollout, effect.step, effect.hash);
    case 'Abort':
      return abortPatch(effect.hash);
    case 'PromoteFull':
      return promoteFullPatch(effect.hash);
    case 'Unfreeze':
      return unfreezePatch(rollout);
    case 'Apply':
      return applyPatch(rollout, known(recorded), known(planned).images);
    case 'Restore':
      return restorePatch(rollout, known(recorded));
    default:
      throw new Error(`no such effect: ${String(effect satisfies never)}`);
  }
}
