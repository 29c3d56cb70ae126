import type { KubeClient } from '../../kube/client.ts';
import { isConflict, isInvalid, isNotFound } from '../../kube/errors.ts';
import { objectPath } from '../../kube/paths.ts';
import type { StoreReader } from '../../kube/informer.ts';
import { RetryError } from '../../runtime/errors.ts';
import { canonicalJson } from '../../runtime/hash.ts';
import type { Assignment, Delivery, Effect, Observation, Recorded } from '../delivery.ts';
import { digestsOfPods } from './digests.ts';
import {
  abortPatch,
  advancePatch,
  applyPatch,
  fencePatch,
  promoteFullPatch,
  type RolloutPatch,
  unfreezePatch,
} from './patches.ts';
import { withOwnership } from './ownership.ts';
import { namespaceOf, outOfReach } from './place.ts';
import { recordName, Records } from './records.ts';
import { restoreFor } from './restore.ts';
import { POD_HASH_LABEL, type ReplicaSet, type Rollout } from './types.ts';
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
  readonly #namespaces: readonly string[] | undefined;
  /** Generation in the answer to the last Restore, by record. */
  readonly #restored = new Map<string, number>();

  constructor(options: {
    client: KubeClient;
    rollouts: StoreReader<Rollout>;
    replicaSets: StoreReader<ReplicaSet>;
    /** Namespaces that the caches see; undefined: all. */
    namespaces?: readonly string[] | undefined;
  }) {
    this.#client = options.client;
    this.#rollouts = options.rollouts;
    this.#replicaSets = options.replicaSets;
    this.#namespaces = options.namespaces;
    this.records = new Records(options.client);
  }

  #rollout(assignment: Assignment): Rollout | undefined {
    return this.#rollouts.get(namespaceOf(assignment), assignment.target.rollout.name);
  }

  /** Why a Rollout is not there to be seen, with what to do. */
  absence(namespace: string, name: string): string | undefined {
    const away = outOfReach(namespace, name, this.#namespaces);
    if (away || this.#rollouts.get(namespace, name)) return away;
    return `Rollout ${name} does not exist in namespace ${namespace}: apply it`;
  }

  observe(assignment: Assignment): Observation {
    const [namespace, { name }] = [namespaceOf(assignment), assignment.target.rollout];
    const away = outOfReach(namespace, name, this.#namespaces);
    if (away) return { found: false, message: away, outOfReach: true };
    const rollout = this.#rollout(assignment);
    if (!rollout || rollout.metadata.deletionTimestamp)
      return { found: false, message: `Rollout ${name} does not exist in namespace ${namespace}: apply it` };
    const replicaSets = this.#replicaSets.byIndex(BY_CONTROLLER, rollout.metadata.uid);
    const view = withOwnership(viewOf(rollout, replicaSets, assignment), rollout, assignment);
    const restoredGeneration = this.#restored.get(recordName(assignment));
    return { found: true, view: { ...view, ...(restoredGeneration && { restoredGeneration }) } };
  }

  /** Images of the pods that a Rollout's users get while nothing is under way: those of its stable revision. */
  running(namespace: string, name: string): string[] | undefined {
    const rollout = this.#rollouts.get(namespace, name);
    const hash = rollout?.status?.stableRS;
    const stable =
      rollout &&
      this.#replicaSets
        .byIndex(BY_CONTROLLER, rollout.metadata.uid)
        .find((rs) => rs.metadata.labels?.[POD_HASH_LABEL] === hash);
    return stable?.spec.template?.spec?.containers?.map((c) => c.image ?? '');
  }

  async recorded(assignment: Assignment): Promise<Recorded | undefined> {
    // Where the operator does not look it has no rights either: a request would fail for ever.
    if (outOfReach(namespaceOf(assignment), '', this.#namespaces)) return undefined;
    return this.records.read(assignment);
  }

  holds(assignment: Assignment): boolean {
    return this.records.knows(assignment);
  }

  async refresh(assignment: Assignment): Promise<void> {
    const namespace = namespaceOf(assignment);
    if (outOfReach(namespace, '', this.#namespaces)) return;
    const path = objectPath(ROLLOUTS, namespace, assignment.target.rollout.name);
    try {
      this.#rollouts.upsertLocal(await this.#client.get<Rollout>(path));
    } catch (error) {
      // That it is gone the watch brings.
      if (!isNotFound(error)) throw error;
    }
  }

  digests(assignment: Assignment, hash: string): Promise<Record<string, readonly string[]>> {
    return digestsOfPods(this.#client, namespaceOf(assignment), hash);
  }

  async act(effect: Effect, assignment: Assignment): Promise<void> {
    if (effect.kind === 'Forget') {
      this.#restored.delete(recordName(assignment));
      return this.records.drop(assignment);
    }
    const rollout = this.#rollout(assignment);
    if (!rollout) throw new RetryError(`Rollout ${assignment.target.rollout.name} is gone; looking again`);
    if (effect.kind === 'Record') return this.records.make(assignment, rollout, effect.inherited);
    const answer = await this.#patch(rollout, patchFor(effect, rollout, assignment));
    if (effect.kind === 'Restore') this.#noteRestored(answer, assignment);
  }

  /** What was written is what is declared, unless something on the way into the API server has changed it. */
  #noteRestored({ metadata, spec }: Rollout, assignment: Assignment): void {
    if (canonicalJson(spec.template) !== canonicalJson(assignment.recorded?.template))
      throw new RetryError(
        `The recorded template of Rollout ${metadata.name} was changed on its way in: does an admission webhook write it?`,
      );
    this.#restored.set(recordName(assignment), metadata.generation ?? 0);
  }

  /** Sends one guarded patch and puts its answer into the cache, so that the next pass sees it. */
  async #patch(rollout: Rollout, { subresource, operations }: RolloutPatch): Promise<Rollout> {
    const { namespace, name } = rollout.metadata;
    const path = objectPath(ROLLOUTS, namespace, name, subresource);
    try {
      const answer = await this.#client.patch<Rollout>(path, operations, 'json');
      this.#rollouts.upsertLocal(answer);
      return answer;
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
  { recorded, planned, promotion }: Assignment,
): RolloutPatch {
  switch (effect.kind) {
    case 'Advance':
      return advancePatch(rollout, effect.step, effect.hash);
    case 'Abort':
      return abortPatch(effect.hash);
    case 'PromoteFull':
      return promoteFullPatch(effect.hash);
    case 'Fence':
      return fencePatch(rollout, promotion.uid);
    case 'Unfreeze':
      return unfreezePatch(rollout);
    case 'Apply':
      return applyPatch(rollout, known(recorded), known(planned).images, effect.over);
    case 'Restore':
      return restoreFor(rollout, known(recorded), known(planned));
    default:
      throw new Error(`no such effect: ${String(effect satisfies never)}`);
  }
}
