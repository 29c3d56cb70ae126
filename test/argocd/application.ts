import type { KubeObject } from '../harness/api.ts';
import { parseYaml } from '../harness/apply.ts';
import { blocks, pageAt } from '../harness/docs.ts';
import { ARGOCD } from './install.ts';

/** What Argo CD says of one object of an Application. */
export interface ResourceStatus {
  kind: string;
  name: string;
  status?: string;
  health?: { status: string; message?: string };
}

/** The parts of an Application that the tests read or write. */
export interface Application extends KubeObject {
  spec: {
    source: { repoURL: string; targetRevision: string; path: string };
    destination: { server: string; namespace: string };
    syncPolicy: { syncOptions: string[]; retry?: { limit: number }; [field: string]: unknown };
    [field: string]: unknown;
  };
  operation?: object;
  status?: {
    sync?: { status: string; revision?: string };
    health?: { status: string };
    resources?: ResourceStatus[];
    reconciledAt?: string;
    operationState?: {
      phase: string;
      message?: string;
      syncResult?: { resources?: { kind: string; name: string; status?: string; message?: string }[] };
    };
  };
}

/** Path of the Applications, or of one of them. */
export function applicationPath(name?: string): string {
  const collection = `/apis/argoproj.io/v1alpha1/namespaces/${ARGOCD}/applications`;
  return name === undefined ? collection : `${collection}/${name}`;
}

const NOTHING = { syncPolicy: { syncOptions: [] } };

/** How an Application differs from that of the documentation. */
export interface ApplicationOptions {
  syncOptions?: readonly string[];
  retry?: { limit: number };
  /** Nothing of what docs/gitops.md says about the image. */
  notIgnoring?: boolean;
}

/**
 * The Application that users are told to have: the layout of docs/argocd.md, and for the Rollout in it what
 * docs/gitops.md says. Its namespace is called as it is.
 */
export function applicationOf(name: string, repoURL: string, options: ApplicationOptions = {}): Application {
  const layout = toldIn('docs/argocd.md');
  const { syncOptions = [], retry, notIgnoring = false } = options;
  const { syncPolicy, ...ignoring } = notIgnoring ? NOTHING : toldIn('docs/gitops.md').spec;
  return {
    ...layout,
    metadata: { name, namespace: ARGOCD },
    spec: {
      ...layout.spec,
      ...ignoring,
      source: { ...layout.spec.source, repoURL },
      destination: { ...layout.spec.destination, namespace: name },
      syncPolicy: {
        ...layout.spec.syncPolicy,
        ...syncPolicy,
        syncOptions: [...syncPolicy.syncOptions, ...syncOptions],
        ...(retry && { retry }),
      },
    },
  };
}

/** The first Application on a page. */
function toldIn(path: string): Application {
  const found = blocks(pageAt(path), 'yaml')
    .flatMap(parseYaml)
    .find(({ kind }) => kind === 'Application');
  if (!found) throw new Error(`${path} has no Application`);
  return found as Application;
}
