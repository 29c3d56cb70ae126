import type { GateBinding } from '../api/v1alpha1/types.ts';
import { earliest, toTime } from '../runtime/time.ts';
import { type Approval, type ApprovalBinding, EVERY_TARGET, isMachine } from './approvals.ts';
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
  /** Approvals that count so far. */
  counted: readonly Approval[];
  elsewhere: readonly Elsewhere[];
  /** When the asking has lasted too long; undefined: never. */
  pagesAt: number | undefined;
}

/** A gate that has not passed. */
export interface Awaited {
  gate: string;
  /** What it awaits, from whom, until when and what then. */
  message: string;
  /** It has been asked for too long: it pages. */
  overdue: boolean;
  /** When the next approval expires, or it begins to page. */
  until: number | undefined;
}

/** What an approval gate awaits. */
export function awaited(
  input: Input,
  { binding, spec }: Pick<ApprovalBinding, 'binding' | 'spec'>,
  { needed, counted, elsewhere, pagesAt }: Progress,
): Awaited {
  const { now } = input;
  const by = counted.map((a) => a.by);
  const so =
    by.length === 0 ? `${needed} ${needed === 1 ? 'approval' : 'approvals'}` : `${needed - by.length} more`;
  const given = by.length === 0 ? '' : `, after ${by.join(', ')}`;
  const not = spec.requesterMayApprove ? '' : besides(input, spec.required, needed);
  const there = elsewhere.map((e) => `, and not by ${e.by}, who has approved gate ${e.gate}`).join('');
  const earlier = passedEarlier(input, binding);
  const again = earlier.length === 0 ? '' : `; what was approved ${earlier.join(' and ')} is used`;
  const [oldest] = counted.toSorted((a, b) => a.at - b.at);
  const expiresAt = oldest && oldest.at + spec.expiresAfterSeconds * 1000;
  const expires =
    expiresAt === undefined ? '' : `; the approval by ${oldest?.by} expires at ${toTime(expiresAt)}`;
  const overdue = pagesAt !== undefined && now >= pagesAt;
  const pages = pagesAt === undefined ? '' : `; it pages ${overdue ? 'since' : 'from'} ${toTime(pagesAt)}`;
  return {
    gate: binding.gate,
    message: `gate ${binding.gate} awaits ${so}${given}${not}${there}${again}${expires}${pages}`,
    overdue,
    until: earliest(expiresAt, overdue ? undefined : pagesAt),
  };
}

/** How the approvals of these gates are given, and who may. */
export function howToApprove({ promotion }: Input, gates: readonly string[]): string {
  const [only, ...others] = gates;
  const [gate, of] = others.length === 0 ? [`gate ${only}`, 'that Gate'] : ['one of these gates', 'the Gate'];
  return `create a Decision with verdict Approve, ${gate} and revisionDigest ${revisionDigest(imagesOf(promotion))}, as whoever has the verb approve on ${of} and on Environment ${promotion.spec.environment} may`;
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
