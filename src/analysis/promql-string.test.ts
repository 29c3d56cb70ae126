import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { quoteRegex, readString, writeString } from './promql-string.ts';

test.each<[string, string | undefined]>([
  [String.raw`"a\"b\\c\n"`, 'a"b\\c\n'],
  [String.raw`'a\'b"c'`, 'a\'b"c'],
  ['`a\\n"`', 'a\\n"'],
  [String.raw`"\x41\101é\U0001F600"`, 'AAé😀'],
  ['""', ''],
  [String.raw`"\'"`, undefined],
  [String.raw`"\xff"`, undefined],
  [String.raw`"\377"`, undefined],
  [String.raw`"\ud83d"`, undefined],
  [String.raw`"\U00110000"`, undefined],
  [String.raw`"\N"`, undefined],
  [String.raw`"\X41"`, undefined],
  [String.raw`"a\"`, undefined],
  ['"a\nb"', undefined],
  ['`a\rb`', undefined],
  ['"a', undefined],
  ['"\ud800"', undefined],
])('%j means %j', (literal, value) => {
  expect(readString(literal)).toBe(value);
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      expect(readString(writeString(value))).toBe(value);
    }),
  );
});

test('a quoted regular expression matches its text and nothing else', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('ab.*+?()[]{}|^$\\"\n')) });
  fc.assert(
    fc.property(text, text, (value, other) => {
      const regex = new RegExp(`^(?:${quoteRegex(value)})$`, 'u');
      expect(regex.test(value)).toBe(true);
      expect(regex.test(other)).toBe(other === value);
    }),
  );
});
