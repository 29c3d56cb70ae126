import type { KubeObject } from './api.ts';

/** A condition as most kinds have it. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The parts of a container that the harness reads or writes. */
export interface Container {
  name: string;
  image: string;
  env?: { name: string; value: string }[];
  [field: string]: unknown;
}

/** A pod template, as a Rollout, a Deployment or a Job carries it. */
export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: {
    nodeName?: string;
    containers: Container[];
    initContainers?: Container[];
    [field: string]: unknown;
  };
}

/** A pod. */
export interface Pod extends KubeObject {
  spec: PodTemplate['spec'] & { restartPolicy?: string };
  status?: { phase?: string; conditions?: Condition[]; podIP?: string };
}

/** A ReplicaSet. */
export interface ReplicaSet extends KubeObject {
  spec: { replicas?: number; template: PodTemplate };
  status?: { replicas?: number; readyReplicas?: number; availableReplicas?: number };
}

/** One step of a canary. */
export interface CanaryStep {
  setWeight?: number;
  pause?: { duration?: string | number };
  [step: string]: unknown;
}

/** An Argo Rollout. */
export interface Rollout extends KubeObject {
  spec: {
    replicas?: number;
    selector: { matchLabels: Record<string, string> };
    template: PodTemplate;
    strategy: {
      canary?: { steps?: CanaryStep[]; trafficRouting?: unknown; [field: string]: unknown };
      blueGreen?: Record<string, unknown>;
    };
    [field: string]: unknown;
  };
  status?: {
    phase?: string;
    message?: string;
    abort?: boolean;
    currentStepIndex?: number;
    currentPodHash?: string;
    stableRS?: string;
    observedGeneration?: string;
    replicas?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    pauseConditions?: { reason: string; startTime: string }[];
    canary?: { weights?: CanaryWeights };
    blueGreen?: { activeSelector?: string; previewSelector?: string };
    conditions?: Condition[];
  };
}

/** Weights in per cent, present when the Rollout routes traffic. */
export interface CanaryWeights {
  verified?: boolean;
  canary: { podTemplateHash?: string; weight: number };
  stable: { podTemplateHash?: string; weight: number };
}
