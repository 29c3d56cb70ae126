import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LONGEST_STATE } from '../../analysis/sample.ts';
import { NO_EVIDENCE } from '../../analysis/sequential.ts';
import { advance, begin, decode, encode, type Look, type State } from './state.ts';

const look = (bad: number, total: number, stableBad: number, stableTotal: number): Look => ({
  canary: { bad, total },
  stable: { bad: stableBad, total: stableTotal },
});
const after = (...looks: Look[]): State => {
  const [first = look(0, 0, 0, 0), ...rest] = looks;
  return rest.reduce((state, next) => advance(state, next, 1.2), begin(first, 7));
};

describe('what is counted', () => {
  test('nothing at the first look, the increase afterwards', () => {
    expect(after(look(5, 100, 9, 1000)).counted).toEqual(look(0, 0, 0, 0));
    expect(after(look(5, 100, 9, 1000), look(6, 150, 9, 1500), look(8, 180, 12, 1700)).counted).toEqual(
      look(3, 80, 3, 700),
    );
  });

  test.each([
    ['canary requests', look(1, 3, 10, 1100)],
    ['canary failures', look(0, 120, 10, 1100)],
    ['stable requests', look(6, 120, 10, 900)],
    ['stable failures', look(6, 120, 2, 1100)],
  ])('a look at which %s fell counts nothing, and is the base of the next', (_, fallen) => {
    const before = after(look(0, 0, 0, 0), look(5, 100, 9, 1000));
    const state = advance(before, fallen, 1.2);
    expect([state.counted, state.evidence]).toEqual([before.counted, before.evidence]);
    const { canary, stable } = fallen;
    const next = look(canary.bad + 1, canary.total + 10, stable.bad, stable.total + 100);
    expect(advance(state, next, 1.2).counted).toEqual(look(6, 110, 9, 1100));
  });

  test('a pod that leaves a sum of many is no flood of failures', () => {
    // Prometheus would take the new value for the increase: 5400 requests and 95 failures in one look.
    const { counted } = after(look(0, 0, 100, 6000), look(0, 600, 95, 5400));
    expect(counted).toEqual(look(0, 0, 0, 0));
  });

  test('fractions wait until they are whole', () => {
    const state = after(look(0, 0, 0, 0), look(0.7, 10, 0, 10), look(1.4, 20, 0, 20));
    expect(state.counted.canary).toEqual({ bad: 1, total: 20 });
  });
});

const growth = fc.record({
  canary: fc.nat(500),
  canaryBad: fc.nat(20),
  stable: fc.nat(5000),
  stableBad: fc.nat(100),
});

test('however the looks are spread over the time (a restart skips some), the same is counted', () => {
  fc.assert(
    fc.property(
      fc.array(growth, { minLength: 1, maxLength: 20 }),
      fc.array(fc.boolean()),
      (steps, skipped) => {
        let at = look(3, 30, 4, 40);
        const looks = steps.map((g) => {
          const { canary, stable } = at;
          at = look(
            canary.bad + g.canaryBad,
            canary.total + g.canary,
            stable.bad + g.stableBad,
            stable.total + g.stable,
          );
          return at;
        });
        const some = looks.filter((_, i) => skipped[i] !== true || i === looks.length - 1);
        const first = look(3, 30, 4, 40);
        expect(after(first, ...some).counted).toEqual(after(first, ...looks).counted);
      },
    ),
  );
});

test('whatever the counters do, no more is counted than they ever rose by', () => {
  const four = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(four, { minLength: 1, maxLength: 20 }), (all) => {
      const looks = all.map((four) => look(...four));
      const { counted } = after(...looks);
      const rises = (of: (look: Look) => number): number =>
        looks.slice(1).reduce((sum, now, i) => sum + Math.max(0, of(now) - of(looks[i] ?? now)), 0);
      expect(counted.canary.bad).toBeLessThanOrEqual(rises((l) => l.canary.bad));
      expect(counted.canary.total).toBeLessThanOrEqual(rises((l) => l.canary.total));
      expect(counted.stable.bad).toBeLessThanOrEqual(rises((l) => l.stable.bad));
      expect(counted.stable.total).toBeLessThanOrEqual(rises((l) => l.stable.total));
    }),
  );
});

describe('as text', () => {
  const number = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true }).map((n) => n + 0);
  const state = fc.record({
    since: fc.nat(2 ** 31).map((n) => n * 1000),
    base: fc.tuple(number, number, number, number).map((four) => look(...four)),
    counted: fc.tuple(number, number, number, number).map((four) => look(...four)),
    evidence: fc.array(
      fc.double({ min: -1e16, max: 1e16, noNaN: true }).map((n) => Number((n + 0).toPrecision(9))),
      {
        minLength: NO_EVIDENCE.length,
        maxLength: NO_EVIDENCE.length,
      },
    ),
  });

  test('it comes back as it was, and has room in status', () => {
    fc.assert(
      fc.property(state, (state) => {
        const text = encode(state);
        expect(text.length).toBeLessThanOrEqual(LONGEST_STATE);
        expect(decode(text)).toEqual(state);
      }),
    );
  });

  test.each([
    '',
    'x',
    '{}',
    '[]',
    '[2,0,[0,0,0,0],[0,0,0,0],[0,0,0,0,0,0]]',
    '[1,0,[0,0,0,0],[0,0,0,0],[0]]',
    '[1',
  ])('%j is none', (text) => {
    expect(decode(text)).toBeUndefined();
  });
});
