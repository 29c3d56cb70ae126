import type { Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { extended, PROMOTION_BOUNDS, type Trail } from './kept.ts';
import { type Done, recordsOf, type Sources } from './records.ts';

export { faultsOf, PROMOTION_BOUNDS } from './kept.ts';

/**
 * The trail of a promotion after this write of its status. It is written with the status, so that what is decided and its
 * record are stored together or not at all.
 * @param promotion as it was before.
 */
export function trailOf(
  promotion: Promotion,
  after: PromotionStatus,
  effects: readonly Done[],
  at: string,
  sources?: Sources,
): Trail | undefined {
  const records = recordsOf(promotion, after, effects, sources);
  return extended(promotion.metadata.uid, promotion.status?.audit, records, at, PROMOTION_BOUNDS);
}
