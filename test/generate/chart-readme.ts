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
    const given = parse(lines.filter((l) => !l.startsWith('#')).join('\n')) as {
      apiGroups: string[];
      resources: string[];
      verbs: string[];
    }[];
    return given.map(
      ({ apiGroups, resources, verbs }) =>
        `| ${apiGroups.map((g) => g || 'core').join(', ')} | ${resources.join(', ')} | ${verbs.join(', ')} | ${why} |`,
    );
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

Besides, in every installation: it lists and watches ValidatingAdmissionPolicies and their bindings, which belong to no namespace; and in the namespace of the release it keeps the Lease \`sluice\` and the ConfigMap \`sluice-decision-trust\`. The admission policies, the CRDs and the ClusterRoles for people belong to the cluster as well: \`admission.install\`, \`crds.install\` and \`roles.create\` leave them to somebody else.
`,
  };
}
