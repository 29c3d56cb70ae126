import type { Assignment } from '../delivery.ts';

/** Namespace of the Rollout: the Promotion's, unless the target names another one. */
export function namespaceOf({ promotion, target }: Pick<Assignment, 'promotion' | 'target'>): string {
  return target.rollout.namespace ?? promotion.namespace;
}

/** Why a Rollout in this namespace cannot be seen, with what to do; undefined: it can, if it exists. */
export function outOfReach(
  namespace: string,
  name: string,
  namespaces: readonly string[] | undefined,
): string | undefined {
  if (!namespaces || namespaces.includes(namespace)) return undefined;
  return `Rollout ${namespace}/${name} is in a namespace that this operator does not work in: add ${namespace} to its --namespaces (value \`namespaces\` of the chart)`;
}
