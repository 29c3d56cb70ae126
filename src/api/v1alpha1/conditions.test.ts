import { describe, expect, test } from '@jest/globals';
import { withConditions } from './conditions.ts';
import { PROMOTION_REASONS, type PromotionReason, promotionConditions } from './reasons.ts';

const told = (reason: PromotionReason, options = {}): string =>
  promotionConditions(reason, 'm', options)
    .map((c) => `${c.type}=${c.status}`)
    .join(' ');

const PROGRESSING = 'Succeeded=Unknown Completed=False Ready=Unknown Reconciling=True';
const STALLED = 'Succeeded=Unknown Completed=False Ready=False Stalled=True';
const GOOD = 'Succeeded=True Completed=True Ready=True';
const BLOCKED = 'Succeeded=False Completed=False Ready=False Stalled=True';
const FAILED = 'Succeeded=False Completed=True Ready=False Stalled=True';

describe('the conditions of each reason', () => {
  const rows: Record<PromotionReason, string> = {
    Queued: PROGRESSING,
    AwaitingReference: PROGRESSING,
    AwaitingUpstream: PROGRESSING,
    Soaking: PROGRESSING,
    AwaitingApproval: PROGRESSING,
    WindowClosed: PROGRESSING,
    Frozen: PROGRESSING,
    Preflight: PROGRESSING,
    Applying: PROGRESSING,
    Advancing: PROGRESSING,
    Settling: PROGRESSING,
    Analysing: PROGRESSING,
    Baking: PROGRESSING,
    Verifying: PROGRESSING,
    Reverting: PROGRESSING,
    Holding: PROGRESSING,
    HeldByPerson: STALLED,
    AmbiguousOrder: STALLED,
    Succeeded: GOOD,
    AlreadyDone: GOOD,
    Planned: GOOD,
    Superseded: 'Succeeded=False Completed=True Ready=True',
    RevertPendingIntent: STALLED,
    RollbackBlocked: BLOCKED,
    RolledBack: FAILED,
    Aborted: FAILED,
    Rejected: FAILED,
    Deleted: FAILED,
    Busy: FAILED,
    Quarantined: FAILED,
    OwnershipConflict: FAILED,
    InvalidReference: FAILED,
    PreflightFailed: FAILED,
    Expired: FAILED,
    StrangerRevision: FAILED,
    StepsChanged: FAILED,
    ExternalAbort: FAILED,
    ExternalPromotion: FAILED,
    TargetReplaced: FAILED,
    TargetDeleted: FAILED,
  };

  test.each(Object.keys(PROMOTION_REASONS) as PromotionReason[])('%s', (reason) => {
    expect(told(reason)).toBe(rows[reason]);
  });

  test('Holding past its deadline pages', () => {
    expect(told('Holding', { pastDeadline: true })).toBe(STALLED);
  });

  test('RolledBack says whether a revert is proven, once there is one', () => {
    expect(told('Reverting', { rolledBack: false })).toBe(`${PROGRESSING} RolledBack=False`);
    expect(told('RolledBack', { rolledBack: true })).toBe(`${FAILED} RolledBack=True`);
  });
});

describe('writing conditions', () => {
  const want = { type: 'Ready', status: 'True' as const, reason: 'Ready', message: 'fine' };

  test('lastTransitionTime moves only when the status does', () => {
    const first = withConditions(undefined, [want], 1, 't1');
    const same = withConditions(first, [{ ...want, message: 'still fine' }], 2, 't2');
    expect(same[0]).toMatchObject({ lastTransitionTime: 't1', message: 'still fine', observedGeneration: 2 });
    const turned = withConditions(same, [{ ...want, status: 'False' }], 2, 't3');
    expect(turned[0]?.lastTransitionTime).toBe('t3');
  });

  test('what is not wanted any more is gone: Reconciling and Stalled are never left behind', () => {
    const before = withConditions(undefined, promotionConditions('Preflight', ''), 1, 't1');
    const after = withConditions(before, promotionConditions('Succeeded', ''), 1, 't2');
    expect(after.map((c) => c.type)).toEqual(['Succeeded', 'Completed', 'Ready']);
  });
});
