import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compareVersions } from './versions.ts';

test('versions compare as the numbers they are, beyond 2^53 too', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 2n ** 64n), fc.bigInt(1n, 2n ** 64n), (a, b) => {
      expect(Math.sign(compareVersions(`${a}`, `${b}`) ?? Number.NaN)).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test.each(['', '0', '007', '-1', '1.5', '0x10', 'abc', '12 ', '١٢'])('%j is not comparable', (version) => {
  expect(compareVersions(version, '5')).toBeUndefined();
  expect(compareVersions('5', version)).toBeUndefined();
});
