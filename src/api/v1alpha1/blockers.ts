import type { PromotionStatus } from './promotion.ts';

/** Every reason that an entry of a Promotion's `status.blockedBy` is given. Readers must accept new ones. */
export const BLOCKER_REASONS = [
  'AmbiguousOrder',
  'Approval',
  'Busy',
  'DecisionsNotTrusted',
  'Digest',
  'Freeze',
  'Frozen',
  'GateBlind',
  'GateFailed',
  'GateInconclusive',
  'Grant',
  'Held',
  'Image',
  'Intent',
  'Overdue',
  'Ownership',
  'Query',
  'Reference',
  'Rollback',
  'Rollout',
  'Router',
  'Soak',
  'StartDeadline',
  'Turn',
  'Unfit',
  'Unjudgeable',
  'Upstream',
  'Window',
] as const;

/** What keeps a promotion from going on, in one word. */
export type BlockerReason = (typeof BLOCKER_REASONS)[number];

/** One thing that keeps a promotion from going on, as it is told. */
export interface Blocker extends Omit<NonNullable<PromotionStatus['blockedBy']>[number], 'reason'> {
  reason: BlockerReason;
}
