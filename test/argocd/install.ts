import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import type { Cluster } from '../harness/cluster.ts';
import { installCrds } from '../harness/crds.ts';
import { CHART } from '../harness/helm.ts';

/** Where Argo CD and its Applications are. */
export const ARGOCD = 'argocd';

/** Of Argo CD's own installation: what the application controller reads, and its rights. The rest runs pods. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['argocd-cm'],
  Secret: ['argocd-secret'],
  Role: ['argocd-application-controller'],
  RoleBinding: ['argocd-application-controller'],
  ClusterRole: ['argocd-application-controller'],
  ClusterRoleBinding: ['argocd-application-controller'],
};
const KINDS = ['applications.argoproj.io', 'appprojects.argoproj.io'];

/** What argocd-server makes when it starts, and it does not run here. */
const PROJECT = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'default', namespace: ARGOCD },
  spec: {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  },
};

/**
 * Installs Argo CD in the cluster as far as its programs need it, and then, as docs/argocd.md says, the health of
 * Sluice's kinds.
 * @param installation path of the objects of its core installation.
 */
export async function installArgoCd(cluster: Cluster, installation: string): Promise<void> {
  const { api } = cluster;
  const objects: KubeObject[] = JSON.parse(readFileSync(installation, 'utf8'));
  await cluster.createNamespace(ARGOCD);
  await installCrds(
    api,
    objects.filter((o) => KINDS.includes(o.metadata.name)),
  );
  for (const object of objects.filter((o) => WANTED[o.kind]?.includes(o.metadata.name)))
    await apply(api, object.kind.startsWith('Cluster') ? object : inArgoCd(object));
  // Without a key the settings count as not there; argocd-server makes one.
  await api.patch(`/api/v1/namespaces/${ARGOCD}/secrets/argocd-secret`, {
    stringData: { 'server.secretkey': randomBytes(32).toString('base64') },
  });
  await apply(api, PROJECT);
  await patchHealth(cluster);
}

function inArgoCd(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace: ARGOCD } };
}

/** The command of docs/argocd.md. */
async function patchHealth(cluster: Cluster): Promise<void> {
  const patch = ['--type', 'merge', '--patch-file', join(CHART, 'argocd/argocd-cm.yaml')];
  const { code, stderr } = await cluster.kubectl(['patch', 'configmap', 'argocd-cm', '-n', ARGOCD, ...patch]);
  if (code !== 0) throw new Error(`the health scripts were not taken: ${stderr}`);
}
