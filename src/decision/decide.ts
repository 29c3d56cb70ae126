import { withConditions } from '../api/v1alpha1/conditions.ts';
import type { Decision, DecisionStatus, Environment, Promotion } from '../api/v1alpha1/types.ts';
import { fromTime, toTime } from '../runtime/time.ts';

/** What a Decision's fate follows from. */
export interface Input {
  now: number;
  decision: Decision;
  /** The Promotion of that name; undefined: there is none. */
  promotion: Promotion | undefined;
  environment: Environment | undefined;
}

/** Whether it was used, and why not; undefined: nobody has looked at it yet. */
interface Fate {
  status: 'True' | 'False';
  reason: 'Used' | 'WrongUID' | 'WrongEnvironment' | 'DigestMismatch' | 'TooLate' | 'Expired';
  message: string;
}

/** Who uses it decides its fate. */
const FATES: Record<Decision['spec']['verdict'], (input: Input) => Fate | undefined> = {
  Hold: ordered,
  Resume: ordered,
  Abort: ordered,
  Release: released,
  Freeze: placed,
  Thaw: placed,
};

/** The status of a Decision. A fate is final: a Decision is one act. */
export function decide(input: Input): DecisionStatus | undefined {
  const { decision } = input;
  if (decision.status?.conditions?.some((c) => c.type === 'Accepted')) return decision.status;
  const fate = FATES[decision.spec.verdict](input);
  if (!fate) return decision.status;
  const conditions = withConditions(
    undefined,
    [{ type: 'Accepted', ...fate }],
    decision.metadata.generation ?? 0,
    toTime(input.now),
  );
  return { conditions };
}

/** Hold, Resume and Abort are the Promotion's to use; what it has used stands in its status. */
function ordered({ decision, promotion }: Input): Fate | undefined {
  const { spec, metadata } = decision;
  const name = spec.promotion?.name;
  if (!promotion || promotion.metadata.uid !== spec.promotion?.uid)
    return {
      status: 'False',
      reason: 'WrongUID',
      message: `there is no Promotion ${name} with this uid: take metadata.uid from the Promotion that is meant`,
    };
  if (promotion.spec.environment !== spec.environment)
    return {
      status: 'False',
      reason: 'WrongEnvironment',
      message: `Promotion ${name} is for Environment ${promotion.spec.environment}: name that one`,
    };
  if (promotion.status?.decisions?.some((d) => d.uid === metadata.uid))
    return {
      status: 'True',
      reason: 'Used',
      message: `used by Promotion ${name}; by ${spec.by}, unproven`,
    };
  if (promotion.status?.completedAt !== undefined)
    return {
      status: 'False',
      reason: 'TooLate',
      message: `Promotion ${name} has ended: to go back or to try again, apply a new Promotion`,
    };
  if (promotion.status?.revert !== undefined)
    return {
      status: 'False',
      reason: 'TooLate',
      message: `Promotion ${name} is on its way back already: nothing is left to decide`,
    };
  return undefined;
}

/** A Freeze and a Thaw are the Environment's to use; what it has used stands in its status. */
function placed({ decision, environment, now }: Input): Fate | undefined {
  const { spec, metadata } = decision;
  if (!environment)
    return {
      status: 'False',
      reason: 'WrongEnvironment',
      message: `Environment ${spec.environment} does not exist: name the one that is meant`,
    };
  if (environment.status?.decisions?.some((d) => d.uid === metadata.uid))
    return {
      status: 'True',
      reason: 'Used',
      message: `${spec.verdict === 'Freeze' ? 'froze' : 'thawed'} Environment ${spec.environment}; by ${spec.by}, unproven`,
    };
  if (spec.verdict === 'Freeze' && (fromTime(spec.until) ?? now + 1) <= now)
    return {
      status: 'False',
      reason: 'Expired',
      message: 'until was past when it was looked at: create a new Decision with a later one',
    };
  return undefined;
}

/** A Release is the Environment's to use. */
function released({ decision, environment }: Input): Fate | undefined {
  const { spec, metadata } = decision;
  if (!environment)
    return {
      status: 'False',
      reason: 'WrongEnvironment',
      message: `Environment ${spec.environment} does not exist: name the one that refuses the image`,
    };
  if (environment.status?.released?.some((r) => r.uid === metadata.uid))
    return {
      status: 'True',
      reason: 'Used',
      message: `released on target ${spec.target}; by ${spec.by}, unproven`,
    };
  const refused = environment.status?.quarantine?.some(
    (q) => q.target === spec.target && q.revisionDigest === spec.revisionDigest,
  );
  if (refused) return undefined;
  return {
    status: 'False',
    reason: 'DigestMismatch',
    message: `target ${spec.target} refuses nothing of this revisionDigest: take status.revisionDigest of the Promotion that failed`,
  };
}
