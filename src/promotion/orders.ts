import type { Promotion } from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import type { Input, Order } from './input.ts';

const weight = (o: Order): number => (o.verdict === 'Hold' ? 1 : 0);

/** Oldest first; of the same second a Hold comes last, because to wait is the safer reading. */
export function inOrder(orders: readonly Order[]): Order[] {
  return orders.toSorted((a, b) => a.at - b.at || weight(a) - weight(b) || (a.uid < b.uid ? -1 : 1));
}

const VERDICTS: readonly string[] = ['Hold', 'Resume', 'Abort'] satisfies Order['verdict'][];

/**
 * What was used and stands on record, while the Decision itself is not to be seen: a cache that is behind would let go
 * on what a person holds.
 * @param known UIDs of the Decisions that are to be seen.
 */
export function onRecord({ status }: Pick<Promotion, 'status'>, known: ReadonlySet<string>): Order[] {
  return (status?.decisions ?? []).flatMap(({ name, uid, by, verdict, at }) =>
    VERDICTS.includes(verdict) && !known.has(uid)
      ? [{ name, uid, by, verdict: verdict as Order['verdict'], at: Date.parse(at), reason: undefined }]
      : [],
  );
}

/** The Hold that is in force: no advance, guards go on, no deadline. */
export function heldBy({ orders }: Pick<Input, 'orders'>): Order | undefined {
  const last = orders.findLast((o) => o.verdict !== 'Abort');
  return last?.verdict === 'Hold' ? last : undefined;
}

/** When a person last said to go on: deadlines and counts of the present step begin anew there. */
export function resumedAt({ orders }: Pick<Input, 'orders'>): number | undefined {
  return orders.findLast((o) => o.verdict === 'Resume')?.at;
}

/** The Abort, if there is one. */
export function abortedBy({ orders }: Pick<Input, 'orders'>): Order | undefined {
  return orders.find((o) => o.verdict === 'Abort');
}

/** Who decided and why, as it stands in messages. */
export function said(order: Pick<Order, 'by' | 'at' | 'reason'>): string {
  return `${order.by} at ${toTime(order.at)}${order.reason ? ` (${order.reason})` : ''}`;
}
