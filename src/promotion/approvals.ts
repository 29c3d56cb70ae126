import type { ApprovalSpec, Gate, GateBinding, GateResult, Promotion } from '../api/v1alpha1/types.ts';
import type { Input } from './input.ts';

/** A Decision on an approval gate of this promotion whose author is proven. Times are epoch milliseconds. */
export interface Approval {
  name: string;
  uid: string;
  by: string;
  verdict: 'Approve' | 'Reject' | 'Revoke';
  gate: string;
  /** What was approved. */
  revisionDigest: string | undefined;
  at: number;
  reason: string | undefined;
}

const rank = ({ verdict }: Approval): number => (verdict === 'Revoke' ? 1 : 0);

/** Oldest first; of the same second a Revoke comes last, because to wait is the safer reading. */
export function oldestFirst(approvals: readonly Approval[]): Approval[] {
  return approvals.toSorted((a, b) => a.at - b.at || rank(a) - rank(b) || (a.uid < b.uid ? -1 : 1));
}

/** An approval gate that this promotion has to pass. */
export interface ApprovalBinding {
  binding: GateBinding;
  gate: Gate;
  spec: ApprovalSpec;
}

/** Stands for all targets in a gate's result. */
export const EVERY_TARGET = '*';

/** Whether a Gate asks persons. */
export function isApproval(gate: Gate | undefined): boolean {
  return gate?.spec.approval !== undefined;
}

/** The approval gates among these bindings. */
export function approvalsAmong(input: Input, bindings: readonly GateBinding[]): ApprovalBinding[] {
  return bindings.flatMap((binding) => {
    const gate = input.gates.get(binding.gate);
    const spec = gate?.spec.approval;
    return gate && spec ? [{ binding, gate, spec }] : [];
  });
}

/** Machines of the cluster are no persons. */
export function isMachine(user: string): boolean {
  return user.startsWith('system:');
}

/** Why a Decision does not count, and what to do; undefined: it counts. */
export interface Refusal {
  reason: 'SelfApproval' | 'DigestMismatch' | 'Expired' | 'NotAuthorised';
  message: string;
}

/** What an approval is measured by. */
export interface Measure {
  spec: ApprovalSpec;
  /** Who is named to have asked for the promotion, proven or not; undefined: nobody. */
  requester: string | undefined;
  revisionDigest: string | undefined;
  now: number;
}

/** Whether an approval counts by itself, whoever else has approved. */
export function refusalOf(
  approval: Approval,
  { spec, requester, revisionDigest: digest, now }: Measure,
): Refusal | undefined {
  if (isMachine(approval.by))
    return {
      reason: 'NotAuthorised',
      message: 'a machine is no second pair of eyes: a person has to approve',
    };
  if (!spec.requesterMayApprove && approval.by === requester)
    return {
      reason: 'SelfApproval',
      message: `${approval.by} has asked for this promotion, and may not approve it: somebody else has to`,
    };
  if (approval.revisionDigest !== digest)
    return {
      reason: 'DigestMismatch',
      message: `it approves another revision than status.revisionDigest of the Promotion, ${digest ?? 'which is not known yet'}: look at that one, then approve it`,
    };
  if (now >= approval.at + spec.expiresAfterSeconds * 1000)
    return {
      reason: 'Expired',
      message: `it was not used within ${spec.expiresAfterSeconds} s: approve again`,
    };
  return undefined;
}

/**
 * So many persons. Where four eyes are to see it and nobody is known to have asked for it, any of them may have: one
 * more. A machine has seen nothing: two persons at least.
 */
export function neededFor(
  { required, requesterMayApprove }: ApprovalSpec,
  { requester, byMachine }: Pick<Input, 'requester' | 'byMachine'>,
): number {
  if (requesterMayApprove || requester !== undefined) return required;
  return byMachine ? Math.max(2, required) : required + 1;
}

/** What status says of a gate. */
export function resultFor(
  promotion: Pick<Promotion, 'status'>,
  binding: Pick<GateBinding, 'gate' | 'when'>,
): GateResult | undefined {
  return promotion.status?.gates?.find(
    (g) => g.gate === binding.gate && g.when === binding.when && g.target === EVERY_TARGET,
  );
}

/** The approval gates that can still be decided on: those that have not passed. */
function open(input: Input, bindings: readonly GateBinding[]): ApprovalBinding[] {
  return approvalsAmong(input, bindings).filter(
    ({ binding }) => resultFor(input.promotion, binding)?.verdict !== 'Pass',
  );
}

/** The Reject that ends the promotion: on any of its approval gates that has not passed, asked yet or not. */
export function rejectionOf(input: Input, bindings: readonly GateBinding[]): Approval | undefined {
  if (!input.approvals.some((a) => a.verdict === 'Reject')) return undefined;
  const gates = open(input, bindings).map((b) => b.binding.gate);
  return input.approvals.find((a) => a.verdict === 'Reject' && gates.includes(a.gate));
}

/** Revokes that have withdrawn an approval of the same person on the same gate. */
export function withdrawing(oldestFirst: readonly Approval[]): Approval[] {
  const standing = new Set<string>();
  return oldestFirst.filter(({ gate, by, verdict }) => {
    const whose = JSON.stringify([gate, by]);
    if (verdict === 'Approve') standing.add(whose);
    return verdict === 'Revoke' && standing.delete(whose);
  });
}

/** Revokes that have kept an approval from counting: one that withdraws nothing is used for nothing. */
export function revocationsOf(input: Input, bindings: readonly GateBinding[]): Approval[] {
  if (!input.approvals.some((a) => a.verdict === 'Revoke')) return [];
  const gates = open(input, bindings).map((b) => b.binding.gate);
  return withdrawing(input.approvals).filter((a) => gates.includes(a.gate));
}
