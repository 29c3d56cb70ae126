import { readFileSync } from 'node:fs';
import type { Api, KubeObject } from './api.ts';
import { apply } from './apply.ts';
import { ensureMonitoringCrds } from './programs/ensure.ts';
import { until } from './until.ts';

/** The collection of CustomResourceDefinitions. */
export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Crd extends KubeObject {
  spec: { group: string; versions: { name: string; served: boolean }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

/** Creates CustomResourceDefinitions and waits until the API server serves them. */
export async function installCrds(api: Api, crds: readonly KubeObject[]): Promise<void> {
  await Promise.all(crds.map((crd) => api.create(CRDS, crd)));
  await Promise.all(crds.map((crd) => established(api, crd.metadata.name)));
}

/** Waits until a CustomResourceDefinition is served. */
export async function established(api: Api, name: string): Promise<void> {
  const crd = await until(`${name} is established`, async (seen) => {
    const found = await api.get<Crd>(`${CRDS}/${name}`);
    seen(found.status);
    return found.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') && found;
  });
  // Established is written before the handler serves it; a 404 in between is what this waits out.
  const { group, versions } = crd.spec;
  const plural = name.slice(0, name.indexOf('.'));
  for (const version of versions.filter((v) => v.served)) {
    await until(`${name} is served`, () => api.get(`/apis/${group}/${version.name}/${plural}?limit=1`));
  }
}

/** Definitions as the build has put them beside the programs: those of Argo Rollouts, or of the Prometheus Operator. */
export function crdsIn(path: string): KubeObject[] {
  const crds: KubeObject[] = JSON.parse(readFileSync(path, 'utf8'));
  return crds;
}

/** Has the API server know the Prometheus Operator's kinds; several test files may ask for it at once. */
export async function installMonitoringCrds(api: Api): Promise<void> {
  for (const crd of crdsIn(await ensureMonitoringCrds())) {
    await apply(api, crd);
    await established(api, crd.metadata.name);
  }
}

/** A kind of Istio's that keeps whatever is written to it. Rollouts reads v1alpha3, people write v1. */
function istioCrd(kind: string): KubeObject & { spec: unknown } {
  const group = 'networking.istio.io';
  const [singular, plural] = [kind.toLowerCase(), `${kind.toLowerCase()}s`];
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const versions = ['v1', 'v1alpha3'].map((name) => ({
    name,
    served: true,
    storage: name === 'v1',
    schema,
  }));
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, singular, plural, listKind: `${kind}List` },
      versions,
    },
  };
}

/**
 * As much of Istio as Argo Rollouts needs to write weights: no mesh has to serve them. It looks for both
 * kinds when it starts and then only every 10 minutes, so they have to be there first.
 */
export function istioCrds(): KubeObject[] {
  return ['VirtualService', 'DestinationRule'].map(istioCrd);
}
