import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MOST_RECORDS } from '../api/v1alpha1/promotion.ts';
import type { Audit, PromotionStatus } from '../api/v1alpha1/types.ts';
import { readRecord } from './chain.ts';
import { faultsOf, trailOf } from './trail.ts';

const AT = '2026-01-01T00:00:00.000Z';
const UID = 'two-uid';

const saying = (reason: string, more: Partial<PromotionStatus> = {}): PromotionStatus => ({
  conditions: [
    { type: 'Succeeded', status: 'Unknown', reason, message: `it is ${reason}`, lastTransitionTime: AT },
  ],
  ...more,
});

/** The statuses as they are written one after the other, each with its trail. */
function written(statuses: readonly PromotionStatus[]): Audit | undefined {
  let before: PromotionStatus | undefined;
  for (const status of statuses) {
    const trail = trailOf(UID, before, status, [], AT);
    before = { ...status, ...(trail && { audit: trail.audit }) };
  }
  return before?.audit;
}

const kinds = (audit: Audit | undefined): unknown[] =>
  (audit?.records ?? []).map((link) => readRecord(link)?.['kind']);

describe('the trail of a promotion', () => {
  test('has what was decided, measured and done, in this order', () => {
    const gate = {
      gate: 'error-rate',
      when: 'During',
      target: 'checkout',
      step: 1,
      verdict: 'Fail' as const,
      since: AT,
      value: 0.2,
      threshold: 'value > 0.05',
      query: 'up',
      message: 'too many',
    };
    const decision = { name: 'd', uid: 'd-uid', by: 'bob', verdict: 'Hold', at: AT };
    const after = saying('Reverting', {
      gates: [gate],
      decisions: [decision],
      revert: { reason: 'error-rate', message: 'm', quarantine: true, detectedAt: AT },
    });
    const trail = trailOf(
      UID,
      saying('Analysing'),
      after,
      [{ kind: 'Abort', target: 'checkout', hash: 'h' }],
      AT,
    );
    expect(kinds(trail?.audit)).toEqual(['Decision', 'Verdict', 'Revert', 'State', 'Effect']);
    expect(readRecord(trail?.audit.records[1] ?? { record: '' })).toMatchObject({
      seq: 2,
      verdict: 'Fail',
      value: 0.2,
      threshold: 'value > 0.05',
    });
    expect(trail?.fresh).toHaveLength(5);
  });

  test('a write that says nothing new leaves it as it is', () => {
    const first = trailOf(UID, undefined, saying('Queued'), [], AT);
    const before = { ...saying('Queued'), audit: first?.audit };
    expect(trailOf(UID, before, saying('Queued'), [], AT)).toEqual({ audit: first?.audit, fresh: [] });
  });

  test('holds, however many writes there were, and is kept up to a length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (writes) => {
        const audit = written(Array.from({ length: writes }, (_, i) => saying(`Reason${i}`)));
        expect(faultsOf(UID, audit, audit?.records.at(-1)?.hash)).toEqual([]);
        expect(audit?.records.length).toBeLessThanOrEqual(MOST_RECORDS);
        const last = audit?.records.at(-1);
        expect(last && readRecord(last)?.seq).toBe(writes);
      }),
      { numRuns: 20 },
    );
  });

  test('a cut that was moved shows', () => {
    const audit = written(Array.from({ length: 250 }, (_, i) => saying(`Reason${i}`)));
    expect(audit?.cut).toBeDefined();
    expect(faultsOf(UID, { records: audit?.records.slice(1) ?? [], cut: audit?.cut })).not.toEqual([]);
    expect(faultsOf(UID, { records: audit?.records ?? [] })).not.toEqual([]);
  });
});
