import { approvalsAmong } from '../approvals.ts';
import { type ApprovalFold, foldApprovals, passOf } from '../fold-approvals.ts';
import { howToApprove } from '../awaited.ts';
import { earliest, toTime } from '../../runtime/time.ts';
import type { Input } from '../input.ts';
import type { Outcome } from '../outcome.ts';
import { imagesOf } from '../revision.ts';
import type { Chosen } from './preflight.ts';
import { bindingsOf } from '../bindings.ts';
import { wait } from './waiting.ts';

/**
 * The approval gates that are asked before anything is changed: those that are bound Before, and those bound During
 * that would be asked before the first step that serves users.
 */
export function approvedToBegin(
  input: Input,
  found: readonly Chosen[],
): { outcome?: Outcome; fold?: ApprovalFold } {
  // A dry run asks nobody.
  if (input.promotion.spec.dryRun) return {};
  const asked = approvalsAmong(
    input,
    bindingsOf(input).filter(({ when, targets, fromWeight = 0 }) => {
      const own = found.filter((c) => targets?.includes(c.target.name) ?? true);
      if (when === 'After' || own.length === 0) return false;
      return (
        when === 'Before' || own.some((c) => (c.view.firstWeight ?? 0) >= fromWeight && c.view.firstWeight)
      );
    }),
  );
  if (asked.length === 0) return {};
  const undigested = imagesOf(input.promotion).find((i) => i.digest === undefined);
  const [first] = asked.filter((one) => passOf(input, one) === undefined);
  if (undigested && first)
    return {
      outcome: wait(
        input,
        'AwaitingReference',
        'Digest',
        `gate ${first.binding.gate} approves exactly what is promoted, and ${undigested.image}:${undigested.tag ?? ''} may be anything tomorrow: add the digest in a new Promotion`,
      ),
    };
  const fold = foldApprovals(input, asked);
  if (!fold.awaiting) return { fold };
  return { outcome: { ...awaiting(input, fold), results: fold.results, used: fold.used } };
}

/** Waiting for persons: what each open gate awaits from whom, and when the asking escalates or an approval expires. */
export function awaiting(
  input: Input,
  { awaiting: open = [] }: ApprovalFold,
): Pick<Outcome, 'reason' | 'message' | 'pastDeadline' | 'wakeAt' | 'blockedBy'> {
  const how = howToApprove(
    input,
    open.map((o) => o.gate),
  );
  return {
    reason: 'AwaitingApproval',
    message: `${open.map((o) => o.message).join('; ')}: ${how}`,
    pastDeadline: open.some((o) => o.overdue),
    wakeAt: earliest(...open.map((o) => o.until)),
    blockedBy: open.map(({ gate, message, until }) => ({
      reason: 'Approval',
      message: `${message}: ${howToApprove(input, [gate])}`.slice(0, 1024),
      ...(until !== undefined && { until: toTime(until) }),
    })),
  };
}
