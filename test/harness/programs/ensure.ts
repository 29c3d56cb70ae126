import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildPrograms, extractObjects, type ManifestSource } from './build.ts';
import { findExisting } from './existing.ts';
import {
  argocd,
  cacheDir,
  coredns,
  helm,
  kubernetes,
  monitoring,
  node,
  prometheus,
  type ToolModule,
} from './pins.ts';

const ROLLOUTS_CRDS: ManifestSource = {
  of: 'github.com/argoproj/argo-rollouts',
  folder: 'manifests/crds',
  files: /-crd\.yaml$/,
};

/** Those that the chart and the docs have objects of. */
const MONITORING_CRDS: ManifestSource = {
  of: 'github.com/prometheus-operator/prometheus-operator',
  folder: 'example/prometheus-operator-crd',
  files: /_(podmonitors|servicemonitors|prometheusrules)\.yaml$/,
};

const ARGO_CD: ManifestSource = {
  of: 'github.com/argoproj/argo-cd/v3',
  folder: 'manifests',
  files: /^core-install\.yaml$/,
};

/** Paths of the control plane's programs, and of the file with the definitions of Argo Rollouts. */
export interface KubernetesPrograms {
  etcd: string;
  apiserver: string;
  controllerManager: string;
  kubectl: string;
  rollouts: string;
  rolloutsCrds: string;
}

/** Finds or builds etcd, Kubernetes and Argo Rollouts. */
export async function ensureKubernetes(): Promise<KubernetesPrograms> {
  const pathOf = await ensure(kubernetes);
  const rolloutsCrds = join(cacheDir(kubernetes), 'rollouts-crds.json');
  if (!existsSync(rolloutsCrds)) await extractObjects(kubernetes, ROLLOUTS_CRDS, rolloutsCrds);
  return {
    etcd: pathOf('etcd'),
    apiserver: pathOf('kube-apiserver'),
    controllerManager: pathOf('kube-controller-manager'),
    kubectl: pathOf('kubectl'),
    rollouts: pathOf('rollouts-controller'),
    rolloutsCrds,
  };
}

/** Finds the definitions of the Prometheus Operator, which itself does not run; the path of a JSON file with them. */
export async function ensureMonitoringCrds(): Promise<string> {
  const file = join(cacheDir(monitoring), 'monitoring-crds.json');
  if (!existsSync(file)) await extractObjects(monitoring, MONITORING_CRDS, file);
  return file;
}

/** Finds or builds Prometheus; the path of its program. */
export async function ensurePrometheus(): Promise<string> {
  const pathOf = await ensure(prometheus);
  return pathOf('prometheus');
}

/** Finds or builds promtool; the path of its program. */
export async function ensurePromtool(): Promise<string> {
  const pathOf = await ensure(prometheus);
  return pathOf('promtool');
}

/** Finds or builds Helm; the path of its program. */
export async function ensureHelm(): Promise<string> {
  const pathOf = await ensure(helm);
  return pathOf('helm');
}

/** Paths of the programs that a real node needs beside those of the control plane. */
export interface NodePrograms {
  kubelet: string;
  proxy: string;
  scheduler: string;
  coredns: string;
}

/** Finds or builds kubelet, kube-proxy, kube-scheduler and CoreDNS. */
export async function ensureNode(): Promise<NodePrograms> {
  const pathOf = await ensure(node);
  const dnsPathOf = await ensure(coredns);
  return {
    kubelet: pathOf('kubelet'),
    proxy: pathOf('kube-proxy'),
    scheduler: pathOf('kube-scheduler'),
    coredns: dnsPathOf('coredns'),
  };
}

/** Paths of Argo CD, of the Redis that it wants, and of the file with all that its core installation brings. */
export interface ArgoCdPrograms {
  argocd: string;
  redis: string;
  installation: string;
}

/** Finds or builds Argo CD. */
export async function ensureArgoCd(): Promise<ArgoCdPrograms> {
  const pathOf = await ensure(argocd);
  const installation = join(cacheDir(argocd), 'installation.json');
  if (!existsSync(installation)) await extractObjects(argocd, ARGO_CD, installation);
  return { argocd: pathOf('argocd'), redis: pathOf('redis'), installation };
}

/** The path of Helm's program where that takes no building; else undefined. */
export async function findHelm(): Promise<string | undefined> {
  const cached = join(cacheDir(helm), 'helm');
  return existsSync(cached) ? cached : (await findExisting('helm'))?.path;
}

/** Takes each program from the cache, else from this machine if its version fits, else builds it. */
async function ensure(module: ToolModule): Promise<(name: string) => string> {
  const cache = cacheDir(module);
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const name of Object.keys(module.programs)) {
    if (existsSync(join(cache, name))) continue;
    const existing = await findExisting(name);
    if (!existing) missing.push(name);
    else {
      process.stderr.write(`using ${name} ${existing.version} found at ${existing.path}\n`);
      found.set(name, existing.path);
    }
  }
  if (missing.length > 0) await buildPrograms(module, missing, cache);
  return (name) => found.get(name) ?? join(cache, name);
}
