import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isNode, isScalar, type Pair, parse, parseDocument, type YAMLMap } from 'yaml';
import type { Generated } from './files.ts';

/* The chart's README: every value, with the comment that stands above it, and every right, with why it is needed. */

const chart = join(import.meta.dirname, '../../charts/sluice');
const read = (path: string): string => readFileSync(join(chart, path), 'utf8');

interface Row {
  name: string;
  fallback: string;
  meaning: string;
}

/** What may stand in a cell of a Markdown table. */
export const cell = (text: string): string =>
  text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');

const commentOf = (comment: string | null | undefined): string =>
  cell((comment ?? '').replaceAll(/^ /gm, ''));

/** One row for each leaf; the comment of a group stands with its first member, where YAML puts it. */
function rowsOf(map: YAMLMap, prefix = ''): Row[] {
  return map.items.flatMap((pair: Pair, i): Row[] => {
    const { key, value } = pair;
    if (!isScalar(key)) return [];
    const name = `${prefix}${String(key.value)}`;
    // Of the first key the comment is the map's.
    const meaning = commentOf(key.commentBefore ?? (i === 0 ? map.commentBefore : undefined));
    const isGroup = isMap(value) && value.items.length > 0 && !value.flow && !isFree(name);
    if (!isGroup) {
      const fallback: unknown = isNode(value) ? value.toJSON() : value;
      return [{ name, fallback: cell(`\`${JSON.stringify(fallback)}\``), meaning }];
    }
    const rows = rowsOf(value, `${name}.`);
    return meaning === '' ? rows : [{ name, fallback: '', meaning }, ...rows];
  });
}

/** Values that are Kubernetes' own form, and shown as a whole. */
const isFree = (name: string): boolean =>
  ['resources', 'podSecurityContext', 'securityContext'].includes(name);

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

const groupOf = ({ apiGroups }: Rule): string => apiGroups.map((g) => g || 'core').join(', ');

/** The rules that the operator is given, from the template that gives them. */
function rights(): string[] {
  const [, rules = ''] =
    /define "sluice\.rules" -\}\}\n([\s\S]*?)\{\{- end \}\}/.exec(read('templates/_helpers.tpl')) ?? [];
  const groups = rules
    .split(/^(?=#)/m)
    .map((part) => part.trim())
    .filter((part) => part.startsWith('#'));
  return groups.flatMap((group) => {
    const lines = group.split('\n');
    const why = cell(
      lines
        .filter((l) => l.startsWith('#'))
        .map((l) => l.slice(2))
        .join(' '),
    );
    const given = parse(lines.filter((l) => !l.startsWith('#')).join('\n')) as Rule[];
    return given.map(
      (rule) => `| ${groupOf(rule)} | ${rule.resources.join(', ')} | ${rule.verbs.join(', ')} | ${why} |`,
    );
  });
}

/** The rules that it is given besides, wherever it works: of each role that a comment explains. */
function rightsBesides(): string[] {
  const parts = read('templates/rbac.yaml').split('\n---\n');
  return parts.flatMap((part) => {
    const [, why, kind, rules = ''] =
      /^# (.+)\n[^]*\nkind: ((?:Cluster)?Role)\n[^]*\nrules:\n([^]*)$/.exec(part) ?? [];
    if (why === undefined) return [];
    const where = kind === 'Role' ? "the release's namespace" : 'the cluster';
    return (parse(rules) as Rule[]).map((rule) => {
      const names = rule.resourceNames?.join(', ') ?? 'any';
      const what = `${groupOf(rule)} | ${rule.resources.join(', ')} | ${names} | ${rule.verbs.join(', ')}`;
      return `| ${where} | ${what} | ${cell(why)} |`;
    });
  });
}

/** `charts/sluice/README.md`. */
export function chartReadme(): Generated {
  const { contents } = parseDocument(read('values.yaml'));
  if (!isMap(contents)) throw new Error('values.yaml is a map');
  const rows = rowsOf(contents).map(
    ({ name, fallback, meaning }) => `| \`${name}\` | ${fallback} | ${meaning} |`,
  );
  return {
    path: 'charts/sluice/README.md',
    text: `<!-- Made from values.yaml and templates/ by \`make generate\`: change it there. -->
# Helm chart of Sluice

\`\`\`sh
helm upgrade --install sluice charts/sluice --namespace sluice-system --create-namespace \\
  --set image.repository=<your repository> --set prometheusAddress=http://prometheus.monitoring.svc:9090
helm test sluice --namespace sluice-system   # the operator answers that it is ready
\`\`\`

Kubernetes 1.30 or newer. The CRDs are part of the release and outlive it. Sets of values that are tried in every test run: [ci/](ci).

## Values

| value | default | meaning |
| --- | --- | --- |
${rows.join('\n')}

## What the operator may do

In the namespaces of \`namespaces\`, or in the whole cluster where that is empty:

| group | resources | verbs | why |
| --- | --- | --- | --- |
${rights().join('\n')}

Besides, in every installation:

| where | group | resources | named | verbs | why |
| --- | --- | --- | --- | --- | --- |
${rightsBesides().join('\n')}

What the API server says of it: \`kubectl auth can-i --list --namespace <namespace> --as system:serviceaccount:sluice-system:sluice\`, which adds what every account may. The admission policies, the CRDs and the ClusterRoles for people belong to the cluster as well: \`admission.install\`, \`crds.install\` and \`roles.create\` leave them to somebody else.
`,
  };
}
