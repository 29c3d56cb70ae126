import { describe, expect, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import * as fc from 'fast-check';
import { checkQuery } from './promql.ts';
import { parseTemplate, placeholderVars, TemplateError, type TemplateVars } from './template.ts';

const vars: TemplateVars = {
  targetNamespace: 'shop',
  rollout: 'check.out',
  target: 'checkout',
  environment: 'prod',
  promotion: 'checkout-1.4.2',
  canaryHash: '7d9f',
  stableHash: '5c6b',
  weight: 20,
  stepSeconds: 75,
  args: { code: '5..', window: '1h30m', limit: '0.5', quote: '"', name: 'a b' },
};

describe('a template becomes a query', () => {
  test.each<[string, string]>([
    ['up{hash="{{ canaryHash }}"}', 'up{hash="7d9f"}'],
    ["up{hash='{{stableHash}}'}", "up{hash='5c6b'}"],
    ['rate(x[{{ stepSeconds }}s]) * {{ weight }}', 'rate(x[75s]) * 20'],
    ['rate(x[{{ args.window }}]) > {{ args.limit }}', 'rate(x[1h30m]) > 0.5'],
    ['x{code=~"{{ args.code }}"}', 'x{code=~"5.."}'],
    ['x{pod=~"{{ rollout }}-{{ canaryHash }}-.+"}', 'x{pod=~"check\\\\.out-7d9f-.+"}'],
    ['x{pod!~ "{{ rollout }}"}', 'x{pod!~ "check\\\\.out"}'],
    ['x{pod="{{ rollout }}"}', 'x{pod="check.out"}'],
    ['x{a="{{ args.quote }}", b=\'{{ args.quote }}\'}', 'x{a="\\"", b=\'"\'}'],
    ['x{a="\\"{{ args.name }}\\x41{{ weight }}"}', 'x{a="\\"a b\\x4120"}'],
    ['x # {{ of no interest }} "\n/ y{a="#{{ weight }}"}', 'x \n/ y{a="#20"}'],
    ['x{a=`"`, b="{{ weight }}"}', 'x{a=`"`, b="20"}'],
    ['no variables', 'no variables'],
  ])('%s is %s', (text, query) => {
    expect(parseTemplate(text).render(vars)).toBe(query);
  });

  test('the variables in it are known', () => {
    expect([...parseTemplate('x{a="{{ target }}{{ args.code }}{{ target }}"}').uses]).toEqual([
      'target',
      'args.code',
    ]);
  });
});

describe('a template that cannot be used', () => {
  test.each<[string, string]>([
    [
      'x{a="{{ canary }}"}',
      'Unknown variable {{ canary }}; there are targetNamespace, rollout, target, environment, promotion, canaryHash, stableHash, weight, stepSeconds, args.<name>',
    ],
    ['x{a="{{ args }}"}', 'Unknown variable {{ args }}'],
    ['x{a="{{ args.a.b }}"}', 'Unknown variable {{ args.a.b }}'],
    ['x{a="{{}}"}', 'Unknown variable {{  }}'],
    ['x{a="{{{ target }}"}', 'Unknown variable {{ { target }}'],
    ['x{a="{{ target"}', 'The {{ at character 6 has no }}'],
    ['x{a=`{{ target }}`}', 'stands in backticks, where nothing can be escaped; use double quotes'],
    ['sum by ({{ target }}) (x)', 'stands outside of a string; write it in double quotes'],
    ['x{a="\\{{ target }}"}', 'The \\ at character 6 runs into a variable'],
    ['x{a="\\x4{{ target }}"}', 'The \\ at character 6 runs into a variable'],
  ])('%s', (text, message) => {
    expect(() => parseTemplate(text)).toThrow(TemplateError);
    expect(() => parseTemplate(text)).toThrow(message);
  });
});

describe('values that do not fit', () => {
  test.each<[string, Partial<TemplateVars>, string]>([
    ['x{a="{{ args.nope }}"}', {}, 'There is no argument for {{ args.nope }}'],
    ['x{a="{{ args.constructor }}"}', {}, 'There is no argument for {{ args.constructor }}'],
    ['x > {{ args.name }}', {}, 'is no number or duration'],
    ['x[{{ stepSeconds }}s]', { stepSeconds: 1.5 }, '{{ stepSeconds }} is no integer'],
    ['x * {{ weight }}', { weight: Number.NaN }, '{{ weight }} is no integer'],
  ])('%s', (text, over, message) => {
    expect(() => parseTemplate(text).render({ ...vars, ...over })).toThrow(TemplateError);
    expect(() => parseTemplate(text).render({ ...vars, ...over })).toThrow(message);
  });
});

test('a template is checked with placeholders, whatever its arguments are called', () => {
  const template = parseTemplate('rate(x{a="{{ args.anything }}"}[{{ args.window }}]) > {{ args.limit }}');
  expect(checkQuery(template.render(placeholderVars))).toEqual({});
});

/** What the server makes of a string literal: prometheus/util/strutil/quote.go, for the escapes that exist. */
function unquoted(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(u[0-9a-f]{4}|.)/gsu, (_, escape: string) => {
    if (escape.startsWith('u')) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if ('\\"\''.includes(escape)) return escape;
    throw new Error(`unknown escape \\${escape}`);
  });
}

describe('whatever a value contains', () => {
  const nasty = fc.constantFrom(
    '"',
    "'",
    '\\',
    '`',
    '{',
    '}',
    '{{',
    '}}',
    ',',
    '\n',
    '\r',
    '\u0000',
    '\u007f',
    '\u0085',
    '\u2028',
    '#',
    '=~',
    ')',
    ' or vector(0)',
    '\ud800',
    'é',
    '😀',
    'a',
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(nasty, { maxLength: 20 }).map((pieces) => pieces.join('')),
  );

  test.each([
    ['a label in double quotes', 'sum(rate(x{a="{{ args.v }}", b="kept"}[1m]))', 0],
    ['a label in single quotes', "sum(rate(x{a='{{ args.v }}', b='kept'}[1m]))", 0],
    ['a pattern', 'sum(rate(x{a=~"{{ args.v }}", b="kept"}[1m]))', 0],
    ['part of a label', 'sum(rate(x{a="pre-{{ args.v }}", b="kept"}[1m]))', 4],
  ])('it stays one value in %s', (_, text, prefix) => {
    const template = parseTemplate(text);
    fc.assert(
      fc.property(value, (v) => {
        const query = template.render({ ...vars, args: { v } });
        expect(checkQuery(query)).toEqual({});
        const literals: string[] = [];
        parser.parse(query).iterate({
          enter({ name, from, to }) {
            if (name === 'StringLiteral') literals.push(query.slice(from, to));
          },
        });
        expect(literals).toHaveLength(2);
        expect(unquoted(literals[0] ?? '').slice(prefix)).toBe(v.toWellFormed());
        // A raw line break would end the string for the server, though not for the editor's grammar.
        expect(literals[0]).not.toMatch(/[\p{Cc}]/u);
      }),
      { numRuns: 500 },
    );
  });

  test('a name matches only itself as a pattern', () => {
    const template = parseTemplate('x{a=~"{{ rollout }}"}');
    fc.assert(
      fc.property(fc.string(), fc.string(), (rollout, other) => {
        const literal = template.render({ ...vars, rollout }).slice('x{a=~'.length, -1);
        const pattern = new RegExp(`^(?:${unquoted(literal)})$`, 's');
        expect([pattern.test(rollout), pattern.test(other)]).toEqual([true, other === rollout]);
      }),
    );
  });

  test('in the open it is a number, a duration, or refused', () => {
    const template = parseTemplate('x > {{ args.v }}');
    const attempt = (v: string): string => {
      try {
        return template.render({ ...vars, args: { v } });
      } catch {
        return 'x > 0';
      }
    };
    fc.assert(fc.property(value, (v) => expect(attempt(v)).toMatch(/^x > [-\dsmhdwy.]+$/)));
  });
});
