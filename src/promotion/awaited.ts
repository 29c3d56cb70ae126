import type { GateBinding } from '../api/v1alpha1/types.ts';
import { type ApprovalBinding, EVERY_TARGET, isMachine } from './approvals.ts';
import type { Input } from './input.ts';
import { imagesOf, revisionDigest } from './revision.ts';

/** Somebody who has approved here, and counts at another gate that has passed. */
export interface Elsewhere {
  by: string;
  gate: string;
}

/** How far a gate has come. */
interface Progress {
  needed: number;
  by: readonly string[];
  elsewhere: readonly Elsewhere[];
}

/** What an approval gate awaits, from whom, and how to give it. */
export function awaited(
  input: Input,
  { binding, spec }: Pick<ApprovalBinding, 'binding' | 'spec'>,
  { needed, by, elsewhere }: Progress,
): string {
  const so =
    by.length === 0 ? `${needed} ${needed === 1 ? 'approval' : 'approvals'}` : `${needed - by.length} more`;
  const given = by.length === 0 ? '' : `, after ${by.join(', ')}`;
  const not = spec.requesterMayApprove ? '' : besides(input, spec.required, needed);
  const there = elsewhere.map((e) => `, and not by ${e.by}, who has approved gate ${e.gate}`).join('');
  const earlier = passedEarlier(input, binding);
  const again = earlier.length === 0 ? '' : `; what was approved ${earlier.join(' and ')} is used`;
  return `gate ${binding.gate} awaits ${so}${given}${not}${there}${again}: create a Decision with verdict Approve, gate ${binding.gate} and revisionDigest ${revisionDigest(imagesOf(input.promotion))}`;
}

/** When the same gate was asked before, and has passed. */
function passedEarlier({ promotion }: Input, { gate, when }: GateBinding): string[] {
  const all = promotion.status?.gates ?? [];
  return all
    .filter((g) => g.gate === gate && g.when !== when && g.target === EVERY_TARGET && g.verdict === 'Pass')
    .map((g) => g.when);
}

/** Who of all that may approve does not count, and why there are more than the gate asks for. */
function besides({ requester, byMachine, promotion }: Input, required: number, needed: number): string {
  if (requester !== undefined) return `, but not by ${requester}, who asked for it`;
  if (byMachine) return needed > required ? ', since a machine has asked for it' : '';
  const more = `, and one more than ${required}, since`;
  const named = promotion.spec.requestedBy;
  if (named === undefined) return `${more} nobody is known to have asked for it`;
  const not = isMachine(named) ? '' : `, but not by ${named}`;
  return `${not}${more} it is not proven that ${named} has asked for it: that was before the admission policies were in force as they are now`;
}
