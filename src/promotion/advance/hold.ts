import type { Blocker } from '../../api/v1alpha1/blockers.ts';
import { findCondition } from '../../api/v1alpha1/conditions.ts';
import type { PromotionReason } from '../../api/v1alpha1/types.ts';
import { toTime } from '../../runtime/time.ts';
import type { GateFold } from '../gates.ts';
import { type InFlight, place } from '../in-flight.ts';
import type { Input } from '../input.ts';
import type { Outcome, TargetOutcome } from '../outcome.ts';
import { isPause } from '../pause.ts';

/** On its way, or not observed for a moment: nothing is worth saying that is not said already. */
export function asItStands({ input, status }: InFlight): TargetOutcome {
  return { ...saidBefore(input), target: status, silent: true };
}

/** What the conditions say already. */
export function saidBefore(
  input: Input,
): Required<Pick<Outcome, 'reason' | 'message' | 'pastDeadline' | 'blockedBy'>> {
  const said = findCondition(input.promotion, 'Succeeded');
  // Said of a pause that is over.
  if (isPause(said?.reason))
    return { reason: 'Advancing', message: 'going on', pastDeadline: false, blockedBy: [] };
  return {
    reason: (said?.reason ?? 'Advancing') as PromotionReason,
    message: said?.message ?? '',
    pastDeadline: findCondition(input.promotion, 'Stalled') !== undefined,
    // By this version, or by the one before.
    blockedBy: (input.promotion.status?.blockedBy ?? []) as Blocker[],
  };
}

/** Holding where a gate cannot see or has had no verdict for too long; otherwise the given state. */
export function holdOr(
  d: InFlight,
  fold: GateFold,
  reason: 'Settling' | 'Analysing' | 'Baking' | 'Verifying',
  message: string,
): Pick<TargetOutcome, 'reason' | 'message' | 'pastDeadline' | 'blockedBy'> {
  const { holding } = fold;
  if (!holding) return { reason, message };
  const why = `gate ${holding.gate} ${holding.verdict === 'Error' ? 'cannot see' : 'has no verdict'}: ${holding.message}`;
  return {
    reason: 'Holding',
    message: `holding at ${place(d)}, goes on by itself: ${why}`,
    pastDeadline: fold.pastDeadline,
    blockedBy: [
      {
        reason: holding.verdict === 'Error' ? 'GateBlind' : 'GateInconclusive',
        message: why,
        ...(fold.deadlineAt !== undefined && { until: toTime(fold.deadlineAt) }),
      },
    ],
  };
}
