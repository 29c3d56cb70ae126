import { reasonOf, waitsForOthers } from '../api/v1alpha1/reasons.ts';
import type { Promotion } from '../api/v1alpha1/types.ts';
import { hasEnded } from './status.ts';

/** How soon to look at it: what goes back before what goes forward, and last what waits for others, however many. */
export function laneOf(promotion: Pick<Promotion, 'status'>): 'prompt' | 'normal' | 'low' {
  if (promotion.status?.revert && !hasEnded(promotion)) return 'prompt';
  return waitsForOthers(reasonOf(promotion)) ? 'low' : 'normal';
}
