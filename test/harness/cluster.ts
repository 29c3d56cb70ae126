import { join } from 'node:path';
import { Api } from './api.ts';
import { type AuditEvent, auditEvents } from './audit.ts';
import { runKubectl } from './kubectl.ts';
import type { Ran } from './ran.ts';
import { type Tokens, tokenOf, type UserName, writeKubeconfig } from './users.ts';

/** All that is needed to reach a control plane, as plain data: it passes from process to process as JSON. */
export interface ClusterFacts {
  url: string;
  /** base64 of the PEM bundle that signs the API server's certificate, as in a kubeconfig. */
  caData: string;
  tokens: Tokens;
  /** Temporary directory of the run, for kubeconfigs and caches. */
  dir: string;
  /** Where etcd answers, in the clear: for tools that put many objects in place at once. */
  etcdUrl: string;
  /** Path of the audit log of what the operator and Argo CD ask. */
  auditLog: string;
  /** Path of the real kubectl. */
  kubectl: string;
}

/** Access to a control plane as anybody of the cast (users.ts). */
export class Cluster {
  readonly facts: ClusterFacts;
  readonly #clients = new Map<UserName, Api>();

  constructor(facts: ClusterFacts) {
    this.facts = facts;
  }

  get url(): string {
    return this.facts.url;
  }

  /** base64 of the PEM bundle that signs the API server's certificate. */
  get caData(): string {
    return this.facts.caData;
  }

  /** Client that may do anything. */
  get api(): Api {
    return this.apiAs('admin');
  }

  /** Client that speaks as `user`. */
  apiAs(user: UserName): Api {
    const known = this.#clients.get(user);
    if (known) return known;
    const { url, caData, tokens } = this.facts;
    const client = new Api({ url, caData, token: tokenOf(tokens, user) });
    this.#clients.set(user, client);
    return client;
  }

  /** Path of a kubeconfig that speaks as `user`. */
  kubeconfigFor(user: UserName): string {
    const { dir, url, caData, tokens } = this.facts;
    return writeKubeconfig(dir, { url, caData, user, token: tokenOf(tokens, user) });
  }

  /** What the operator, or Argo CD, has asked of the API server so far, and what it was answered. */
  audited(who: 'operator' | 'argocd' = 'operator'): AuditEvent[] {
    return auditEvents(this.facts.auditLog, who);
  }

  /** Runs the real kubectl as `user` (admin unless given); a refusal is in the result, not thrown. */
  kubectl(args: readonly string[], options: { user?: UserName; input?: string } = {}): Promise<Ran> {
    const { user = 'admin', input } = options;
    return runKubectl(args, {
      command: this.facts.kubectl,
      kubeconfig: this.kubeconfigFor(user),
      cacheDir: join(this.facts.dir, `kubectl-${user}`),
      ...(input !== undefined && { input }),
    });
  }

  /** Creates a namespace, unless it exists. */
  async createNamespace(name: string): Promise<void> {
    if (await this.api.find(`/api/v1/namespaces/${name}`)) return;
    await this.api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
}
