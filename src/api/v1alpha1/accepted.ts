import { findCondition } from './conditions.ts';
import type { Decision } from './types.ts';

/* What a Decision says itself became of it. Admission lets the operator alone write that, and once said it stays. */

/** It was refused: nobody uses it any more, whatever has become possible since. */
export function isRefused(decision: Pick<Decision, 'status'>): boolean {
  return findCondition(decision, 'Accepted')?.status === 'False';
}

/** It was used, and says so: the record of what has used it may let go of it. */
export function isTold(decision: Pick<Decision, 'status'>): boolean {
  return findCondition(decision, 'Accepted')?.status === 'True';
}
