import type { ObjectMeta } from '../../api/v1alpha1/types.ts';

/*
 * What Sluice reads of Argo Rollouts' objects (argoproj.io/v1alpha1, v1.10). Everything is optional:
 * the objects are other people's.
 */

export interface Container {
  name: string;
  image?: string;
}

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: { containers?: Container[]; initContainers?: Container[] };
}

export interface CanaryStep {
  setWeight?: number;
  pause?: { duration?: string | number };
  [kind: string]: unknown;
}

export interface Rollout {
  metadata: ObjectMeta & { namespace: string };
  spec: {
    replicas?: number;
    paused?: boolean;
    revisionHistoryLimit?: number;
    workloadRef?: unknown;
    template?: PodTemplate;
    strategy?: {
      canary?: { steps?: CanaryStep[]; trafficRouting?: unknown };
      blueGreen?: unknown;
    };
  };
  status?: {
    /** A string up to v1.10, maybe a number later (argo-rollouts#4931). */
    observedGeneration?: string | number;
    phase?: string;
    message?: string;
    abort?: boolean;
    promoteFull?: boolean;
    controllerPause?: boolean;
    pauseConditions?: { reason: string; startTime: string }[];
    currentStepIndex?: number;
    currentPodHash?: string;
    stableRS?: string;
    canary?: { weights?: { canary?: { weight?: number } } };
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
  /** Not of the API: the field managers that own something under spec.template, see `projectRollout`. */
  templateManagers?: readonly string[];
}

export interface ReplicaSet {
  metadata: ObjectMeta & { namespace: string };
  spec: { replicas?: number; template?: PodTemplate };
  status?: { replicas?: number; readyReplicas?: number };
}

/** Label by which the Rollouts controller tells the pods of one template from those of another. */
export const POD_HASH_LABEL = 'rollouts-pod-template-hash';
