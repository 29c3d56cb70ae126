import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { redactor } from './redact.ts';

const TOKEN = 'eyJhbGciOi.SECRET-part/of+it==';

describe('what a server says of a secret', () => {
  test.each([
    ['whole', `no ${TOKEN} here`, 'no *** here'],
    ['twice', `${TOKEN}, ${TOKEN}`, '***, ***'],
    ['cut off', `begins with ${TOKEN.slice(0, 12)}...`, 'begins with ***...'],
    ['its end', `ends with ${TOKEN.slice(-9)}`, 'ends with ***'],
    ['in capitals', TOKEN.toUpperCase(), '***'],
    ['beside letters that grow in lower case', `İİ${TOKEN}`, 'İİ***'],
    ['beside an emoji', `😀${TOKEN}😀`, '😀***😀'],
    ['with other spaces', 'a phrase\u0001of\t words', '***'],
    ['nothing', 'parse error at char 7', 'parse error at char 7'],
  ])('%s', (_, text, shown) => {
    expect(redactor([TOKEN, 'a phrase of words'])(text)).toBe(shown);
  });

  test('a short one goes as a whole', () => {
    expect(redactor(['abc', 'longer-than-eight'])('abc: abcd, ab')).toBe('***: ***d, ab');
  });

  test('without a secret all of it stays', () => {
    expect(redactor([])(TOKEN)).toBe(TOKEN);
  });
});

test('no eight characters of a secret are ever shown', () => {
  const secret = fc.string({
    minLength: 8,
    maxLength: 40,
    unit: fc.constantFrom(...'a b A B 0 1 - . _ ~ + / ='.split(' ')),
  });
  fc.assert(
    fc.property(
      secret,
      fc.string(),
      fc.string(),
      fc.nat(30),
      fc.nat(40),
      (secret, before, after, from, to) => {
        const shown = redactor([secret])(before + secret.slice(from, to) + after).toLowerCase();
        for (let at = 0; at + 8 <= secret.length; at++)
          expect(shown).not.toContain(secret.slice(at, at + 8).toLowerCase());
      },
    ),
  );
});
