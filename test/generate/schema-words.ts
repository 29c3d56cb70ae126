import type { CelRule } from '../../src/api/v1alpha1/fields.ts';

/* What the schema of a CRD says, in words and Markdown for a cell of a table. */

/** A node of the schema of a CRD, as far as the schemas of this API go. */
export interface Schema {
  type: string;
  description?: string;
  format?: string;
  enum?: readonly string[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  additionalProperties?: Schema;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-validations'?: readonly CelRule[];
}

/** Keywords that the pages tell; a new one has to be told first. */
const TOLD: Record<keyof Schema, true> = {
  type: true,
  description: true,
  format: true,
  enum: true,
  default: true,
  minimum: true,
  maximum: true,
  minLength: true,
  maxLength: true,
  minItems: true,
  maxItems: true,
  pattern: true,
  required: true,
  properties: true,
  items: true,
  additionalProperties: true,
  'x-kubernetes-list-type': true,
  'x-kubernetes-list-map-keys': true,
  'x-kubernetes-validations': true,
};

/** Text as a span of code. */
export const code = (text: string): string => `\`${text}\``;

/** Words joined as a sentence has them: `a, b or c`. */
export function joined(words: readonly string[], last: string): string {
  const head = words.slice(0, -1).join(', ');
  return head === '' ? words.join('') : `${head} ${last} ${words.at(-1) ?? ''}`;
}

/** Text of a schema as Markdown: outside of its code spans nothing reads as HTML or emphasis. */
export function prose(text: string): string {
  return text
    .split('`')
    .map((part, i) => (i % 2 === 0 ? part.replaceAll(/[\\<>*_]/g, String.raw`\$&`) : part))
    .join('`');
}

/** The anchor that GitHub, and most that render Markdown, give to a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

/** The node below a list or a map, with what its path ends with. */
export function inner(schema: Schema): { ending: string; schema: Schema } | undefined {
  if (schema.items) return { ending: '[]', schema: schema.items };
  if (schema.additionalProperties) return { ending: '.<key>', schema: schema.additionalProperties };
  return undefined;
}

/** From one bound to the other, of `things`; empty where there is none. */
function range(from: number | undefined, to: number | undefined, things = ''): string {
  if (from !== undefined && from === to) return `exactly ${from}${things}`;
  if (from !== undefined && to !== undefined) return `${from} to ${to}${things}`;
  if (to !== undefined) return `at most ${to}${things}`;
  return from === undefined ? '' : `at least ${from}${things}`;
}

/** The type as Kubernetes has it; objects are links to their section, which `path` names. */
function typeOf(schema: Schema, path: string, many = ''): string {
  if (schema.enum) return joined(schema.enum.map(code), 'or');
  const below = inner(schema);
  if (below) {
    const set = schema['x-kubernetes-list-type'] === 'set';
    const what = schema.items ? `${set ? 'set' : 'list'}${many} of` : `map${many} of names to`;
    const item = below.schema.enum ? { type: below.schema.type } : below.schema;
    return `${what} ${typeOf(item, path + below.ending, 's')}`;
  }
  if (schema.properties) return `[object${many}](#${anchorOf(path)})`;
  if (schema.format === 'date-time') return many ? 'points in time' : 'date-time';
  if (schema.format !== undefined) throw new Error(`${path}: say what format ${schema.format} is`);
  return `${schema.type}${many}`;
}

/** The type of a field and its limits. */
export function formOf(schema: Schema, path: string): string {
  const unknown = Object.keys(schema).filter((keyword) => !(keyword in TOLD));
  if (unknown.length > 0) throw new Error(`${path}: the reference does not tell ${unknown.join(', ')} yet`);
  const keys = schema['x-kubernetes-list-map-keys'];
  return [
    typeOf(schema, path),
    range(schema.minimum, schema.maximum),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' items'),
    keys ? `one for each ${joined(keys.map(code), 'and')}` : '',
    schema.pattern === undefined ? '' : `pattern ${code(schema.pattern)}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** The rules of a node as sentences. */
export function rulesOf(schema: Schema): string[] {
  return (schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) => {
    return /\boldSelf\b/.test(rule) ? `**Immutable:** ${prose(message)}` : prose(message);
  });
}
