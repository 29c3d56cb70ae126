import type { Api, KubeObject } from './api.ts';
import { createRollout, type RolloutOptions, rolloutOf, rolloutPath } from './fixtures.ts';
import type { Rollout } from './kinds.ts';

/** A Service in front of the pods with label `app`. */
export function serviceOf(namespace: string, name: string, app: string): KubeObject & { spec: unknown } {
  const ports = [{ port: 80, targetPort: 8080 }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app }, ports },
  };
}

/**
 * Creates a canary Rollout that routes by weight through an nginx Ingress, with its two Services and the
 * Ingress. The Rollouts controller writes the weight into a second Ingress and into `status.canary.weights`;
 * nothing needs to serve the Ingress for that.
 */
export async function createRoutedRollout(
  api: Api,
  namespace: string,
  name: string,
  options: RolloutOptions,
): Promise<Rollout> {
  const [stableService, canaryService] = [`${name}-stable`, `${name}-canary`];
  await createServices(api, namespace, name, [stableService, canaryService]);
  const backend = { service: { name: stableService, port: { number: 80 } } };
  const paths = [{ path: '/', pathType: 'Prefix', backend }];
  await api.create(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace },
    spec: { ingressClassName: 'nginx', rules: [{ host: `${name}.test`, http: { paths } }] },
  });
  const canary = {
    stableService,
    canaryService,
    trafficRouting: { nginx: { stableIngress: name } },
    ...options.canary,
  };
  return createRollout(api, namespace, name, { ...options, canary });
}

/** Creates a blue-green Rollout that waits for somebody to promote it, with its two Services. */
export async function createBlueGreenRollout(
  api: Api,
  namespace: string,
  name: string,
  options: RolloutOptions,
): Promise<Rollout> {
  const [activeService, previewService] = [`${name}-active`, `${name}-preview`];
  await createServices(api, namespace, name, [activeService, previewService]);
  const rollout = rolloutOf(namespace, name, options);
  const blueGreen = { activeService, previewService, autoPromotionEnabled: false };
  return api.create<Rollout>(rolloutPath(namespace), {
    ...rollout,
    spec: { ...rollout.spec, strategy: { blueGreen } },
  });
}

async function createServices(
  api: Api,
  namespace: string,
  app: string,
  names: readonly string[],
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/services`;
  await Promise.all(names.map((name) => api.create(path, serviceOf(namespace, name, app))));
}
