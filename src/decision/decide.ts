import { findCondition, withConditions } from '../api/v1alpha1/conditions.ts';
import type {
  Decision,
  DecisionStatus,
  DecisionVerdict,
  Environment,
  Gate,
  Promotion,
} from '../api/v1alpha1/types.ts';
import { rollbackName } from '../environment/destinations.ts';
import { isUsable, type Standing } from '../policy/standing.ts';
import { toTime } from '../runtime/time.ts';
import type { Fate } from './fate.ts';
import { onBypass, onGate, onPromotion } from './on-promotion.ts';
import { onPlace, released } from './on-environment.ts';

/** What a Decision's fate follows from. */
export interface Input {
  now: number;
  decision: Decision;
  /** The Promotion of that name; undefined: there is none. */
  promotion: Promotion | undefined;
  environment: Environment | undefined;
  /** The Gate that it names. */
  gate: Gate | undefined;
  /** Whether its author is proven, and the Promotion's requester. */
  standing: Standing;
}

/** Whoever uses it decides its fate. */
const FATES: Record<DecisionVerdict, (input: Input) => Fate | undefined> = {
  Approve: onGate,
  Reject: onGate,
  Revoke: onGate,
  Hold: onPromotion,
  Resume: (input) => (input.decision.spec.promotion ? onPromotion(input) : onPlace(input)),
  Abort: onPromotion,
  Bypass: onBypass,
  Rollback: onPlace,
  Release: released,
  Freeze: onPlace,
  Thaw: onPlace,
};

/** Its fate is decided. */
export function isFinal(decision: Pick<Decision, 'status'>): boolean {
  const accepted = findCondition(decision, 'Accepted');
  return accepted !== undefined && accepted.status !== 'Unknown';
}

/** The status of a Decision. A fate is final: a Decision is one act. */
export function decide(input: Input): DecisionStatus | undefined {
  const { decision, standing } = input;
  if (isFinal(decision)) return decision.status;
  const fate = FATES[decision.spec.verdict](input);
  const proven = isUsable(standing, decision.metadata.creationTimestamp);
  if (fate && (proven || fate.reason === 'Used')) return withFate(input, fate);
  if (proven) return findCondition(decision, 'Accepted') ? undefined : decision.status;
  if (standing.trusted)
    return withFate(input, {
      status: 'False',
      reason: 'NotTrusted',
      message:
        'it was made before the admission policies were in force as they are now, so nothing proves who made it: create it again',
    });
  // What proves it may come back; until then it is not used.
  return withFate(input, { status: 'Unknown', reason: 'DecisionsNotTrusted', message: standing.message });
}

function withFate(
  { decision, now }: Input,
  fate: Fate | { status: 'Unknown'; reason: string; message: string },
): DecisionStatus {
  return {
    ...decision.status,
    ...(decision.spec.verdict === 'Rollback' &&
      fate.status === 'True' && { promotion: rollbackName(decision.metadata.uid) }),
    conditions: withConditions(
      decision.status?.conditions,
      [{ type: 'Accepted', ...fate }],
      decision.metadata.generation ?? 0,
      toTime(now),
    ),
  };
}
