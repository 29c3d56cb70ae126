import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CRDS } from '../../src/api/v1alpha1/crds.ts';
import type { Definition } from '../generate/reference-index.ts';
import { referenceFiles, referencePage } from '../generate/reference.ts';
import { anchorOf, formOf, type Schema } from '../generate/schema-words.ts';
import { rowsIn, untold } from '../harness/reference-doc.ts';

/* docs/reference, as it is committed, tells all that the schemas hold, and its links lead somewhere. */

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const KINDS = CRDS.map(({ kind, definition }) => ({ kind, definition: definition as unknown as Definition }));
const PAGES = KINDS.flatMap(({ kind, definition }) =>
  definition.spec.versions.map(({ schema }) => ({
    path: `docs/reference/${kind.toLowerCase()}.md`,
    schema: schema.openAPIV3Schema,
  })),
);

describe.each(PAGES)('$path', ({ path, schema }) => {
  const page = read(path);

  test('tells every field, with its values, limits, default, rules and meaning', () => {
    expect(rowsIn(page).length).toBeGreaterThan(20);
    expect(untold(schema, page)).toEqual([]);
  });

  test('without any one of its rows, rules or sections it would tell too little', () => {
    const lines = page.match(/^(\| `.*\||- .*|#+ `.*`)$/gm) ?? [];
    expect(lines.filter((line) => untold(schema, page.replace(line, '')).length === 0)).toEqual([]);
  });
});

/** A kind that has one of everything, also of what no kind has yet. */
const ODD: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      description: 'Says `a|b` or a|b of <this> and *that*.',
      required: ['mode'],
      properties: {
        mode: { type: 'string', enum: ['On', 'Off'], description: 'How.' },
        size: { type: 'integer', minimum: 2, maximum: 7, default: 5, description: 'How much.' },
        code: { type: 'string', minLength: 3, maxLength: 3, pattern: '^(a|b)$', description: 'Which.' },
        labels: {
          type: 'object',
          description: 'Words.',
          additionalProperties: { type: 'string', maxLength: 9, description: 'A word.' },
        },
        parts: {
          type: 'object',
          description: 'Parts.',
          additionalProperties: {
            type: 'object',
            properties: { at: { type: 'string', format: 'date-time', description: 'When.' } },
            'x-kubernetes-validations': [{ rule: 'self.at == oldSelf.at', message: 'at stays' }],
          },
        },
      },
    },
  },
};

describe('a schema of every form', () => {
  const page = referencePage('Gate', ODD);

  test('is told as a whole', () => {
    expect(untold(ODD, page)).toEqual([]);
    expect(page).toContain(String.raw`Says ${'`a|b`'} or a|b of \<this\> and \*that\*.`);
    expect(page).toContain('| `spec.mode` | `On` or `Off` | required | How. |');
    expect(page).toContain('| `spec.size` | integer, 2 to 7 | `5` | How much. |');
    expect(page).toContain(
      String.raw`| ${'`spec.code`'} | string, exactly 3 characters, pattern ${'`^(a\\|b)$`'} |  | Which. |`,
    );
    expect(page).toContain('| `spec.labels` | map of names to strings |  | Words. |');
    expect(page).toContain('| `spec.labels.<key>` | string, at most 9 characters |  | A word. |');
    expect(page).toContain('| `spec.parts` | map of names to [objects](#specpartskey) |  | Parts. |');
    expect(page).toContain('| `spec.parts.<key>.at` | date-time |  | When. |');
    expect(page).toContain('- **Immutable:** at stays');
  });

  test.each([
    ['another value', '`Off`', '`Of`', 'spec.mode: value Off'],
    ['another default', '`5`', '`6`', 'spec.size: default `5`'],
    ['nothing of what is required', '| required | How', '|  | How', 'spec.mode: required'],
    ['another limit', '2 to 7', '2 to 8', 'spec.size: limit 7'],
    ['another pattern', '^(a', '^(b', 'spec.code: pattern'],
    ['no meaning', ' How much. ', '  ', 'spec.size: description'],
    ['another rule', 'at stays', 'at goes', 'spec.parts.<key>: rule at stays'],
    ['another field', '| `spec.size` |', '| `spec.sized` |', 'spec.size: row'],
  ])('a page with %s is found out', (_, there, instead, told) => {
    expect(page).toContain(there);
    expect(untold(ODD, page.replace(there, instead))).toContain(told);
  });

  test('a keyword that the pages do not know is an error, and not left out', () => {
    const unknown = { type: 'integer', multipleOf: 5 };
    expect(() => formOf(unknown, 'spec.size')).toThrow('spec.size: the reference does not tell multipleOf');
  });
});

const rowOf = (text: string, name: string): string =>
  text.split('\n').find((line) => line.startsWith(`| ${name} |`)) ?? '';

test('the index tells every column and every selectable field of every kind', () => {
  const index = read('docs/reference/README.md');
  for (const { kind, definition } of KINDS) {
    const section = index.split(`\n## [${kind}]`)[1]?.split('\n## ')[0] ?? '';
    for (const version of definition.spec.versions) {
      const { additionalPrinterColumns: columns, selectableFields: fields = [] } = version;
      for (const { name, jsonPath } of columns) expect(rowOf(section, name)).toContain(`| \`${jsonPath}\` |`);
      for (const { jsonPath } of fields) expect(section).toContain(`\`${jsonPath.slice(1)}\``);
    }
  }
});

const anchors = (page: string): string[] =>
  (page.match(/^#+ .*$/gm) ?? []).map((heading) => anchorOf(heading.replace(/^#+ /, '')));

describe.each(referenceFiles())('the links of $path', ({ path, text }) => {
  test('each section has an anchor of its own', () => {
    expect(anchors(text).length).toBe(new Set(anchors(text)).size);
  });

  test('lead to what is there', () => {
    const links = [...text.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)#]*)#?([^)]*)\)/g)];
    expect(links.length).toBeGreaterThan(4);
    for (const [, to = '', anchor = ''] of links) {
      const file = to === '' ? path : join(dirname(path), to);
      expect(existsSync(join(root, file)) ? '' : file).toBe('');
      if (anchor !== '') expect(anchors(read(file))).toContain(anchor);
    }
  });

  test('an example is of that kind', () => {
    const [, manifest] = /## Example\n\n.*\]\(([^)#]+)/.exec(text) ?? [];
    const kind = /^# (\w+)$/m.exec(text)?.[1];
    if (manifest) expect(read(join(dirname(path), manifest))).toContain(`kind: ${kind}\n`);
    expect(manifest === undefined).toBe(path.endsWith('README.md'));
  });
});
