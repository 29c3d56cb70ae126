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

/** Routers that the harness knows: nothing needs to serve them, the Rollouts controller writes the weights. */
export type Router = 'nginx' | 'istio';

/**
 * Creates a canary Rollout that routes by weight, with its two Services and what its router reads: an
 * Ingress (the controller writes the weight into a second one) or a VirtualService. The weights are also in
 * `status.canary.weights`.
 */
export async function createRoutedRollout(
  api: Api,
  namespace: string,
  name: string,
  options: RolloutOptions,
  router: Router = 'nginx',
): Promise<Rollout> {
  const [stableService, canaryService] = [`${name}-stable`, `${name}-canary`];
  await createServices(api, namespace, name, [stableService, canaryService]);
  await (router === 'nginx' ? createIngress : createVirtualService)(api, namespace, name);
  const trafficRouting =
    router === 'nginx'
      ? { nginx: { stableIngress: name } }
      : { istio: { virtualService: { name, routes: ['primary'] } } };
  const canary = { stableService, canaryService, trafficRouting, ...options.canary };
  return createRollout(api, namespace, name, { ...options, canary });
}

async function createIngress(api: Api, namespace: string, name: string): Promise<void> {
  const backend = { service: { name: `${name}-stable`, port: { number: 80 } } };
  const paths = [{ path: '/', pathType: 'Prefix', backend }];
  await api.create(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace },
    spec: { ingressClassName: 'nginx', rules: [{ host: `${name}.test`, http: { paths } }] },
  });
}

async function createVirtualService(api: Api, namespace: string, name: string): Promise<void> {
  const route = [
    { destination: { host: `${name}-stable` }, weight: 100 },
    { destination: { host: `${name}-canary` }, weight: 0 },
  ];
  await api.create(`/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace },
    spec: { hosts: [`${name}.test`], http: [{ name: 'primary', route }] },
  });
}

/** Percent that the router itself sends to the canary: what is written into its Ingress or VirtualService. */
export async function routedPercent(
  api: Api,
  namespace: string,
  name: string,
  router: Router,
): Promise<number> {
  if (router === 'nginx') {
    const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}-${name}-canary`;
    const { metadata } = await api.get(path);
    return Number(metadata.annotations?.['nginx.ingress.kubernetes.io/canary-weight']);
  }
  const path = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices/${name}`;
  const { spec } = await api.get<{
    spec: { http: { route: { destination: { host: string }; weight: number }[] }[] };
  }>(path);
  return spec.http[0]?.route.find((r) => r.destination.host === `${name}-canary`)?.weight ?? Number.NaN;
}

/** Creates a blue-green Rollout that waits for somebody to promote it, with its two Services. */
export async function createBlueGreenRollout(
  api: Api,
  namespace: string,
  name: string,
  options: RolloutOptions,
  more: Record<string, unknown> = {},
): Promise<Rollout> {
  const [activeService, previewService] = [`${name}-active`, `${name}-preview`];
  await createServices(api, namespace, name, [activeService, previewService]);
  const rollout = rolloutOf(namespace, name, options);
  const blueGreen = { activeService, previewService, autoPromotionEnabled: false, ...more };
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
