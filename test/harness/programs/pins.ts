import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A Go module under `test/controlplane/` whose go.mod pins the programs (its `tool` lines) and whose go.sum
 * proves them. There is no second place with a version in it.
 */
export interface ToolModule {
  name: string;
  /** Directory of go.mod. */
  dir: string;
  /** Programs, by package. */
  programs: Record<string, string>;
  /** Build tags. */
  tags: string[];
  /** Variables that the linker sets, as a function of the pinned version of a module. */
  stamps: (versionOf: (module: string) => string) => Record<string, string>;
}

const modules = fileURLToPath(new URL('../../controlplane/', import.meta.url));

/** Without its stamps Kubernetes takes itself for v0.0.0 and refuses to decide which features are on. */
function kubernetesStamps(versionOf: (module: string) => string): Record<string, string> {
  const version = versionOf('k8s.io/kubernetes');
  const [major = '', minor = ''] = version.slice(1).split('.');
  return {
    'k8s.io/component-base/version.gitVersion': version,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
  };
}

/** etcd, Kubernetes and Argo Rollouts. */
export const kubernetes = {
  name: 'kubernetes',
  dir: join(modules, 'kubernetes'),
  programs: {
    etcd: 'go.etcd.io/etcd/server/v3',
    'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
    'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
    kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    'rollouts-controller': 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
  },
  tags: [],
  stamps: (versionOf) => ({
    ...kubernetesStamps(versionOf),
    'github.com/argoproj/argo-rollouts/utils/version.version': versionOf(
      'github.com/argoproj/argo-rollouts',
    ).slice(1),
  }),
} as const satisfies ToolModule;

/** Prometheus, and what tests its rules; without the service discoveries of thirty clouds, which would triple it. */
export const prometheus = {
  name: 'prometheus',
  dir: join(modules, 'prometheus'),
  programs: {
    prometheus: 'github.com/prometheus/prometheus/cmd/prometheus',
    promtool: 'github.com/prometheus/prometheus/cmd/promtool',
  },
  tags: ['remove_all_sd'],
  // Its library version v0.316.0 is the server version 3.16.0.
  stamps: (versionOf) => {
    const [, minor = '', patch = ''] = versionOf('github.com/prometheus/prometheus').split('.');
    const server = `${minor.slice(0, -2)}.${Number(minor.slice(-2))}.${patch}`;
    return { 'github.com/prometheus/common/version.Version': server };
  },
} as const satisfies ToolModule;

/** Helm, which renders and installs the chart as a user does. */
export const helm = {
  name: 'helm',
  dir: join(modules, 'helm'),
  programs: { helm: 'helm.sh/helm/v3/cmd/helm' },
  tags: [],
  stamps: (versionOf) => ({ 'helm.sh/helm/v3/internal/version.version': versionOf('helm.sh/helm/v3') }),
} as const satisfies ToolModule;

/** The Prometheus Operator's definitions, for the objects that it would take: it has no program here. */
export const monitoring = {
  name: 'monitoring',
  dir: join(modules, 'monitoring'),
  programs: {},
  tags: [],
  stamps: () => ({}),
} as const satisfies ToolModule;

/** What makes a real node beside the control plane; only `make e2e-node` asks for it. */
export const node = {
  name: 'node',
  dir: join(modules, 'node'),
  programs: {
    kubelet: 'k8s.io/kubernetes/cmd/kubelet',
    'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
    'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  },
  tags: [],
  stamps: kubernetesStamps,
} as const satisfies ToolModule;

/**
 * The cluster's DNS on such a node; a module of its own, because it wants other versions of the same libraries. It has
 * a program of its own: CoreDNS is put together from plugins when it is built.
 */
export const coredns = {
  name: 'coredns',
  dir: join(modules, 'coredns'),
  programs: { coredns: 'sluice.dev/test/controlplane/coredns' },
  tags: [],
  stamps: () => ({}),
} as const satisfies ToolModule;

/**
 * Argo CD, one program that is its application controller or its repo server by the name that it is told, and a Redis
 * for both that is in Go as well, so that nothing has to be installed; only `make test-argocd` asks for them.
 */
export const argocd = {
  name: 'argocd',
  dir: join(modules, 'argocd'),
  programs: {
    argocd: 'github.com/argoproj/argo-cd/v3/cmd',
    redis: 'sluice.dev/test/controlplane/argocd/redis',
  },
  tags: [],
  stamps: (versionOf) => ({
    'github.com/argoproj/argo-cd/v3/common.version': versionOf('github.com/argoproj/argo-cd/v3').slice(1),
  }),
} as const satisfies ToolModule;

/** The directories of the modules that everything else needs. */
export const moduleDirs = [kubernetes.dir, prometheus.dir, helm.dir];

/** Where the programs of a module go once they are built: another pin, another directory. */
export function cacheDir({ name, dir }: ToolModule): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(dir, file)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'sluice', `${name}-${hash.digest('hex').slice(0, 16)}`);
}
