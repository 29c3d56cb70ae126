import { describe, expect, test } from '@jest/globals';
import { brokenLaws } from '../faults/checks.ts';
import { BEGIN, FAIL, NEW, OLD, promotion, REVERT, rollout, TERMS, time } from '../faults/forged.ts';
import type { Version } from '../faults/history.ts';
import type { Law } from '../faults/laws.ts';

/* What follows on a gate's word: L2 after a Fail, S7 without one. */

const gateOf = (spec: object): Version =>
  ({
    at: 1,
    seen: 1000,
    kind: 'Gate',
    object: { metadata: { name: 'errors', generation: 3 }, spec },
  }) as unknown as Version;
const environment = (onFail: string): Version =>
  ({
    at: 1,
    seen: 1000,
    kind: 'Environment',
    object: { metadata: { name: 'app' }, spec: { rollback: { onFail } } },
  }) as unknown as Version;
const said = (failures: number): Version =>
  promotion(6, 'Analysing', 1, {}, { verdict: 'Inconclusive', failures, gateGeneration: 3 });
const sampled = (verdict: string, value?: number): object => ({
  ...(value !== undefined && { value }),
  recent: [{ at: time(7), verdict, ...(value !== undefined && { value }) }],
});
const back = (verdict: string): Version =>
  promotion(6, 'Reverting', 1, REVERT, { verdict, ...sampled('Fail', 1) });

const found = (versions: readonly Version[], law: Law): string[] => brokenLaws(versions, [law], TERMS);

describe('L2 is broken', () => {
  const ignored = [...BEGIN, promotion(6, 'Analysing', 1, {}, FAIL)];
  const later = (...versions: Version[]): string[] =>
    brokenLaws([...ignored, ...versions], ['L2'], { ...TERMS, until: 40_000 });

  test('by a Fail without a revert', () => {
    expect(later()).toEqual([
      'L2: gate errors of app has failed by version 6, and no revert began in 34.0 s',
    ]);
  });

  test('by a revert that comes late, but for the time in which nobody was there', () => {
    const late = [promotion(30, 'Reverting', 1, REVERT, FAIL), rollout(31, NEW, 1, { abort: true })];
    expect(later(...late)).toEqual([expect.stringContaining('the revert began in 24.0 s')]);
    const downs = [{ from: 7000, to: 25_000 }];
    expect(brokenLaws([...ignored, ...late], ['L2'], { ...TERMS, until: 40_000, downs })).toEqual([]);
  });

  test('but not by a Fail that is told only when the abort, or the way back, is behind it', () => {
    const told = [promotion(8, 'Reverting', 1, REVERT, FAIL)];
    const aborted = rollout(6, NEW, 1, { abort: true });
    expect(found([...BEGIN, aborted, ...told], 'L2')).toEqual([]);
    expect(found([...BEGIN, aborted, rollout(7, OLD, 4), ...told], 'L2')).toEqual([]);
    const undone = [aborted, rollout(7, NEW, 1)];
    expect(found([...BEGIN, ...undone, ...told], 'L2')).toHaveLength(1);
    expect(found([...BEGIN, ...told], 'L2')).toHaveLength(1);
  });

  test('by an end without a revert, however soon', () => {
    const over = promotion(7, 'Succeeded', 3);
    Object.assign(over.object as { status: object }, {
      status: { ...(over.object as { status: object }).status, completedAt: time(7) },
    });
    expect(later(over)).toEqual([expect.stringContaining('it ended without a revert at version 7')]);
  });

  test('by more failures than the Gate tolerates, whatever is said of them', () => {
    const tolerant = gateOf({ prometheus: {}, failureLimit: 2 });
    const until = { ...TERMS, until: 40_000 };
    expect(brokenLaws([tolerant, ...BEGIN, said(3)], ['L2'], until)).toHaveLength(1);
    expect(brokenLaws([tolerant, ...BEGIN, said(2)], ['L2'], until)).toEqual([]);
  });

  test('but not by a gate that only advises, nor where a person is to decide', () => {
    const until = { ...TERMS, until: 40_000 };
    expect(brokenLaws([gateOf({ advisory: true }), ...ignored], ['L2'], until)).toEqual([]);
    expect(brokenLaws([environment('Hold'), ...ignored], ['L2'], until)).toEqual([]);
    expect(brokenLaws([environment('Revert'), ...ignored], ['L2'], until)).toHaveLength(1);
  });
});

describe('S7 is broken', () => {
  const gate = {
    at: 1,
    seen: 1000,
    kind: 'Gate',
    object: { metadata: { name: 'errors' }, spec: { prometheus: {} } },
  } as unknown as Version;
  const passing = (more: object): string[] =>
    found([gate, rollout(2, OLD, 4), promotion(6, 'Analysing', 1, {}, more)], 'S7');

  test('by a pass that no number stands behind', () => {
    expect(passing(sampled('Pass', 0))).toEqual([]);
    expect(passing(sampled('Pass'))).toEqual([expect.stringContaining('says Pass of no number')]);
    expect(passing(sampled('Error', 0))).toHaveLength(1);
    expect(passing({})).toHaveLength(1);
  });

  test('by a revert for a gate that has not failed', () => {
    expect(found([gate, rollout(2, OLD, 4), back('Fail')], 'S7')).toEqual([]);
    expect(found([gate, rollout(2, OLD, 4), back('Error')], 'S7')).toEqual([
      'S7: it goes back for gate errors at version 6, which says Error',
    ]);
  });
});

test('L2 is broken by a Fail that nothing follows', () => {
  expect(found([...BEGIN, promotion(6, 'Reverting', 1, REVERT, FAIL), rollout(7, NEW, 1)], 'L2')).toEqual([
    'L2: app was neither aborted nor brought back after the Fail at version 6',
  ]);
});
