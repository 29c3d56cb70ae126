import type { Api } from './api.ts';
import type { CanaryStep, Container, PodTemplate, Rollout } from './kinds.ts';
import { NODE } from './kubelet.ts';
import { until } from './until.ts';

/** What a Rollout fixture may be told; everything has a default but the image. */
export interface RolloutOptions {
  image: string;
  /** 5 unless given. */
  replicas?: number;
  /** 20 %, pause, 60 %, pause unless given. */
  steps?: CanaryStep[];
  /** More of `spec.strategy.canary`, for example trafficRouting. */
  canary?: Record<string, unknown>;
  /** Environment of the main container. */
  env?: Record<string, string>;
  /** Annotations of the pod template. */
  podAnnotations?: Record<string, string>;
  /** Annotations of the Rollout itself. */
  annotations?: Record<string, string>;
  /** Image of a second container; none unless given. */
  sidecar?: string;
  /** More of `spec`, for example progressDeadlineSeconds. */
  spec?: Record<string, unknown>;
}

/** Two steps that wait for somebody to advance them. */
export const TWO_PAUSES: CanaryStep[] = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];

/** Name of the main container of `rolloutOf`. */
export const MAIN_CONTAINER = 'app';

/** Path of a namespace's Rollouts, or of one of them. */
export function rolloutPath(namespace: string, name?: string): string {
  const collection = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  return name === undefined ? collection : `${collection}/${name}`;
}

/**
 * A canary Rollout whose pods run on the harness's node. Its template names the namespace: otherwise two of one
 * template in a world that tests share would have one hash, and a gate that asks by it would see the pods of both.
 */
export function rolloutOf(namespace: string, name: string, options: RolloutOptions): Rollout {
  const { replicas = 5, steps = TWO_PAUSES, canary = {}, annotations, spec = {} } = options;
  const podAnnotations = { 'example.com/namespace': namespace, ...options.podAnnotations };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace, labels: { app: name }, ...(annotations && { annotations }) },
    spec: {
      replicas,
      revisionHistoryLimit: 5,
      selector: { matchLabels: { app: name } },
      template: podTemplateOf(name, { ...options, podAnnotations }),
      strategy: { canary: { steps, ...canary } },
      ...spec,
    },
  };
}

/** The pod template of `rolloutOf`, also right for a Deployment. */
export function podTemplateOf(app: string, options: RolloutOptions): PodTemplate {
  const { image, env = {}, podAnnotations, sidecar } = options;
  const main: Container = {
    name: MAIN_CONTAINER,
    image,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    resources: { requests: { cpu: '10m', memory: '16Mi' } },
  };
  return {
    metadata: { labels: { app }, ...(podAnnotations && { annotations: podAnnotations }) },
    spec: {
      nodeName: NODE,
      containers: [main, ...(sidecar === undefined ? [] : [{ name: 'sidecar', image: sidecar }])],
    },
  };
}

/** Creates a Rollout as `rolloutOf` describes it, in a namespace that exists. */
export function createRollout(
  api: Api,
  namespace: string,
  name: string,
  options: RolloutOptions,
): Promise<Rollout> {
  return api.create<Rollout>(rolloutPath(namespace), rolloutOf(namespace, name, options));
}

/** Changes the image of the main container, as `kubectl argo rollouts set image` would. */
export function setImage(api: Api, namespace: string, name: string, image: string): Promise<Rollout> {
  const path = '/spec/template/spec/containers/0/image';
  return api.patch<Rollout>(rolloutPath(namespace, name), [{ op: 'replace', path, value: image }], 'json');
}

/** Waits until the controller has seen the Rollout's current spec and `condition` holds, and returns the Rollout. */
export function untilRollout(
  api: Api,
  namespace: string,
  name: string,
  description: string,
  condition: (rollout: Rollout) => boolean,
): Promise<Rollout> {
  return until(`Rollout ${namespace}/${name} ${description}`, async (seen) => {
    const rollout = await api.get<Rollout>(rolloutPath(namespace, name));
    seen({ generation: rollout.metadata.generation, ...rollout.status });
    const observed = rollout.status?.observedGeneration === String(rollout.metadata.generation);
    return observed && condition(rollout) && rollout;
  });
}

/** Waits until a Rollout is Healthy: all of its pods are of its current template and available. */
export function untilHealthy(api: Api, namespace: string, name: string): Promise<Rollout> {
  return untilRollout(api, namespace, name, 'is Healthy', (r) => r.status?.phase === 'Healthy');
}

/** Waits until a Rollout stands at the pause with that index among its steps. */
export function untilPaused(api: Api, namespace: string, name: string, step: number): Promise<Rollout> {
  const standsThere = ({ status }: Rollout): boolean =>
    status?.phase === 'Paused' && status.currentStepIndex === step && status.pauseConditions !== undefined;
  return untilRollout(api, namespace, name, `pauses at step ${step}`, standsThere);
}
