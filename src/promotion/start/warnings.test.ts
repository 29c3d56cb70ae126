import { describe, expect, test } from '@jest/globals';
import { newJudgement } from '../../analysis/judge.ts';
import type { Input } from '../input.ts';
import { type Chosen, matched } from './preflight.ts';
import { World } from '../testing/world.ts';
import { chosen } from './turn.ts';
import { warningsOf } from './warnings.ts';

/** The warnings of a preflight in which the gate has counted so many requests to the stable version. */
function warned(samples: number, change: (input: Input, c: Chosen) => void = () => {}): string[] {
  const world = new World({ gate: { deadlineSeconds: 60 } });
  if (world.gate.spec.prometheus)
    world.gate.spec.prometheus.minSamples = { query: 'sum(increase(x[{{ stepSeconds }}s]))', atLeast: 100 };
  const answered = {
    ...newJudgement('preflight', world.now),
    last: { at: 1, verdict: 'Pass' as const, value: 0, samples, message: '', query: '', tookMs: 1 },
  };
  const input: Input = { ...world.input(), judgement: () => answered, windowSeconds: () => 60 };
  const found = matched(input, chosen(input));
  if (typeof found === 'string') throw new Error(found);
  for (const c of found) change(input, c);
  return warningsOf(input, found);
}

describe('what preflight warns of', () => {
  test('traffic that does not fill the gate before its deadline, with how long it would take', () => {
    // Ten a minute, a fifth of them to the canary: 100 take 50 minutes.
    expect(warned(10).join()).toContain('50 min');
    expect(warned(6000).join()).not.toContain('minSamples');
  });

  test('old pods that are gone before the bake is over', () => {
    const early = warned(6000, (_, c) => Object.assign(c.view, { scaleDownDelaySeconds: 1 }));
    expect(early.join()).toContain('set scaleDownDelaySeconds to 5 or more');
    const late = warned(6000, (_, c) => Object.assign(c.view, { scaleDownDelaySeconds: 5 }));
    expect(late.join()).not.toContain('scaleDownDelaySeconds');
  });

  test('a gate that is not asked before a switch', () => {
    const late = warned(6000, (input, c) => {
      Object.assign(c.view, { firstWeight: undefined, steps: 1 });
      for (const binding of input.environment?.spec.gates ?? []) binding.fromWeight = 50;
    });
    expect(late.join()).toContain('leave fromWeight out');
  });

  test('a bake that nothing but comparisons guards', () => {
    const compared = warned(6000, (input) => {
      for (const gate of input.gates.values())
        Object.assign(gate.spec, { prometheus: undefined, compare: {} });
    });
    expect(compared.join()).toContain('bind a prometheus gate with a limit as well');
  });

  test.each([
    ['yesterday', 'yesterday is no time in RFC 3339'],
    ['2026-01-01', '2026-01-01 is no time in RFC 3339'],
    ['2999-01-01T00:00:00Z', 'lies ahead of the creation'],
    ['2020-01-01T00:00:00+01:00', undefined],
  ])('a time of the commit that cannot be: %s', (said, says) => {
    const warnings = warned(6000, (input) => {
      input.promotion.metadata.annotations = { 'sluice.dev/committed-at': said };
    });
    if (says === undefined) expect(warnings.join()).not.toContain('committed-at');
    else expect(warnings[0]).toContain(says);
  });

  test('what the delivery has to say, once', () => {
    const said = warned(6000, (_, c) => Object.assign(c.view, { warnings: ['look', 'look'] }));
    expect(said).toEqual(['look']);
  });
});
