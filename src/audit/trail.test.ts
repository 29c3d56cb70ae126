import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MOST_RECORDS } from '../api/v1alpha1/audit.ts';
import type { Audit, Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { readRecord } from './chain.ts';
import { LONGEST } from './fitting.ts';
import { faultsOf, PROMOTION_BOUNDS, trailOf } from './trail.ts';

const AT = '2026-01-01T00:00:00.000Z';
const UID = 'two-uid';

const saying = (reason: string, more: Partial<PromotionStatus> = {}): PromotionStatus => ({
  conditions: [
    { type: 'Succeeded', status: 'Unknown', reason, message: `it is ${reason}`, lastTransitionTime: AT },
  ],
  ...more,
});

const standing = (status: PromotionStatus | undefined): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name: 'two', namespace: 'shop', uid: UID, resourceVersion: '1', creationTimestamp: AT },
  spec: { environment: 'prod', revision: { images: [] } },
  status,
});

/** The statuses as they are written one after the other, each with its trail. */
function written(statuses: readonly PromotionStatus[]): Audit | undefined {
  let before: PromotionStatus | undefined;
  for (const status of statuses) {
    const trail = trailOf(standing(before), status, [], AT);
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
      standing(saying('Analysing', { audit: written([saying('Analysing')]) })),
      after,
      [{ kind: 'Abort', target: 'checkout', hash: 'h' }],
      AT,
    );
    expect(kinds(trail?.audit).slice(2)).toEqual(['Decision', 'Verdict', 'Revert', 'State', 'Effect']);
    expect(readRecord(trail?.audit.records[3] ?? { record: '' })).toMatchObject({
      seq: 4,
      verdict: 'Fail',
      value: 0.2,
      threshold: 'value > 0.05',
    });
    expect(trail?.fresh).toHaveLength(5);
  });

  test('a write that says nothing new leaves it as it is', () => {
    const first = trailOf(standing(undefined), saying('Queued'), [], AT);
    const before = { ...saying('Queued'), audit: first?.audit };
    expect(trailOf(standing(before), saying('Queued'), [], AT)).toEqual({ audit: first?.audit, fresh: [] });
  });

  test('holds, however many writes there were, and is kept up to a length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (writes) => {
        const audit = written(Array.from({ length: writes }, (_, i) => saying(`Reason${i}`)));
        expect(faultsOf(UID, audit, audit?.records.at(-1)?.hash)).toEqual([]);
        expect(audit?.records.length).toBeLessThanOrEqual(MOST_RECORDS);
        const last = audit?.records.findLast((link) => readRecord(link)?.['kind'] === 'State');
        expect(last && readRecord(last)?.['reason']).toBe(`Reason${writes - 1}`);
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

  test.each([5, 190, 250])('of %d records a beginning that was dropped with a cut that fits shows', (n) => {
    const audit = written(Array.from({ length: n }, (_, i) => saying(`Reason${i}`)));
    const [dropped, ...records] = audit?.records ?? [];
    const seq = (dropped && readRecord(dropped)?.seq) ?? 0;
    const cut = { seq, hash: dropped?.hash ?? '' };
    expect(faultsOf(UID, { cut, records }, records.at(-1)?.hash)).toEqual([
      `it begins after record ${seq}, and no record says that what was before was let go of: its beginning was taken away`,
    ]);
  });

  test('a trail of which nothing is left shows', () => {
    const audit = written([saying('Queued')]);
    const last = audit?.records.at(-1);
    expect(faultsOf(UID, { records: [], cut: { seq: 2, hash: last?.hash ?? '' } })).not.toEqual([]);
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
    expect(Buffer.byteLength(JSON.stringify(audit?.records))).toBeLessThanOrEqual(
      PROMOTION_BOUNDS.bytes + 1024,
    );
    const [, planned] = written(statuses.slice(0, 1))?.records ?? [];
    expect(readRecord(planned ?? { record: '' })).toMatchObject({ kind: 'Plan', short: true });
  });
});
