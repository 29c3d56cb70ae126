import type { PromotionStatus } from '../api/v1alpha1/types.ts';
import { nameOnRecord, recorded, WORTH } from '../environment/used.ts';
import { toTime } from '../runtime/time.ts';
import { type Approval, revocationsOf } from './approvals.ts';
import { bindingsOf } from './bindings.ts';
import { type Bypass, bypassesFor } from './bypass.ts';
import type { Input, Order } from './input.ts';
import { abortedBy } from './orders.ts';
import type { Outcome } from './outcome.ts';

/* The Decisions that a promotion has used, as they stand in its status. */

/** Approvals that count in one promotion: they stay on record, with room beside them for what else is decided. */
export const MOST_APPROVALS = 48;

type Used = NonNullable<PromotionStatus['decisions']>[number];

function entryOf({ name, uid, by, verdict, at, ...on }: Order | Approval | Bypass): Used {
  return {
    name,
    uid,
    by: nameOnRecord(by),
    verdict,
    ...('gate' in on && on.gate !== undefined && { gate: on.gate }),
    at: toTime(at),
  };
}

/**
 * The record after this pass. What a gate has passed by stays for good, since who counts there counts at no other; so
 * does the order that is in force, which counts where a cache is behind.
 */
export function decisionsOf(
  input: Input,
  { used = [], plan }: Pick<Outcome, 'used' | 'plan'>,
): Pick<PromotionStatus, 'decisions'> {
  const { promotion, orders, told } = input;
  const { decisions: before = [], revert } = promotion.status ?? {};
  // On the way back there is nothing left to decide.
  if (revert) return before.length > 0 ? { decisions: before } : {};
  const gates = plan?.gates ?? bindingsOf(input);
  const inForce = orders.findLast((o) => o.verdict !== 'Abort');
  const counts: (Order | Approval | Bypass)[] = [...used, abortedBy(input), inForce].filter(
    (d) => d !== undefined,
  );
  const others = [...orders, ...bypassesFor(input), ...revocationsOf(input, gates)];
  const isNew = ({ uid }: { uid: string }): boolean =>
    !before.some((d) => d.uid === uid) && told?.has(uid) !== true;
  const decisions = recorded({
    before,
    counts: counts.filter(isNew).map(entryOf),
    others: others.filter((d) => isNew(d) && !counts.includes(d)).map(entryOf),
    worth: ({ uid, verdict }) => {
      if (verdict === 'Approve' || uid === inForce?.uid) return WORTH.kept;
      return told?.has(uid) ? WORTH.told : WORTH.untold;
    },
  });
  return decisions.length > 0 ? { decisions } : {};
}
