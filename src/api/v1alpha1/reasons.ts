import { type Condition, type ConditionStatus, findCondition, type Wanted } from './conditions.ts';

/** What a row of the table below makes of the conditions; an absent one is removed. */
interface Row {
  Succeeded: ConditionStatus;
  Completed: ConditionStatus;
  Ready: ConditionStatus;
  Reconciling?: 'True';
  Stalled?: 'True';
}

const progressing: Row = { Succeeded: 'Unknown', Completed: 'False', Ready: 'Unknown', Reconciling: 'True' };
const stalled: Row = { Succeeded: 'Unknown', Completed: 'False', Ready: 'False', Stalled: 'True' };
const good: Row = { Succeeded: 'True', Completed: 'True', Ready: 'True' };
const blocked: Row = { Succeeded: 'False', Completed: 'False', Ready: 'False', Stalled: 'True' };
const failed: Row = { Succeeded: 'False', Completed: 'True', Ready: 'False', Stalled: 'True' };

/**
 * Every reason that `Succeeded` of a Promotion can carry, with what it means for the conditions.
 * kstatus reads them so: Reconciling = in progress, Stalled = failed, Ready = current.
 */
export const PROMOTION_REASONS = {
  Queued: progressing,
  AwaitingReference: progressing,
  AwaitingUpstream: progressing,
  Soaking: progressing,
  /** Overdue its row is `stalled`, see {@link promotionConditions}. */
  AwaitingApproval: progressing,
  /** Outside of the Environment's windows: before it begins, or in flight where the window pauses it. */
  WindowClosed: progressing,
  Frozen: progressing,
  Preflight: progressing,
  Applying: progressing,
  Advancing: progressing,
  Settling: progressing,
  Analysing: progressing,
  Baking: progressing,
  Verifying: progressing,
  Reverting: progressing,
  /** Holding within its deadline; past it the row is `stalled`, see {@link promotionConditions}. */
  Holding: progressing,
  HeldByPerson: stalled,
  AmbiguousOrder: stalled,
  Succeeded: good,
  AlreadyDone: good,
  Planned: good,
  Superseded: { Succeeded: 'False', Completed: 'True', Ready: 'True' },
  /** Someone else declares the failed revision again and again: a person has to change it where it is declared. */
  RevertPendingIntent: stalled,
  RollbackBlocked: blocked,
  RolledBack: failed,
  Aborted: failed,
  Rejected: failed,
  Deleted: failed,
  Busy: failed,
  Quarantined: failed,
  OwnershipConflict: failed,
  InvalidReference: failed,
  PreflightFailed: failed,
  Expired: failed,
  StrangerRevision: failed,
  StepsChanged: failed,
  ExternalAbort: failed,
  ExternalPromotion: failed,
  TargetReplaced: failed,
  TargetDeleted: failed,
} as const satisfies Record<string, Row>;

export type PromotionReason = keyof typeof PROMOTION_REASONS;

/** The word that says where a Promotion stands; undefined until it was looked at. */
export function reasonOf(promotion: {
  status?: { conditions?: Condition[] | undefined } | undefined;
}): PromotionReason | undefined {
  return findCondition(promotion, 'Succeeded')?.reason as PromotionReason | undefined;
}

/** Whether a word is a reason of this API: a Gate's name, which is in lower case, never is. */
export function isPromotionReason(word: string | undefined): word is PromotionReason {
  return word !== undefined && Object.hasOwn(PROMOTION_REASONS, word);
}

/** Whether one that says so can only wait for others: for its turn, or for what does not exist yet. */
export function waitsForOthers(reason: string | undefined): boolean {
  return ['Queued', 'AwaitingReference', 'AwaitingUpstream', 'AmbiguousOrder'].includes(reason ?? '');
}

/** True for reasons after which nothing happens any more. */
export function isTerminal(reason: PromotionReason): boolean {
  return PROMOTION_REASONS[reason].Completed === 'True';
}

/**
 * The conditions of a Promotion in a given state, in the order in which people read them.
 * @param pastDeadline a Holding, or an approval that is awaited, has outlasted its deadline: it pages.
 * @param bypassed what was passed over and by whom, in words; absent: nothing.
 * @param rolledBack undefined while no revert was begun; then whether it is proven.
 */
export function promotionConditions(
  reason: PromotionReason,
  message: string,
  options: { pastDeadline?: boolean; rolledBack?: boolean | undefined; bypassed?: string } = {},
): Wanted[] {
  const row: Row =
    ['Holding', 'AwaitingApproval'].includes(reason) && options.pastDeadline
      ? stalled
      : PROMOTION_REASONS[reason];
  const wanted: Wanted[] = [
    { type: 'Succeeded', status: row.Succeeded, reason, message },
    { type: 'Completed', status: row.Completed, reason, message },
    { type: 'Ready', status: row.Ready, reason, message },
  ];
  if (row.Reconciling) wanted.push({ type: 'Reconciling', status: 'True', reason, message });
  if (row.Stalled) wanted.push({ type: 'Stalled', status: 'True', reason, message });
  if (options.rolledBack !== undefined)
    wanted.push({ type: 'RolledBack', status: options.rolledBack ? 'True' : 'False', reason, message });
  if (options.bypassed !== undefined)
    wanted.push({
      type: 'Bypassed',
      status: 'True',
      reason: 'Bypassed',
      message: `passed over on the record: ${options.bypassed}`,
    });
  return wanted;
}
