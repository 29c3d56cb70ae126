import { isRefused, isTold } from '../api/v1alpha1/accepted.ts';
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
import type { Approval } from '../promotion/approvals.ts';
import type { Fate } from './fate.ts';
import { lateFor, onBypass, onGate, onPromotion } from './on-promotion.ts';
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
  /** Decisions on approval gates of that Promotion that nobody has refused, oldest first; looked at for a Revoke alone. */
  approvals?: readonly Approval[];
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
  return isTold(decision) || isRefused(decision);
}

/**
 * The status of a Decision. A fate is final: a Decision is one act. Only where it was used in the very moment in which it
 * was refused, what stands on record is what happened.
 */
export function decide(input: Input): DecisionStatus | undefined {
  const { decision, standing } = input;
  if (isTold(decision)) return decision.status;
  const fate = FATES[decision.spec.verdict](input);
  if (isRefused(decision)) return fate?.reason === 'Used' ? withFate(input, fate) : decision.status;
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

/** When its fate may become another one although nothing is seen to change, epoch milliseconds. */
export function looksAgainAt({ decision, gate, now }: Input): number | undefined {
  if (isFinal(decision)) return undefined;
  const { metadata, spec } = decision;
  const made = Date.parse(metadata.creationTimestamp);
  const approval = spec.verdict === 'Approve' ? gate?.spec.approval : undefined;
  const expires = approval && made + approval.expiresAfterSeconds * 1000;
  const at = spec.verdict === 'Revoke' ? lateFor(made) : expires;
  return at !== undefined && at > now ? at : undefined;
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
