import type { Schema } from '../generate/schema-words.ts';

/*
 * Reads a page of docs/reference as a person does, and asks it for all that a schema holds. It shares nothing with what
 * makes the pages but the form of a schema.
 */

interface Row {
  form: string;
  need: string;
  meaning: string;
}

/** Every row of a page that tells a field, as it stands. */
export const rowsIn = (page: string): string[] => page.match(/^\| `.*\|$/gm) ?? [];

/** The rows by the path of their field; cells are told apart by pipes that are not escaped. */
function fieldsIn(page: string): Map<string, Row> {
  return new Map(
    rowsIn(page).map((row) => {
      const [path = '', form = '', need = '', meaning = ''] = row
        .slice(2, -2)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll(String.raw`\|`, '|'));
      return [path.replaceAll('`', ''), { form, need, meaning }];
    }),
  );
}

/** Of Markdown and of a schema's text, what is the same in both. */
const letters = (text: string): string => text.replaceAll(/[\\`]|\s+/g, '');

/** Numbers of a schema, as a page has them. */
const limitsOf = (s: Schema): string[] =>
  [s.minimum, s.maximum, s.minLength, s.maxLength, s.minItems, s.maxItems].flatMap((limit) =>
    limit === undefined ? [] : [String(limit)],
  );

/** Kubernetes itself wants these of every object, and no schema says so. */
const GIVEN = ['apiVersion', 'kind', 'metadata'];

/** What the row of one field fails to tell of it. */
function lacking(schema: Schema, row: Row, isRequired: boolean, isGiven: boolean): string[] {
  const lacks: string[] = [];
  const numbers = row.form.split(/[ ,]+/);
  const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  if (row.meaning === '' || !letters(row.meaning).includes(letters(schema.description ?? '')))
    lacks.push('description');
  if (!isGiven && !schema.description) lacks.push('description in the schema');
  for (const value of schema.enum ?? []) if (!row.form.includes(`\`${value}\``)) lacks.push(`value ${value}`);
  for (const limit of limitsOf(schema)) if (!numbers.includes(limit)) lacks.push(`limit ${limit}`);
  if (schema.pattern && !row.form.includes(`\`${schema.pattern}\``)) lacks.push('pattern');
  if (!isGiven && row.need !== (isRequired ? 'required' : fallback))
    lacks.push(isRequired ? 'required' : `default ${fallback}`);
  return lacks;
}

/** Where the rules of a node stand: in the section of the object, or of those in the list, or else in its row. */
function placeOf(node: Schema, path: string, page: string, row: Row | undefined): string {
  const below = node.items ?? node.additionalProperties;
  if (below?.properties) return placeOf(below, `${path}${node.items ? '[]' : '.<key>'}`, page, row);
  if (!node.properties) return row?.meaning ?? '';
  return page.split(`# \`${path}\`\n`)[1]?.split('\n#')[0] ?? '';
}

/** What a page fails to tell of a schema, and what it tells that is not there: `<path>: <what>`. */
export function untold(schema: Schema, page: string): string[] {
  const fields = fieldsIn(page);
  const lacks: string[] = [];

  const visit = (node: Schema, path: string, isRequired: boolean): void => {
    for (const { message } of node['x-kubernetes-validations'] ?? [])
      if (!letters(placeOf(node, path, page, fields.get(path))).includes(letters(message)))
        lacks.push(`${path}: rule ${message}`);
    const isInside = /(\[\]|\.<key>)$/.test(path);
    if (path !== '' && node.properties && !page.includes(`# \`${path}\`\n`)) lacks.push(`${path}: section`);
    // What a list of objects holds has a section and no row.
    if (path !== '' && !(node.properties && isInside)) {
      const row = fields.get(path);
      fields.delete(path);
      const isGiven = GIVEN.includes(path);
      const found = row ? lacking(node, row, isRequired, isGiven) : ['row'];
      lacks.push(...found.map((what) => `${path}: ${what}`));
    }
    for (const [name, field] of Object.entries(node.properties ?? {}))
      visit(field, path === '' ? name : `${path}.${name}`, (node.required ?? []).includes(name));
    if (node.items) visit(node.items, `${path}[]`, false);
    if (node.additionalProperties) visit(node.additionalProperties, `${path}.<key>`, false);
  };
  visit(schema, '', true);
  return [...lacks, ...[...fields.keys()].map((path) => `${path}: no such field`)];
}
