import type { ApprovalSpec, Gate, GateBinding, GateResult, Promotion } from '../api/v1alpha1/types.ts';
import { earliest, fromTime, toTime } from '../runtime/time.ts';
import { type Pass, passOverGate } from './bypass.ts';
import type { Input } from './input.ts';
import { imagesOf, revisionDigest } from './revision.ts';

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

/** An approval gate that this promotion has to pass. */
export interface ApprovalBinding {
  binding: GateBinding;
  gate: Gate;
  spec: ApprovalSpec;
}

/** What an approval gate says of the promotion as a whole: it is asked once, and not of each target. */
export interface ApprovalFold {
  results: GateResult[];
  /** Decisions by which a gate passed in this pass. */
  used: Approval[];
  /** The first gate that has not passed, with what is awaited from whom. */
  awaiting?: { gate: string; message: string; overdue: boolean };
  /** When the next approval expires, or the asking becomes overdue. */
  wakeAt?: number;
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
  /** The person who asked for the promotion, proven; undefined: nobody, or a machine. */
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

/** So many persons: two at least where four eyes are to see it and nobody is known to have asked for it. */
export function neededFor(spec: ApprovalSpec, requester: string | undefined): number {
  return !spec.requesterMayApprove && requester === undefined ? Math.max(2, spec.required) : spec.required;
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

/** Each person's last word on one gate, but for rejections; oldest first. */
function standingOn(gate: string, approvals: readonly Approval[]): Approval[] {
  const last = new Map<string, Approval>();
  for (const approval of approvals) {
    if (approval.gate !== gate || approval.verdict === 'Reject') continue;
    last.delete(approval.by);
    if (approval.verdict === 'Approve') last.set(approval.by, approval);
  }
  return [...last.values()];
}

/**
 * Asks approval gates, in the order of the plan. A gate that has passed stays passed: what was used is on record, and
 * is neither asked again nor does it expire.
 */
export function foldApprovals(input: Input, asked: readonly ApprovalBinding[]): ApprovalFold {
  const fold: ApprovalFold = { results: [], used: [] };
  const { promotion, now, requester, approvals } = input;
  const digest = revisionDigest(imagesOf(promotion));
  const taken = new Set(
    promotion.status?.decisions?.filter((d) => d.verdict === 'Approve').map((d) => `${d.gate} ${d.by}`),
  );
  for (const one of asked) {
    const before = resultFor(promotion, one.binding);
    if (before?.verdict === 'Pass') {
      fold.results.push(before);
      continue;
    }
    const { binding, spec } = one;
    const pass = passOverGate(input, binding.gate, true);
    if (pass) {
      fold.results.push(bypassedResult(one, pass, now));
      continue;
    }
    const measure: Measure = { spec, requester, revisionDigest: digest, now };
    const elsewhere = (by: string): boolean =>
      spec.persons === 'Distinct' &&
      [...taken].some((t) => t.endsWith(` ${by}`) && !t.startsWith(`${binding.gate} `));
    const counted = standingOn(binding.gate, approvals).filter(
      (a) => refusalOf(a, measure) === undefined && !elsewhere(a.by),
    );
    const needed = neededFor(spec, requester);
    const passed = counted.length >= needed;
    const used = passed ? counted.slice(0, needed) : counted;
    for (const a of used) taken.add(`${binding.gate} ${a.by}`);
    const since = before ? before.since : toTime(now);
    const names = used.map((a) => a.by).join(', ');
    const message = passed
      ? `approved by ${names}`
      : awaited(input, one, needed, names === '' ? [] : used.map((a) => a.by));
    fold.results.push({
      gate: binding.gate,
      when: binding.when,
      target: EVERY_TARGET,
      verdict: passed ? 'Pass' : 'Inconclusive',
      since: passed ? toTime(now) : since,
      message: message.slice(0, 512),
      sampleCount: used.length,
      ...(one.gate.metadata.generation !== undefined && { gateGeneration: one.gate.metadata.generation }),
    });
    if (passed) {
      fold.used.push(...used);
      continue;
    }
    const dueAt =
      spec.escalateAfterSeconds === undefined
        ? undefined
        : (fromTime(since) ?? now) + spec.escalateAfterSeconds * 1000;
    const expires = counted.map((a) => a.at + spec.expiresAfterSeconds * 1000);
    const wakeAt = earliest(...expires, ...(dueAt !== undefined && dueAt > now ? [dueAt] : []), fold.wakeAt);
    if (wakeAt !== undefined) fold.wakeAt = wakeAt;
    fold.awaiting ??= { gate: binding.gate, message, overdue: dueAt !== undefined && now >= dueAt };
  }
  return fold;
}

function bypassedResult({ binding, gate }: ApprovalBinding, pass: Pass, now: number): GateResult {
  return {
    gate: binding.gate,
    when: binding.when,
    target: EVERY_TARGET,
    verdict: 'Pass',
    since: toTime(now),
    message: `bypassed by ${pass.by} (${pass.ticket}): ${pass.reason}`.slice(0, 512),
    ...(gate.metadata.generation !== undefined && { gateGeneration: gate.metadata.generation }),
  };
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

/** Revokes that have withdrawn an approval, or kept one from counting. */
export function revocationsOf(input: Input, bindings: readonly GateBinding[]): Approval[] {
  if (!input.approvals.some((a) => a.verdict === 'Revoke')) return [];
  const gates = open(input, bindings).map((b) => b.binding.gate);
  return input.approvals.filter((a) => a.verdict === 'Revoke' && gates.includes(a.gate));
}

/** What is awaited, from whom, and how to give it. */
function awaited(
  { promotion, requester }: Input,
  { binding, spec }: ApprovalBinding,
  needed: number,
  by: readonly string[],
): string {
  const so =
    by.length === 0 ? `${needed} ${needed === 1 ? 'approval' : 'approvals'}` : `${needed - by.length} more`;
  const given = by.length === 0 ? '' : `, after ${by.join(', ')}`;
  const not = spec.requesterMayApprove ? '' : besides(requester, promotion.spec.requestedBy);
  return `gate ${binding.gate} awaits ${so}${given}${not}: create a Decision with verdict Approve, gate ${binding.gate} and revisionDigest ${revisionDigest(imagesOf(promotion))}`;
}

/** Who of all that may approve does not count, or why nobody's word is enough alone. */
function besides(requester: string | undefined, named: string | undefined): string {
  if (requester !== undefined) return `, but not by ${requester}, who asked for it`;
  if (named === undefined || isMachine(named)) return ', since nobody is known to have asked for it';
  return `, since who asked for it (${named}) is not proven: that was before the admission policies were in force as they are now`;
}
