import type { Decision, DecisionSpec } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from './api.ts';
import type { Cluster } from './cluster.ts';
import { sluicePath } from './promotions.ts';
import type { Rule } from './rights.ts';
import { until } from './until.ts';
import { type UserName, USERS } from './users.ts';

/** A ClusterRole of the chart for people. */
export type ChartRole = 'viewer' | 'editor' | 'policy-owner' | 'approver' | 'release-operator' | 'bypasser';

const RBAC = 'rbac.authorization.k8s.io';

/** Gives somebody of the cast these rights in a namespace: roles of the chart, or rules of a Role of one's own. */
export async function entitle(
  { api }: Cluster,
  namespace: string,
  user: UserName,
  ...rights: (ChartRole | Rule[])[]
): Promise<void> {
  const path = `/apis/${RBAC}/v1/namespaces/${namespace}`;
  for (const [i, right] of rights.entries()) {
    const name = typeof right === 'string' ? `${user}-${right}` : `${user}-own-${i}`;
    if (typeof right !== 'string')
      await api.create(`${path}/roles`, {
        apiVersion: `${RBAC}/v1`,
        kind: 'Role',
        metadata: { name },
        rules: right,
      });
    const roleRef =
      typeof right === 'string'
        ? { apiGroup: RBAC, kind: 'ClusterRole', name: `sluice-${right}` }
        : { apiGroup: RBAC, kind: 'Role', name };
    await api.create(`${path}/rolebindings`, {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef,
      subjects: [{ kind: 'User', apiGroup: RBAC, name: USERS[user].username }],
    });
  }
  // The API server learns of them by a watch of its own.
  await until(`${user} may decide in ${namespace}`, async () => {
    const review = await api.create<{ status: { allowed: boolean } }>(
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: USERS[user].username,
          groups: USERS[user].groups,
          resourceAttributes: {
            namespace,
            group: 'sluice.dev',
            ...firstOf(rights.at(-1)),
          },
        },
      },
    );
    return review.status.allowed;
  });
}

/** Something that the right gives, to see whether it is in force. */
function firstOf(right: ChartRole | Rule[] | undefined): { verb: string; resource: string; name?: string } {
  if (right === 'viewer') return { verb: 'get', resource: 'decisions' };
  if (right === 'editor') return { verb: 'create', resource: 'promotions' };
  if (right === 'policy-owner') return { verb: 'create', resource: 'gates' };
  if (right === undefined || typeof right === 'string') return { verb: 'create', resource: 'decisions' };
  const [{ verbs, resources, resourceNames } = { verbs: [] }] = right;
  return {
    verb: verbs[0] ?? '',
    resource: resources?.[0] ?? '',
    ...(resourceNames?.[0] !== undefined && { name: resourceNames[0] }),
  };
}

/**
 * Waits until the operator takes for proven who creates something: for some seconds after the admission policies have
 * come it does not yet, and whoever has asked for a promotion in them stays nobody to it.
 */
export async function untilProven({ api }: Cluster): Promise<void> {
  await until('who asks and who decides is proven', async (seen) => {
    const record = await api.get<{ data: { since: string } }>(
      '/api/v1/namespaces/sluice-system/configmaps/sluice-decision-trust',
    );
    seen(record.data.since);
    // Times of creation are whole seconds, rounded down.
    return Date.now() >= Date.parse(record.data.since) + 1000;
  });
}

/** A Decision as it is sent. */
export function decisionOf(name: string, spec: Partial<DecisionSpec>, metadata: object = {}): object {
  return { apiVersion: 'sluice.dev/v1alpha1', kind: 'Decision', metadata: { name, ...metadata }, spec };
}

/** Somebody of the cast decides, in their own name. */
export function decideAs(
  cluster: Cluster,
  namespace: string,
  user: UserName,
  name: string,
  spec: Omit<Partial<DecisionSpec>, 'by'>,
): Promise<KubeObject> {
  const { username: by } = USERS[user];
  return cluster.apiAs(user).create(sluicePath(namespace, 'decisions'), decisionOf(name, { by, ...spec }));
}

/** Waits until a Decision says what became of it: `True Used`, `False SelfApproval`. */
export function fateOf(cluster: Cluster, namespace: string, name: string): Promise<string> {
  return until(`Decision ${name} has its fate`, async () => {
    const found = await cluster.api.get<Decision & KubeObject>(sluicePath(namespace, 'decisions', name));
    const accepted = found.status?.conditions?.find((c) => c.type === 'Accepted');
    return accepted && accepted.status !== 'Unknown' && `${accepted.status} ${accepted.reason}`;
  });
}
