import { CRDS } from '../../src/api/v1alpha1/crds.ts';
import { API_VERSION, type Kind } from '../../src/api/v1alpha1/names.ts';
import { cell } from './chart-readme.ts';
import type { Generated } from './files.ts';
import { type Definition, referenceIndex } from './reference-index.ts';
import { code, formOf, inner, prose, rulesOf, type Schema } from './schema-words.ts';

/* The reference of the API: one page for each kind, made from the schema that the API server has. */

/** What is read beside a page, and its example: links, so that nothing is told twice. */
const BESIDE: Record<Kind, { more: string; example: string }> = {
  Environment: {
    more: '[chains](../policy.md#chains), [windows and freezes](../policy.md#windows-and-freezes), [emergencies](../policy.md#emergencies), [Rollouts that others declare](../gitops.md)',
    example: '[examples/canary/environment.yaml](../../examples/canary/environment.yaml)',
  },
  Gate: {
    more: '[gates](../gates.md), [approval gates](../policy.md#approval-gates)',
    example: '[examples/canary/gate.yaml](../../examples/canary/gate.yaml)',
  },
  Promotion: {
    more: '[what it says](../../README.md#what-it-says), [policy](../policy.md), [the trail](../policy.md#the-trail)',
    example: '[examples/canary/promotion.yaml](../../examples/canary/promotion.yaml)',
  },
  Decision: {
    more: '[decisions and the rights that they need](../policy.md#decisions), [kubectl sluice](../kubectl-plugin.md), which writes them',
    example: 'the one in [docs/policy.md](../policy.md#decisions), which asks the cluster for a UID',
  },
};

/** Fields that Kubernetes gives to every object: their schema says nothing. */
const GIVEN: Readonly<Record<string, (kind: Kind) => string>> = {
  apiVersion: () => `Always ${code(API_VERSION)}.`,
  kind: (kind) => `Always ${code(kind)}.`,
  metadata: () => 'Name, namespace, labels and annotations, as every object of Kubernetes has them.',
};

/** A row for one field; a list or map of plain values has a second one for what is in it. */
function rowsOf(schema: Schema, path: string, need: string, meaning: string): string[] {
  const rules = schema.properties ? [] : rulesOf(schema);
  const below = inner(schema);
  const isPlain = below && !below.schema.properties;
  // The rules of a list of objects stand in the section of those objects.
  const said = below && !isPlain ? [meaning] : [meaning, ...rules.map((rule) => `Rule: ${rule}.`)];
  const row = `| ${[code(path), formOf(schema, path), need, said.join(' ')].map(cell).join(' | ')} |`;
  if (!below || !isPlain) return [row];
  const item = below.schema;
  return [row, ...rowsOf(item, path + below.ending, needOf(item, false), prose(item.description ?? ''))];
}

/** Whether a field has to be set, or what it is when it is not. */
function needOf(schema: Schema, isRequired: boolean): string {
  if (isRequired) return 'required';
  return schema.default === undefined ? '' : code(JSON.stringify(schema.default));
}

/** The table of an object's own fields. */
function tableOf(schema: Schema, prefix: string, kind: Kind): string {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const given = prefix === '' ? GIVEN[name]?.(kind) : undefined;
    const isRequired = given !== undefined || (schema.required ?? []).includes(name);
    const path = `${prefix}${name}`;
    return rowsOf(field, path, needOf(field, isRequired), given ?? prose(field.description ?? ''));
  });
  return `| field | type and limits | required, or default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** A section for each object at or below a node: what it is, its fields, its rules. */
function sectionsOf(node: Schema, path: string, kind: Kind, about = '', rules: string[] = []): string[] {
  const said = node.description ?? about;
  const asked = [...rules, ...rulesOf(node)];
  const below = inner(node);
  if (below) return sectionsOf(below.schema, path + below.ending, kind, said, asked);
  if (!node.properties) return [];
  const heading = `${path.includes('.') ? '###' : '##'} ${code(path)}`;
  const list =
    asked.length > 0
      ? `\nThe API server refuses what breaks one of these rules, in these words:\n\n- ${asked.join('\n- ')}\n`
      : '';
  return [
    `${heading}\n\n${prose(said)}\n\n${tableOf(node, `${path}.`, kind)}${list}`,
    ...Object.entries(node.properties).flatMap(([name, field]) => sectionsOf(field, `${path}.${name}`, kind)),
  ];
}

/** The page of one kind. */
export function referencePage(kind: Kind, schema: Schema): string {
  const { more, example } = BESIDE[kind];
  const sections = ['spec', 'status'].flatMap((name) => {
    const node = schema.properties?.[name];
    return node ? sectionsOf(node, name, kind) : [];
  });
  return `<!-- Made from src/api by \`make generate\`: change it there. -->
# ${kind}

${prose(schema.description ?? '')}

[All kinds, and how to read this](README.md). See also: ${more}.

${tableOf(schema, '', kind)}
${sections.join('\n')}
## Example

Tried in every test run: ${example}.
`;
}

/** `docs/reference/`. */
export function referenceFiles(): Generated[] {
  const kinds = CRDS.map(({ kind, definition }) => ({
    kind,
    definition: definition as unknown as Definition,
  }));
  const pages = kinds.map(({ kind, definition }) => {
    const [version] = definition.spec.versions;
    if (!version) throw new Error(`${kind} has no version`);
    return {
      path: `docs/reference/${kind.toLowerCase()}.md`,
      text: referencePage(kind, version.schema.openAPIV3Schema),
    };
  });
  return [...pages, { path: 'docs/reference/README.md', text: referenceIndex(kinds) }];
}
