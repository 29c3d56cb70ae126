import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { CHART } from './helm.ts';
import type { Rule } from './rights.ts';
import { serviceAccount, USERS } from './users.ts';

/** Where the chart's README says that the operator may do something. */
export type DocumentedPlace = 'its namespaces' | 'the cluster' | "the release's namespace";

/** What `SelfSubjectRulesReview` answers. */
interface RulesReview {
  status: {
    resourceRules: Rule[];
    nonResourceRules: { verbs: string[]; nonResourceURLs?: string[] }[];
    incomplete: boolean;
    evaluationError?: string;
  };
}

/** An account to which nothing is bound: what it may, every ServiceAccount may. */
const PLAIN = serviceAccount('default', 'plain').username;

/** The rights of a rule, each as `verb group/resource` or `verb group/resource named x`. */
function rightsIn({ apiGroups = [], resources = [], resourceNames = [], verbs }: Rule): string[] {
  const names = resourceNames.length > 0 ? resourceNames.map((name) => ` named ${name}`) : [''];
  return verbs.flatMap((verb) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => names.map((name) => `${verb} ${group || 'core'}/${resource}${name}`)),
    ),
  );
}

const distinct = (rights: readonly string[]): string[] => [...new Set(rights)].toSorted();

/** The rows of the table of a Markdown text that has this head. */
function rowsBelow(head: string, text: string): string[][] {
  const [, table] = text.split(`\n${head}\n`);
  if (table === undefined) throw new Error(`the chart's README has no table ${head}`);
  const lines = table.split('\n');
  const rows = lines.slice(1, lines.indexOf(''));
  return rows.map((row) => row.split('|').map((cell) => cell.trim()));
}

const words = (cell: string | undefined): string[] => (cell ?? '').split(', ');

/** What the tables of the chart's README, as it stands in the repository, let the operator do in these places. */
export function documentedRights(...places: readonly DocumentedPlace[]): string[] {
  const readme = readFileSync(join(CHART, 'README.md'), 'utf8');
  const own = rowsBelow('| group | resources | verbs | why |', readme).map(([, group, resources, verbs]) => ({
    where: 'its namespaces',
    group,
    resources,
    named: 'any',
    verbs,
  }));
  const besides = rowsBelow('| where | group | resources | named | verbs | why |', readme).map(
    ([, where, group, resources, named, verbs]) => ({ where, group, resources, named, verbs }),
  );
  const rows = [...own, ...besides].filter(({ where }) => places.some((place) => place === where));
  return distinct(
    rows.flatMap(({ group, resources, named, verbs }) =>
      rightsIn({
        apiGroups: words(group),
        resources: words(resources),
        resourceNames: named === 'any' ? [] : words(named),
        verbs: words(verbs),
      }),
    ),
  );
}

/** What the API server lists for an account in a namespace, as `kubectl auth can-i --list` asks it. */
async function listedFor(cluster: Cluster, account: string, namespace: string): Promise<string[]> {
  const apiVersion = 'authorization.k8s.io/v1';
  const path = `/apis/${apiVersion}/selfsubjectrulesreviews`;
  const { code, stdout, stderr } = await cluster.kubectl(
    ['create', '--raw', path, '--filename', '-', '--as', account],
    { input: JSON.stringify({ apiVersion, kind: 'SelfSubjectRulesReview', spec: { namespace } }) },
  );
  if (code !== 0) throw new Error(`no rules of ${account} in ${namespace}: ${stderr}`);
  const { status }: RulesReview = JSON.parse(stdout);
  // An authorizer that cannot list what it allows would make everything below a guess.
  if (status.incomplete)
    throw new Error(`the rules of ${account} are incomplete: ${status.evaluationError ?? 'no reason given'}`);
  return [
    ...status.resourceRules.flatMap(rightsIn),
    ...status.nonResourceRules.flatMap(({ verbs, nonResourceURLs = [] }) =>
      verbs.flatMap((verb) => nonResourceURLs.map((url) => `${verb} ${url}`)),
    ),
  ];
}

/** What the operator may do in a namespace, by the API server's own list, but for what every ServiceAccount may. */
export async function listedRights(cluster: Cluster, namespace: string): Promise<string[]> {
  const [operator, plain] = await Promise.all(
    [USERS.operator.username, PLAIN].map((account) => listedFor(cluster, account, namespace)),
  );
  const everybodys = new Set(plain);
  return distinct((operator ?? []).filter((right) => !everybodys.has(right)));
}
