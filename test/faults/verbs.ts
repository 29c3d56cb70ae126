import type { ApiRequest } from '../harness/fault-exchange.ts';
import { type Role, rightsOf } from '../harness/rights.ts';
import type { Where } from './wheres.ts';

/*
 * Every verb that the operator uses on every resource, and where it is hit. The list is held against the rights that
 * the chart gives: who gives a right says here in which scene a fault hits it.
 */

/** A request of the operator, and where it happens. */
export interface Use {
  verb: ApiRequest['verb'];
  /** With the subresource: `promotions/status`. */
  resource: string;
  where: Where;
}

const uses = (where: Where, ...asked: [ApiRequest['verb'], ...string[]][]): Use[] =>
  asked.flatMap(([verb, ...resources]) => resources.map((resource) => ({ verb, resource, where })));

/** Writes, each with all that can go wrong with a write. */
export const WRITES: readonly Use[] = [
  ...uses(
    'bad',
    ['patch', 'promotions/status', 'promotions', 'environments/status', 'environments'],
    ['patch', 'rollouts', 'rollouts/status'],
    ['create', 'controllerrevisions', 'events'],
    ['delete', 'controllerrevisions'],
  ),
  // What only a good one has: its advances, and its end.
  ...uses(
    'good',
    ['patch', 'promotions/status', 'environments/status', 'environments', 'rollouts', 'rollouts/status'],
    ['delete', 'controllerrevisions'],
  ),
  ...uses('takenBack', ['create', 'promotions']),
  ...uses('edited', ['patch', 'events']),
  ...uses('short-lived', ['patch', 'gates/status', 'decisions/status']),
  ...uses('short-lived', ['delete', 'promotions', 'decisions']),
  // Never but as a dry run.
  ...uses('short-lived', ['create', 'decisions']),
  ...uses('short-lived', ['create', 'leases', 'configmaps', 'selfsubjectreviews'], ['update', 'leases']),
  ...uses('mistrusted', ['patch', 'configmaps']),
];

/** Reads of one object, or, as of pods, of few. */
export const READS: readonly Use[] = [
  ...uses('aborted', ['get', 'controllerrevisions']),
  ...uses('bad', ['get', 'rollouts']),
  ...uses('good', ['get', 'rollouts']),
  ...uses('asked', ['get', 'secrets']),
  ...uses('short-lived', ['get', 'leases', 'configmaps']),
  ...uses('tagged', ['list', 'pods']),
];

const WATCHED = [
  'promotions',
  'environments',
  'gates',
  'decisions',
  'rollouts',
  'replicasets',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
] as const;

/** What is hit all at once, in one case: an operator that starts lists, and one whose watches end opens them again. */
export const EACH: Partial<Record<ApiRequest['verb'], readonly string[]>> = {
  list: [...WATCHED, 'controllerrevisions'],
  watch: WATCHED,
};

/** No role gives it: whoever is known to the API server may ask who they are. */
const EVERYBODYS = 'create selfsubjectreviews';

/** What is wrong about the list: a right that no fault hits, and a request that no right allows. */
export function missedRights(roles: readonly Role[]): string[] {
  const given = new Set(roles.flatMap(rightsOf).map(({ verb, resource }) => `${verb} ${resource}`));
  const each = Object.entries(EACH).flatMap(([verb, all]) => all.map((resource) => `${verb} ${resource}`));
  const hit = new Set([...WRITES, ...READS].map(({ verb, resource }) => `${verb} ${resource}`).concat(each));
  return [
    ...[...given]
      .filter((right) => !hit.has(right))
      .map((right) => `no fault hits ${right}: say in test/faults/verbs.ts where it happens`),
    ...[...hit]
      .filter((right) => right !== EVERYBODYS && !given.has(right))
      .map((right) => `the chart does not allow to ${right}: take it out of test/faults/verbs.ts`),
  ];
}
