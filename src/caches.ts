import { DECISIONS, ENVIRONMENTS, GATES, PROMOTIONS } from './api/v1alpha1/names.ts';
import type { RawObject } from './api/v1alpha1/parse.ts';
import {
  BY_CONTROLLER,
  controllerUid,
  projectReplicaSet,
  REPLICA_SETS,
  ROLLOUTS,
} from './delivery/rollout/index.ts';
import { projectRollout } from './delivery/rollout/ownership.ts';
import type { ReplicaSet, Rollout } from './delivery/rollout/types.ts';
import { Informer, type InformerOptions } from './kube/informer.ts';
import type { KubeObject } from './kube/types.ts';
import type { Admission } from './policy/compare.ts';
import { BINDINGS, POLICIES, POLICY_LABEL } from './policy/policies.ts';
import {
  BY_ENVIRONMENT,
  BY_GATE,
  BY_PROMOTION,
  BY_ROLLOUT,
  BY_SOURCE,
  environmentOf,
  FREEZES,
  freezesOf,
  gatesOfEnvironment,
  promotionOf,
  rolloutsOfEnvironment,
  rolloutsOfPromotion,
  BY_UPSTREAM,
  sourceOfPromotion,
  upstreamsOf,
  UNFINISHED,
  unfinishedFor,
} from './promotion/indexes.ts';
import type { Caches } from './triggers.ts';

/** What every informer needs of the process. */
export type InformerTools = Pick<
  InformerOptions<KubeObject>,
  'client' | 'clock' | 'random' | 'log' | 'namespaces' | 'hooks'
>;

/** The kinds of objects that Sluice reads, cached and indexed. */
export function createCaches(toolsFor: (resource: string) => InformerTools): Caches {
  const labelSelector = Object.entries(POLICY_LABEL)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  /** Of the whole cluster, whatever namespaces are worked in. */
  const admission = (resource: typeof POLICIES): Informer<Admission> => {
    const { namespaces: _, ...tools } = toolsFor(resource.plural);
    return new Informer<Admission>({ ...tools, resource, labelSelector });
  };
  return {
    promotions: new Informer<RawObject>({
      ...toolsFor('promotions'),
      resource: PROMOTIONS,
      indexes: {
        [BY_ENVIRONMENT]: environmentOf,
        [UNFINISHED]: unfinishedFor,
        [BY_SOURCE]: sourceOfPromotion,
        [BY_ROLLOUT]: rolloutsOfPromotion,
      },
    }),
    environments: new Informer<RawObject>({
      ...toolsFor('environments'),
      resource: ENVIRONMENTS,
      indexes: {
        [BY_ROLLOUT]: rolloutsOfEnvironment,
        [BY_GATE]: gatesOfEnvironment,
        [BY_UPSTREAM]: upstreamsOf,
      },
    }),
    gates: new Informer<RawObject>({ ...toolsFor('gates'), resource: GATES }),
    decisions: new Informer<RawObject>({
      ...toolsFor('decisions'),
      resource: DECISIONS,
      indexes: { [BY_PROMOTION]: promotionOf, [BY_ENVIRONMENT]: environmentOf, [FREEZES]: freezesOf },
    }),
    rollouts: new Informer<Rollout>({
      ...toolsFor('rollouts'),
      resource: ROLLOUTS,
      project: projectRollout,
    }),
    replicaSets: new Informer<ReplicaSet>({
      ...toolsFor('replicasets'),
      resource: REPLICA_SETS,
      // Only a Rollout's ReplicaSets carry its hash: those of Deployments stay out of memory and off the wire.
      labelSelector: 'rollouts-pod-template-hash',
      project: projectReplicaSet,
      indexes: { [BY_CONTROLLER]: controllerUid },
    }),
    policies: admission(POLICIES),
    bindings: admission(BINDINGS),
  };
}
