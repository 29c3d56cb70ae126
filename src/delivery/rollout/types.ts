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

export interface CanaryStrategy {
  steps?: CanaryStep[];
  trafficRouting?: { maxTrafficWeight?: number };
  dynamicStableScale?: boolean;
  scaleDownDelaySeconds?: number;
  abortScaleDownDelaySeconds?: number;
}

export interface BlueGreenStrategy {
  activeService?: string;
  previewService?: string;
  autoPromotionEnabled?: boolean;
  autoPromotionSeconds?: number;
  scaleDownDelaySeconds?: number;
}

export interface WeightDestination {
  weight?: number;
  podTemplateHash?: string;
}

/** What a traffic router was told, written after it took it; `verified` only by routers that can be asked. */
export interface TrafficWeights {
  canary?: WeightDestination;
  stable?: WeightDestination;
  additional?: WeightDestination[];
  verified?: boolean;
}

export interface Rollout {
  metadata: ObjectMeta & { namespace: string };
  spec: {
    replicas?: number;
    paused?: boolean;
    revisionHistoryLimit?: number;
    workloadRef?: unknown;
    template?: PodTemplate;
    rollbackWindow?: { revisions?: number };
    strategy?: { canary?: CanaryStrategy; blueGreen?: BlueGreenStrategy };
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
    canary?: { weights?: TrafficWeights };
    blueGreen?: { activeSelector?: string; previewSelector?: string };
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
  /** Not of the API: the field managers that own something under spec.template, see `projectRollout`. */
  templateManagers?: readonly string[];
}

export interface ReplicaSet {
  metadata: ObjectMeta & { namespace: string };
  spec: { replicas?: number; template?: PodTemplate };
  status?: { replicas?: number; readyReplicas?: number; observedGeneration?: number };
}

/** Label by which the Rollouts controller tells the pods of one template from those of another. */
export const POD_HASH_LABEL = 'rollouts-pod-template-hash';

/** Why a canary stands at a step that waits. */
export const CANARY_PAUSE = 'CanaryPauseStep';
/** Why a blue-green waits before its switch. */
export const BLUE_GREEN_PAUSE = 'BlueGreenPause';
