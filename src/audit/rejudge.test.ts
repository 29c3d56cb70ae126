import { describe, expect, test } from '@jest/globals';
import { judge, newJudgement } from '../analysis/judge.ts';
import { gateSpec } from '../api/v1alpha1/gate.ts';
import type { Gate } from '../api/v1alpha1/types.ts';
import { resultOf } from '../promotion/gates.ts';
import { advance, begin, encode } from '../gates/compare/state.ts';
import { outcomeOf } from '../gates/compare/verdict.ts';
import { type AuditRecord, recordsOf, type Rule, ruleOf } from './records.ts';
import { type Placed, rejudge, type Rejudged } from './rejudge.ts';

/* What is judged again is what was put on record, by the code that puts it there. */

const AT = '2026-01-01T00:00:00.000Z';
const metadata = { name: 'g', namespace: 'shop', uid: 'g', resourceVersion: '1', creationTimestamp: AT };
const gateOf = (spec: object): Gate => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Gate',
  metadata,
  spec: gateSpec.parse({ count: 1, ...spec }),
});
const binding = { gate: 'g', when: 'During' as const, fromWeight: 0 };

type Look = Omit<Parameters<typeof judge>[1], 'at' | 'query' | 'tookMs'>;

/** A gate that has had these looks, as its record has it, judged again. */
function judgedAgain(gate: Gate, ...looks: Look[]): Rejudged | undefined {
  const { count, failureLimit } = gate.spec;
  const judgement = looks.reduce(
    (before, look, i) =>
      judge(before, { ...look, at: i, query: 'q', tookMs: 1 }, { count, failureLimit, intervalMs: 1 }, 0),
    newJudgement('1', 0),
  );
  const result = resultOf(gate, binding, 'checkout', 1, judgement);
  const promotion = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata,
    spec: { environment: 'prod' },
  } as const;
  const records = recordsOf(promotion, { gates: [result] }, [], { rule: () => ruleOf(gate, {}, 0) });
  const verdict = records.find((r) => r.kind === 'Verdict');
  return verdict && rejudge({ ...verdict, seq: 3, at: AT }, []);
}

describe('a condition on samples', () => {
  const gate = gateOf({
    prometheus: {
      query: 'q',
      pass: 'value <= 0.01 && samples >= 100.0',
      minSamples: { query: 'n', atLeast: 50 },
    },
    count: 3,
  });
  const look: Look = { verdict: 'Pass', value: 0, samples: 5000, message: 'ok' };

  test('is asked about what was counted, and not about how often it was looked', () => {
    expect(judgedAgain(gate, look, look, look)).toMatchObject({ agrees: true });
  });

  test('that it does not meet does not agree', () => {
    expect(judgedAgain(gate, look, look, { ...look, samples: 60 })).toMatchObject({ agrees: false });
  });

  test('cannot be asked where it is not on record how many there were', () => {
    const { samples: _, ...less } = look;
    expect(judgedAgain(gate, less, less, less)).toMatchObject({ agrees: undefined });
  });
});

describe('canary against stable', () => {
  const gate = gateOf({
    compare: {
      canary: { bad: 'a', total: 'b' },
      stable: { bad: 'c', total: 'd' },
      minSamples: { atLeast: 100 },
    },
  });
  const spec = gate.spec.compare;
  if (!spec) throw new Error('it compares');
  /** After one look at so many failures of 1,000 requests on each side. */
  const counted = (canary: number, stable: number): Look => {
    const nothing = { bad: 0, total: 0 };
    const first = begin({ canary: nothing, stable: nothing }, 0);
    const found = { canary: { bad: canary, total: 1000 }, stable: { bad: stable, total: 1000 } };
    const state = advance(first, found, spec.margin);
    return { ...outcomeOf(spec, state), state: encode(state) };
  };

  test.each([
    ['Fail', counted(200, 5)],
    ['Pass', counted(0, 0)],
  ])('a %s follows from what it had counted', (verdict, look) => {
    expect(look.verdict).toBe(verdict);
    expect(judgedAgain(gate, look)).toMatchObject({ agrees: true });
  });

  test('a verdict that does not is found', () => {
    expect(judgedAgain(gate, { ...counted(200, 5), verdict: 'Pass' })).toMatchObject({ agrees: false });
  });

  test('in the bake there is one version, and nothing was compared', () => {
    expect(judgedAgain(gate, { verdict: 'Pass', value: 1, samples: 10, message: 'one version' })).toEqual({
      agrees: undefined,
      why: 'there was one version only, so that nothing was compared; its counters have answered',
    });
  });
});

const approve = (seq: number, by: string, at = AT): Placed => ({
  kind: 'Decision',
  name: by,
  uid: `${by}${seq}`,
  by,
  verdict: 'Approve',
  gate: 'cab',
  seq,
  at,
});

describe('an approval', () => {
  const LATER = '2026-01-01T01:00:00.000Z';
  const rule: Rule = { kind: 'approval', required: 2 };
  const verdict = (at = AT): Extract<AuditRecord, { kind: 'Verdict' }> & { seq: number; at: string } => ({
    kind: 'Verdict',
    gate: 'cab',
    when: 'After',
    target: '*',
    verdict: 'Pass',
    message: 'approved',
    rule,
    seq: 9,
    at,
  });

  test('follows from the Decisions that were used with it', () => {
    expect(rejudge(verdict(), [approve(1, 'bob'), approve(2, 'carol')])).toMatchObject({ agrees: true });
  });

  test('does not follow from those that had let the gate pass at another time', () => {
    const before = [approve(1, 'bob'), approve(2, 'carol'), approve(8, 'bob', LATER)];
    expect(rejudge(verdict(LATER), before)).toMatchObject({ agrees: false, by: 'bob: 1 of 2' });
  });

  test('of which a cut has let go of some records cannot be judged, and of which it has not is', () => {
    const cut = rejudge(verdict(), [approve(8, 'carol')]);
    expect(cut).toMatchObject({ agrees: undefined, why: expect.stringContaining('let go of') });
    const other: Placed = { kind: 'State', reason: 'Baking', message: '', seq: 7, at: AT };
    expect(rejudge(verdict(LATER), [other, approve(8, 'carol', LATER)])).toMatchObject({ agrees: false });
    expect(rejudge(verdict(), [])).toMatchObject({ agrees: undefined });
  });
});
