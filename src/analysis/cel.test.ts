import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compileCondition, ExpressionError } from './cel.ts';

const types = {
  value: 'double',
  samples: 'double',
  ageSeconds: 'double',
  steps: 'int',
  args: 'map',
} as const;
const vars = { value: 0.02, samples: 60, ageSeconds: 4, steps: 3, args: { limit: '0.5', region: 'eu' } };

describe('a condition over numbers and arguments', () => {
  test.each<[string, boolean]>([
    ['value <= 0.01', false],
    ['value > 5', false],
    ['value < 1', true],
    ['value == 0', false],
    ['value < 1 && samples >= 50.0', true],
    ['ageSeconds < 30', true],
    ['steps == 3 && steps < 3.5', true],
    ['value < double(args.limit)', true],
    ['value < double(args["limit"])', true],
    ['has(args.nope) ? value < double(args.nope) : value < 1', true],
    ['args.region in ["eu", "us"]', true],
    ['"limit" in args', true],
    ['args.all(name, name.size() > 3)', true],
    ['value * 100.0 > 1.0', true],
    ['value < 1 && // a comment\n true', true],
    ['value > 0.0 / 0.0', false],
    ['value > 1 / 0 || true', true],
    [`args.region != "${'('.repeat(100)}" && // ${'['.repeat(100)}\n value < 1`, true],
  ])('%s is %s', (text, expected) => {
    expect(compileCondition(text, types).evaluate(vars)).toBe(expected);
  });

  test('names the variables it reads', () => {
    expect([...compileCondition('value < 1 && samples > 5', types).uses]).toEqual(['value', 'samples']);
  });
});

describe('is refused when it is compiled', () => {
  const cases: [string, string][] = [
    ['valeu > 1', 'Unknown variable `valeu`; there are value, samples, ageSeconds, steps, args'],
    ['value >', 'Syntax error at line 1, column 7: found >; an example: value <= 0.01'],
    ['', 'Syntax error at line 1, column 1: found end of input; an example: value <= 0.01'],
    ['value = 1', 'Syntax error at line 1, column 7: found =; an example: value <= 0.01'],
    ['value', 'The result is a number, not true or false'],
    ['value < 1 ? value : 0.0', 'The result is a number, not true or false'],
    ['value < 1 || samples', 'The result is a number, not true or false'],
    ['args.region + "x"', 'not true or false'],
    ['[value]', 'not true or false'],
    ['value > "x"', '`>` does not take (double, string)'],
    ['false && args.limit > 5', '`>` does not take (string, int)'],
    ['value * 100 > 5', 'in arithmetic write 100.0 for 100'],
    ['value.isNaN()', 'There is no function `isNaN`'],
    ['args.region.matches("^(a+)+$")', '`matches` is not available'],
    ['[1].map(a, [a].map(b, b)) == []', 'one macro (all, exists, map, filter ..) works on another'],
    ['[1].map(a, a).map(a, a) == []', 'one macro (all, exists, map, filter ..) works on another'],
    [`[${'0,'.repeat(400)}0].all(a, a + a + a + a + a + a == 0)`, 'works through too many list elements'],
    [`${'('.repeat(1000)}true`, 'nested deeper than 64 levels'],
    // The parser needs a second and more for any of these.
    ['('.repeat(500), 'nested deeper than 64 levels'],
    ['[1,'.repeat(250), 'nested deeper than 64 levels'],
    ['(-'.repeat(500), 'nested deeper than 64 levels'],
    ['(")"+'.repeat(200), 'nested deeper than 64 levels'],
    [`r"\\" + ${'(r"\\" + '.repeat(100)}`, 'nested deeper than 64 levels'],
    [`'''"''' + ${'('.repeat(100)}"`, 'nested deeper than 64 levels'],
    [`"""${'\\\\'.repeat(400)} + ${'('.repeat(100)}`, 'nested deeper than 64 levels'],
    [`1 // "\n + ${'('.repeat(100)}"`, 'nested deeper than 64 levels'],
    [`${'['.repeat(70)}${']'.repeat(70)} == []`, 'nested deeper than 64 levels'],
  ];
  test.each(cases.map(([text, message]) => [text.slice(0, 40), text, message]))('%s', (_, text, message) => {
    const compile = (): unknown => compileCondition(text, types);
    expect(compile).toThrow(ExpressionError);
    expect(compile).toThrow(message);
  });
});

describe('says why it could not be judged', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['args.nope == "x"', vars, 'There is no `nope`; add it, or ask has(args.name) first'],
    ['double(args.region) > 1.0', vars, 'double() of `eu`: no number'],
    ['double(args.empty) < 1.0', { args: { empty: '' } }, 'double() of ``: no number'],
    ['int(args.limit) == 0', vars, 'int() of `0.5`: no whole number'],
    ['ageSeconds < 30', { value: 1 }, 'A variable of the expression has no value here'],
    ['steps / (steps - 3) > 0', vars, 'CEL: int divide by zero'],
  ])('%s', (text, values, message) => {
    const condition = compileCondition(text, types);
    expect(() => condition.evaluate(values)).toThrow(ExpressionError);
    expect(() => condition.evaluate(values)).toThrow(message);
  });

  test('a variable of unknown type is judged only when it has a value', () => {
    const condition = compileCondition('answer.state', { answer: 'dyn' });
    expect(condition.evaluate({ answer: new Map([['state', true]]) })).toBe(true);
    expect(() => condition.evaluate({ answer: new Map([['state', 'up']]) })).toThrow('not true or false');
  });
});

test('whatever is written is true, false or an ExpressionError', () => {
  const pieces = [
    '(',
    '[',
    '{',
    '!(',
    '-(',
    '[1].map(a,',
    'args.all(k,',
    'a?',
    'value',
    '+',
    '1',
    '.x',
    '"',
    '||',
    ')',
    ']',
    ',0',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 200 }), (chosen) => {
      const text = chosen.join('').slice(0, 1024);
      const attempt = (): unknown => {
        try {
          return compileCondition(text, types).evaluate(vars);
        } catch (error) {
          return error instanceof ExpressionError;
        }
      };
      expect([true, false]).toContain(attempt());
    }),
    { numRuns: 300 },
  );
});
