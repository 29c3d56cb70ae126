import { describe, expect, test } from '@jest/globals';
import type { PromotionStatus } from '../api/v1alpha1/types.ts';
import { withConditions } from '../api/v1alpha1/conditions.ts';
import { type PromotionReason, promotionConditions } from '../api/v1alpha1/reasons.ts';
import { happenings, revertStages } from './report.ts';

const status = (
  reason: PromotionReason,
  more: Partial<PromotionStatus> = {},
  options = {},
): PromotionStatus => ({
  conditions: withConditions(undefined, promotionConditions(reason, `it is ${reason}`, options), 1, 't'),
  ...more,
});
const gate = (verdict: 'Pass' | 'Fail' | 'Inconclusive', step = 1) => ({
  gates: [{ gate: 'g', when: 'During', target: 't', step, verdict, since: 's', message: 'because' }],
});

const edited = (gateGeneration: number) => ({
  gates: gate('Inconclusive').gates.map((g) => ({ ...g, gateGeneration })),
});

describe('an event when something happened, none when nothing did', () => {
  test.each([
    ['the first reason', undefined, status('Preflight'), ['Normal Preflight']],
    ['another reason', status('Preflight'), status('Applying'), ['Normal Applying']],
    ['nothing', status('Applying'), status('Applying'), []],
    [
      'a failure',
      status('Analysing', gate('Inconclusive')),
      status('Reverting', gate('Fail')),
      ['Warning GateFailed', 'Warning Reverting'],
    ],
    [
      'a pass that the promotion goes on by: that says it',
      status('Analysing', gate('Inconclusive')),
      status('Advancing', gate('Pass')),
      ['Normal Advancing'],
    ],
    [
      'a pass while another gate has yet to',
      status('Analysing', gate('Inconclusive')),
      status('Analysing', gate('Pass')),
      ['Normal GatePassed'],
    ],
    [
      'the same pass at the next step',
      status('Advancing', gate('Pass', 1)),
      status('Advancing', gate('Pass', 3)),
      ['Normal GatePassed'],
    ],
    [
      'a deadline that is past',
      status('Holding'),
      status('Holding', {}, { pastDeadline: true }),
      ['Warning Holding'],
    ],
    [
      'an edited gate',
      status('Analysing', edited(1)),
      status('Analysing', edited(2)),
      ['Normal GateChanged'],
    ],
    ['the end', status('Baking'), status('Succeeded'), ['Normal Succeeded']],
    ['a bad end', status('Reverting'), status('RolledBack'), ['Warning RolledBack']],
  ])('%s', (_, before, after, events) => {
    expect(happenings(before, after).map((e) => `${e.type} ${e.reason}`)).toEqual(events);
  });
});

test('each stage of a revert is counted once, when it is proven', () => {
  const revert = {
    reason: 'g',
    message: 'm',
    quarantine: true,
    sampledAt: '2026-01-01T00:00:00.000Z',
    detectedAt: '2026-01-01T00:00:00.100Z',
  };
  const commanded = { ...revert, commandedAt: '2026-01-01T00:00:00.150Z' };
  expect(revertStages(undefined, { revert })).toEqual([{ stage: 'detection', seconds: 0.1 }]);
  expect(revertStages({ revert }, { revert: commanded })).toEqual([{ stage: 'command', seconds: 0.05 }]);
  expect(revertStages({ revert: commanded }, { revert: commanded })).toEqual([]);
});
