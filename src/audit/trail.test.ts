import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MOST_RECORDS } from '../api/v1alpha1/promotion.ts';
import type { Audit, PromotionStatus } from '../api/v1alpha1/types.ts';
import { readRecord } from './chain.ts';
import { LONGEST } from './fitting.ts';
import { faultsOf, MOST_BYTES, trailOf } from './trail.ts';

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

  test('of the longest texts that there may be each record fits, and all of them into their share of an object', () => {
    const longest = 'ä"'.repeat(512);
    const plan = {
      hash: 'h',
      targets: Array.from({ length: 32 }, (_, i) => ({
        name: `target-${i}`,
        images: [{ container: 'app', image: longest }],
      })),
      gates: Array.from({ length: 64 }, (_, i) => ({ when: 'During', gate: `gate-${i}` })),
    } as unknown as PromotionStatus['plan'];
    const statuses = Array.from({ length: 300 }, (_, i): PromotionStatus => {
      const status = saying(`Reason${i}`, { plan });
      for (const condition of status.conditions ?? []) condition.message = longest;
      return status;
    });
    const audit = written(statuses);
    expect(faultsOf(UID, audit)).toEqual([]);
    expect(audit?.records.length).toBeGreaterThan(20);
    for (const { record } of audit?.records ?? []) expect(record.length).toBeLessThanOrEqual(LONGEST);
    expect(Buffer.byteLength(JSON.stringify(audit?.records))).toBeLessThanOrEqual(MOST_BYTES + 1024);
    const [first] = written(statuses.slice(0, 1))?.records ?? [];
    expect(readRecord(first ?? { record: '' })).toMatchObject({ kind: 'Plan', short: true });
  });
});
