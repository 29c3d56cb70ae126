import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LONGEST_MESSAGE, presentable } from './sample.ts';

test.each([
  ['line one\nVerdict: Pass', 'line one Verdict: Pass'],
  ['  tabs\tand\u0000nulls  ', 'tabs and nulls'],
  ['right\u202Eto left', 'right to left'],
])('%j is shown as %j', (text, expected) => {
  expect(presentable(text)).toBe(expected);
});

test('what is shown is short and has no control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      const shown = presentable(text);
      expect(shown.length).toBeLessThanOrEqual(LONGEST_MESSAGE);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u2028]/u);
    }),
  );
});
