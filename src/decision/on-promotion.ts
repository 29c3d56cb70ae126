import type { Decision, Environment, Promotion } from '../api/v1alpha1/types.ts';
import { dueFor, FOLLOW_UP, isAfterwards, isSettled, refusalOfFollowUp } from '../environment/follow-ups.ts';
import { bindingsOf } from '../promotion/bindings.ts';
import { refusalOf, resultFor, withdrawing } from '../promotion/approvals.ts';
import type { Input } from './decide.ts';
import { type Fate, no } from './fate.ts';

/* Decisions on one promotion, which uses them: what it has used stands in its status. */

/** What is wrong with any Decision on that promotion, or that it was used; undefined: it is the promotion's to use. */
export function onPromotion({ decision, promotion }: Input): Fate | undefined {
  const { spec, metadata } = decision;
  const name = spec.promotion?.name ?? '';
  if (!promotion || promotion.metadata.uid !== spec.promotion?.uid)
    return no(
      'WrongUID',
      `there is no Promotion ${name} with this uid: take metadata.uid from the Promotion that is meant`,
    );
  if (promotion.spec.environment !== spec.environment)
    return no(
      'WrongEnvironment',
      `Promotion ${name} is for Environment ${promotion.spec.environment}: name that one`,
    );
  if (promotion.status?.decisions?.some((d) => d.uid === metadata.uid))
    return { status: 'True', reason: 'Used', message: `used by Promotion ${name}` };
  if (promotion.status?.completedAt !== undefined)
    return no('TooLate', `Promotion ${name} has ended: to go back or to try again, apply a new Promotion`);
  if (promotion.status?.revert !== undefined)
    return no('TooLate', `Promotion ${name} is on its way back already: nothing is left to decide`);
  return undefined;
}

/** The same for a Bypass, which is of one of its gates, or of a constraint. */
export function onBypass(input: Input): Fate | undefined {
  const fate = onPromotion(input);
  const { promotion, environment, decision } = input;
  const { gate } = decision.spec;
  // What gates it has is not known without its Environment, until they are latched.
  if (fate || !promotion || gate === undefined || (!environment && !promotion.status?.plan)) return fate;
  if (bindingsOf({ promotion, environment }).some((b) => b.gate === gate)) return undefined;
  return no(
    'WrongGate',
    `Promotion ${promotion.metadata.name} does not have to pass a Gate ${gate}: name one of its gates, or a constraint`,
  );
}

/** The same for an Approve, a Reject or a Revoke, which are on one of its approval gates besides. */
export function onGate(input: Input): Fate | undefined {
  const { promotion, decision, gate, environment } = input;
  const after = followUp(decision, environment, promotion);
  if (after) return after === 'open' ? undefined : after;
  const fate = onPromotion(input);
  if (fate || !promotion) return fate;
  const { spec, metadata } = decision;
  const bound = bindingsOf({ promotion, environment }).filter((b) => b.gate === spec.gate);
  const approval = gate?.spec.approval;
  if (isAfterwards(decision) && bound.length === 0)
    return no(
      'WrongGate',
      `Promotion ${promotion.metadata.name} is no emergency that has begun and passed over something: gate ${FOLLOW_UP} is asked afterwards`,
    );
  if (bound.length === 0 || !approval)
    return no(
      'WrongGate',
      `Promotion ${promotion.metadata.name} asks no approval of a Gate ${spec.gate ?? ''}: name one of its approval gates`,
    );
  if (bound.every((b) => resultFor(promotion, b)?.verdict === 'Pass'))
    return no(
      'TooLate',
      `gate ${spec.gate ?? ''} has passed already${spec.verdict === 'Approve' ? '' : ': use Abort to stop the promotion'}`,
    );
  const { by, verdict } = spec;
  if (verdict === 'Revoke') return withdrawsNothing(input);
  // A Reject is used or too late, whoever it is by.
  if (verdict !== 'Approve' || spec.gate === undefined) return undefined;
  const refusal = refusalOf(
    {
      name: metadata.name,
      uid: metadata.uid,
      by,
      verdict,
      gate: spec.gate,
      revisionDigest: spec.revisionDigest,
      at: Date.parse(metadata.creationTimestamp),
      reason: spec.reason,
    },
    {
      spec: approval,
      requester: promotion.spec.requestedBy,
      // Not known until the promotion was looked at once.
      revisionDigest: promotion.status?.revisionDigest ?? spec.revisionDigest,
      now: input.now,
    },
  );
  return refusal && no(refusal.reason, refusal.message);
}

/** A Revoke withdraws an Approve of the same second too: from here on no such one can come any more. */
export const lateFor = (at: number): number => at + 2000;

/** A Revoke of what its author has not approved, or has withdrawn already. */
function withdrawsNothing({ decision, approvals, now }: Input): Fate | undefined {
  const { metadata, spec } = decision;
  if (withdrawing(approvals ?? []).some((a) => a.uid === metadata.uid)) return undefined;
  if (now < lateFor(Date.parse(metadata.creationTimestamp))) return undefined;
  return no(
    'WrongGate',
    `no Approve by ${spec.by} stands on gate ${spec.gate ?? ''} that it could withdraw: name the gate that they have approved`,
  );
}

/** An Approve after an emergency is the Environment's to use. */
function followUp(
  decision: Decision,
  environment: Environment | undefined,
  promotion: Promotion | undefined,
): Fate | 'open' | undefined {
  if (!isAfterwards(decision) || !environment) return undefined;
  const { followUps = [], decisions = [] } = environment.status ?? {};
  if (decisions.some((d) => d.uid === decision.metadata.uid))
    return { status: 'True', reason: 'Used', message: 'approves the emergency afterwards' };
  const { uid } = decision.spec.promotion ?? {};
  // The Environment may not have seen yet that it is due.
  const seen = promotion?.metadata.uid === uid ? promotion && dueFor(promotion, environment) : undefined;
  const due = followUps.find((f) => f.uid === uid) ?? seen;
  if (!due) return undefined;
  if (due === seen && isSettled(due, environment))
    return no('TooLate', `emergency ${due.promotion} was approved afterwards already`);
  const refusal = refusalOfFollowUp(due, decision);
  return refusal ? no(refusal.reason, refusal.message) : 'open';
}
