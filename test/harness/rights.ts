import type { KubeObject } from './api.ts';
import { parseYaml } from './apply.ts';
import type { OperatorRequest } from './audit.ts';
import type { Cluster } from './cluster.ts';
import { CHART, helm } from './helm.ts';

/** A rule of a Role or ClusterRole. */
export interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** A Role or ClusterRole, as far as it says who may do what. */
export interface Role extends KubeObject {
  rules: Rule[];
}

/** The smallest right that can be taken away: one verb on one resource, in one rule of one role. */
export interface Right {
  role: string;
  /** Absent: everywhere. */
  namespace?: string;
  verb: string;
  group: string;
  resource: string;
  names?: string[];
}

/** The roles that the chart gives the operator, rendered as it is installed in the tests. */
export async function chartRoles(cluster: Cluster): Promise<Role[]> {
  const args = ['template', 'sluice', CHART, '--namespace', 'sluice-system', '--kube-version', '1.30.0'];
  const objects = parseYaml(await helm(cluster, [...args, '--set', 'crds.install=false']));
  return objects.filter(
    (o): o is Role =>
      ['Role', 'ClusterRole'].includes(o.kind) &&
      // Those for people are theirs.
      o.metadata.labels?.['app.kubernetes.io/component'] !== 'user-role',
  );
}

/** Every right that a role gives. */
export function rightsOf({ kind, metadata, rules }: Role): Right[] {
  const { name, namespace } = metadata;
  const where = { role: `${kind} ${name}`, ...(namespace !== undefined && { namespace }) };
  return rules.flatMap(({ apiGroups = [], resources = [], resourceNames: names, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => ({ ...where, verb, group, resource, ...(names && { names }) })),
      ),
    ),
  );
}

/** Whether this right allows that request. No wildcards: `*` is more than anybody uses, so it allows nothing here. */
function allows(right: Right, request: OperatorRequest): boolean {
  return (
    right.verb === request.verb &&
    right.group === request.group &&
    right.resource === request.resource &&
    (right.namespace === undefined || right.namespace === request.namespace) &&
    (right.names === undefined || (request.name !== undefined && right.names.includes(request.name)))
  );
}

const named = (names: readonly string[] | undefined): string => (names ? ` named ${names.join(', ')}` : '');

/**
 * What is wrong about the operator's rights, given what it asked for: a right that it lacks, and, where everything
 * ran that needs one (`complete`), a right that it never used. A refusal of what a rule allows, or of what was granted
 * another time, is none of that: the API server was starting and had not read its roles, or a test had taken them away.
 */
export function rightComplaints(
  roles: readonly Role[],
  requests: readonly OperatorRequest[],
  complete: boolean,
): string[] {
  const rights = roles.flatMap(rightsOf);
  const used = requests.filter((r) => !r.forbidden);
  const granted = new Set(used.map(whatOf));
  const refused = requests.filter(
    (r) => r.forbidden && !granted.has(whatOf(r)) && !rights.some((right) => allows(right, r)),
  );
  const lacking = new Set(
    refused.map((r) => `the operator may not ${whatOf(r)}: add the rule to the chart, or do without`),
  );
  const unused = complete ? rights.filter((right) => !used.some((r) => allows(right, r))) : [];
  return [
    ...lacking,
    ...unused.map(
      ({ role, verb, group, resource, names }) =>
        `${role} of the chart allows to ${verb} ${fullName(group, resource)}${named(names)}, which the operator never did: remove the verb, or add a test that needs it`,
    ),
  ];
}

const whatOf = ({ verb, group, resource, namespace }: OperatorRequest): string =>
  `${verb} ${fullName(group, resource)}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;

const fullName = (group: string, resource: string): string =>
  group === '' ? resource : `${resource} (${group})`;
