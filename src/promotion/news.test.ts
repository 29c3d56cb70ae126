import { describe, expect, test } from '@jest/globals';
import type { Probe } from '../analysis/sampler.ts';
import type { GateResult, Promotion, PromotionStatus, TargetStatus } from '../api/v1alpha1/types.ts';
import type { Decided } from './input.ts';
import { lastsMs, mayWait } from './news.ts';
import { Untold } from './untold.ts';

/* What people can wait for, and what not. */

const gate: GateResult = {
  gate: 'errors',
  when: 'During',
  target: 'checkout',
  step: 1,
  verdict: 'Inconclusive',
  since: '2026-01-01T00:00:00Z',
  message: 'm',
};
const target: TargetStatus = {
  name: 'checkout',
  state: 'Advancing',
  since: '2026-01-01T00:00:00Z',
  step: 1,
  canaryHash: 'h',
};

function status(reason: string, more: Partial<PromotionStatus> = {}): PromotionStatus {
  return {
    targets: [target],
    gates: [gate],
    conditions: [
      { type: 'Succeeded', status: 'Unknown', reason, message: reason, lastTransitionTime: '' },
      { type: 'Reconciling', status: 'True', reason, message: reason, lastTransitionTime: '' },
    ],
    ...more,
  };
}

const at = (step: number, state: TargetStatus['state'] = 'Analysing'): Partial<PromotionStatus> => ({
  targets: [{ ...target, state, step, weight: 20 * step, reachedAt: '2026-01-01T00:00:01Z' }],
});

describe('news that may wait', () => {
  const advancing = status('Advancing');
  test.each([
    ['that the first pods come up', status('Applying', { gates: undefined }), advancing],
    ['that a step was reached', advancing, status('Settling', at(3, 'Settling'))],
    ['that a step is judged', advancing, status('Analysing', at(3))],
    ['that it was promoted, and bakes', advancing, status('Baking', at(4, 'Baking'))],
    ['that a gate begins to pass', advancing, status('Advancing', { gates: [{ ...gate, verdict: 'Pass' }] })],
    [
      'that a gate is asked at another step',
      advancing,
      status('Analysing', { gates: [{ ...gate, step: 3 }] }),
    ],
  ])('%s', (_, before, after) => {
    expect(mayWait(before, after)).toBe(true);
  });

  const failing = (more: Partial<GateResult>): Partial<PromotionStatus> => ({
    gates: [{ ...gate, ...more }],
  });
  test.each([
    ['the first status', undefined, advancing],
    ['that it applies', status('Preflight'), status('Applying')],
    ['that it holds', advancing, status('Holding', at(3))],
    ['that it ended', advancing, status('Succeeded')],
    ['anything on the way back', status('Reverting'), status('Reverting', at(3, 'Reverting'))],
    ['that it goes back', advancing, status('Reverting', { revert: {} as never })],
    ['a failure', advancing, status('Advancing', failing({ verdict: 'Fail' }))],
    ['that a gate cannot see', advancing, status('Advancing', failing({ verdict: 'Error' }))],
    ['a sample that failed', advancing, status('Advancing', failing({ failures: 1 }))],
    ['that a gate has begun to count', advancing, status('Advancing', failing({ state: '[]' }))],
    ['that a gate was edited', advancing, status('Advancing', failing({ gateGeneration: 2 }))],
    ['what is in its way', advancing, status('Advancing', { blockedBy: [{ reason: 'r', message: 'm' }] })],
    ['that another took it away', advancing, status('Advancing', at(1, 'Ended'))],
    ['anything else', advancing, status('Advancing', { startedAt: 't' })],
  ])('not %s', (_, before, after) => {
    expect(mayWait(before, after)).toBe(false);
  });
});

const probe = (count: number, intervalMs: number, passFrom?: number): Probe =>
  ({ rules: { count, intervalMs, failureLimit: 0 }, passFrom }) as Probe;

describe('how long a stage lasts at least', () => {
  test.each([
    ['without a gate', status('Analysing'), [], 0],
    [
      'until the last of the gates that count can have passed',
      status('Analysing'),
      [probe(3, 1000, 1500), probe(1, 60_000, 1000), probe(99, 1000)],
      2500,
    ],
    ['the bake', status('Baking', { ...at(4, 'Baking'), plan: { bakeSeconds: 600 } as never }), [], 600_000],
    ['no longer than that when it is over', status('Analysing'), [probe(1, 1000, 0)], 0],
  ])('%s', (_, of, probes, wanted) => {
    expect(lastsMs(of, probes, 1000)).toBe(wanted);
  });
});

describe('a status that waits', () => {
  const stored = { status: status('Advancing') } as Promotion;
  const news: Decided = { status: status('Analysing', at(3)), effects: [], probes: [] };
  const later: Decided = { status: status('Baking', at(4, 'Baking')), effects: [], probes: [] };

  test('is decided on as if it were written, until 5 s after the first of its news', () => {
    const untold = new Untold();
    expect(untold.keep('n/p', stored, news, [], 1000)).toBe(6000);
    expect(untold.asDecided('n/p', stored).status).toEqual(news.status);
    expect(untold.keep('n/p', stored, later, [], 4000)).toBe(6000);
    expect(untold.asDecided('n/p', stored).status).toEqual(later.status);
    expect(untold.keep('n/p', stored, later, [], 6000)).toBeUndefined();
  });

  test('is thrown away when the stored one has changed: it was written, or somebody else has', () => {
    const untold = new Untold();
    untold.keep('n/p', stored, news, [], 1000);
    const other = { status: status('Applying') } as Promotion;
    expect(untold.asDecided('n/p', other)).toBe(other);
    expect(untold.asDecided('n/p', stored)).toBe(stored);
  });

  test('is remembered where it was acted on and could not be written: the trail goes on from it', () => {
    const untold = new Untold();
    const unlogged = [{ record: '{}', hash: 'h' }];
    untold.hold('n/p', stored, later.status, unlogged, 1000);
    expect(untold.asDecided('n/p', stored).status).toEqual(later.status);
    expect(untold.asActedOn('n/p', stored)).toEqual({
      promotion: { ...stored, status: later.status },
      unlogged,
    });
    // Nothing of it counts where somebody else has written meanwhile.
    const moved = { ...stored, status: news.status };
    expect(untold.asActedOn('n/p', moved)).toEqual({ promotion: moved, unlogged: [] });
    untold.hold('n/p', stored, later.status, unlogged, 1000);
    // It is tried again at once.
    expect(untold.keep('n/p', stored, later, [], 1000)).toBeUndefined();
    untold.forget('n/p');
    expect(untold.asActedOn('n/p', stored)).toEqual({ promotion: stored, unlogged: [] });
    untold.keep('n/p', stored, news, [], 1000);
    expect(untold.asActedOn('n/p', stored)).toEqual({ promotion: stored, unlogged: [] });
  });

  test('waits for no effect, and not where the stage lasts longer anyway', () => {
    const untold = new Untold();
    const advance = {
      ...news,
      effects: [{ kind: 'Advance', target: 'checkout', step: 3, hash: 'h' }],
    } as Decided;
    expect(untold.keep('n/p', stored, advance, [], 1000)).toBeUndefined();
    expect(untold.keep('n/p', stored, news, [probe(6, 1000, 1000)], 1000)).toBeUndefined();
    expect(untold.asDecided('n/p', stored)).toBe(stored);
  });
});
