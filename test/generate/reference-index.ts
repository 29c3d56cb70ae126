import type { Column } from '../../src/api/crd.ts';
import { API_VERSION, type Kind, PLURALS } from '../../src/api/v1alpha1/names.ts';
import { VERBS } from '../../src/policy/policies.ts';
import { cell } from './chart-readme.ts';
import { code, joined, prose, type Schema } from './schema-words.ts';

/* The first page of the reference: what kinds there are, and what kubectl shows and selects of them. */

/** What the reference reads of a CRD. */
export interface Definition {
  spec: {
    scope: string;
    names: { plural: string; singular: string; shortNames?: string[]; categories?: string[] };
    versions: {
      name: string;
      additionalPrinterColumns: Column[];
      selectableFields?: { jsonPath: string }[];
      schema: { openAPIV3Schema: Schema };
    }[];
  };
}

/** A kind with its CRD. */
export interface Described {
  kind: Kind;
  definition: Definition;
}

const linked = (verbs: readonly string[]): string =>
  `[virtual verbs](../policy.md#decisions): ${joined([...new Set(verbs)].map(code), 'and')}`;

/** What besides the usual verbs a Role may give on a kind. */
const VIRTUAL: Record<Kind, string> = {
  Environment: linked([...Object.values(VERBS), 'emergency']),
  Gate: linked(['approve']),
  Promotion: 'no virtual verbs of its own: those on its Environment count',
  Decision: 'no virtual verbs of its own: those on its Environment, and on its Gate, count',
};

/** What kubectl and Roles make of one kind. */
function kindOf({ kind, definition: { spec } }: Described): string {
  const { plural, singular, shortNames = [], categories = [] } = spec.names;
  const [version] = spec.versions;
  if (!version) throw new Error(`${kind} has no version`);
  const { properties, description: about = '' } = version.schema.openAPIV3Schema;
  const isImmutable = properties?.['spec']?.['x-kubernetes-validations']?.some(
    ({ rule }) => rule === 'self == oldSelf',
  );
  const fields = (version.selectableFields ?? []).map(({ jsonPath }) => code(jsonPath.slice(1)));
  const columns = version.additionalPrinterColumns.map(({ name, jsonPath, description, priority }) =>
    [name, prose(description), code(jsonPath), priority ? '`-o wide`' : 'always'].map(cell).join(' | '),
  );
  return `## [${kind}](${kind.toLowerCase()}.md)

${prose(about)}

- ${code(plural)}, ${code(singular)}; short names: ${shortNames.map(code).join(', ') || 'none'}; categories: ${categories.map(code).join(', ') || 'none'}
- scope: ${spec.scope}${isImmutable ? '; the spec of one cannot be changed' : ''}
- selectable fields, besides name and namespace: ${fields.length > 0 ? joined(fields, 'and') : 'none'}
- ${VIRTUAL[kind]}

| column | meaning | from | shown |
| --- | --- | --- | --- |
| ${columns.join(' |\n| ')} |
`;
}

/** `docs/reference/README.md`. */
export function referenceIndex(kinds: readonly Described[]): string {
  const inOrder = Object.keys(PLURALS).flatMap((name) => kinds.filter(({ kind }) => kind === name));
  return `<!-- Made from src/api by \`make generate\`: change it there. -->
# API reference

Every field of ${code(API_VERSION)}, from the schemas in [crds/](../../crds) that the API server checks objects with. \`kubectl explain promotion.spec\` says the same of what is installed. What the conditions say is in [Argo CD](../argocd.md#health), reason by reason. What the operator takes on its command line is on [a page of its own](operator.md).

${inOrder.map(kindOf).join('\n')}
## How to read the pages

- A path has \`[]\` after a list and \`.<key>\` after a map. Each object has a section of its own.
- *required*: to be set wherever the object around it is there. A default is filled in by the API server; \`{}\` becomes the defaults of the object's own fields. Neither: it may be absent.
- *date-time*: a string as in RFC 3339, \`2026-01-02T03:04:05Z\`.
- *one for each*: of a list no two items have the same value there; server-side apply tells items apart by it. A *set* has no item twice.
- *Immutable*: an update that changes it is refused, with that message.
- What is under \`status\` is written by Sluice only.
`;
}
