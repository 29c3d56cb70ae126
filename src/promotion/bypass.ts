import type { Bypassed } from '../api/v1alpha1/types.ts';
import { freezesOf } from '../environment/calendar.ts';
import { closedThroughout, stoodBefore } from '../environment/stood.ts';
import { bindingsOf } from './bindings.ts';
import type { Input } from './input.ts';

/* What a promotion passes over on the record: by a person's Bypass, or as an emergency. */

export type Constraint = 'Window' | 'Freeze' | 'Soak' | 'Upstream';

/** A person's Bypass of one thing, for this promotion. */
export interface Bypass {
  name: string;
  uid: string;
  by: string;
  verdict: 'Bypass';
  /** Exactly one of the two. */
  gate: string | undefined;
  constraint: Constraint | undefined;
  ticket: string;
  reason: string;
  at: number;
}

/** Who lets it pass over something, and why. */
export interface Pass extends Pick<Bypassed, 'by' | 'ticket' | 'reason'> {
  /** When a person said so, epoch milliseconds; undefined: it is an emergency. */
  at?: number;
}

const SKIPS = { Window: 'Windows', Freeze: 'Freeze', Soak: 'Soak', Upstream: 'Upstream' } as const;

/** An emergency that a person has asked for, where the Environment lets it skip this. */
export function asEmergency(input: Input, skips: (typeof SKIPS)[Constraint] | 'Approval'): Pass | undefined {
  const { promotion, environment, requester } = input;
  const { changeType, emergency } = promotion.spec;
  if (changeType !== 'Emergency' || !emergency || requester === undefined) return undefined;
  if (!environment?.spec.emergency?.maySkip.includes(skips)) return undefined;
  return { by: requester, ticket: emergency.ticket, reason: emergency.justification };
}

/** Those that mean something here: one of a gate that it does not have is none, as of what is always judged. */
export function bypassesFor(input: Input): readonly Bypass[] {
  if (input.bypasses.length === 0) return [];
  const bound = bindingsOf(input).map((b) => b.gate);
  return input.bypasses.filter((b) => b.gate === undefined || bound.includes(b.gate));
}

/**
 * Whether a Bypass is of what holds it up now. A freeze, and a window that has closed, it passes over once: those that
 * stood when it was made. A freeze of the same second may have come after it.
 */
function covers({ environment, freezes, now }: Input, constraint: Constraint, { at }: Bypass): boolean {
  if (constraint === 'Window') return environment !== undefined && closedThroughout(environment, at, now);
  if (constraint !== 'Freeze') return true;
  return freezesOf(environment, freezes, now).every(({ since }) => since !== undefined && since < at);
}

/** Who lets it pass over a constraint; undefined: nobody, it holds. */
export function passOver(input: Input, constraint: Constraint): Pass | undefined {
  const bypass = input.bypasses.find((b) => b.constraint === constraint && covers(input, constraint, b));
  return bypass ?? asEmergency(input, SKIPS[constraint]);
}

/** Why a Bypass does not pass over a freeze or a window, in words for the end of a message; empty: there is none. */
export function whyNotPassed(input: Input, constraint: 'Freeze' | 'Window'): string {
  const last = input.bypasses.findLast((b) => b.constraint === constraint);
  if (!last) return '';
  const { environment } = input;
  const isEdited = environment !== undefined && !stoodBefore(environment, last.at);
  const closed = isEdited ? 'the windows were edited' : 'it closed';
  const before = constraint === 'Freeze' ? 'this freeze' : closed;
  return `; the Bypass by ${last.by} was made before ${before}: create another`;
}

/** Who lets it pass over a gate: measured and shown it decides nothing; of an approval gate nobody is asked. */
export function passOverGate(input: Input, gate: string, isApproval: boolean): Pass | undefined {
  const bypass = input.bypasses.find((b) => b.gate === gate);
  return bypass ?? (isApproval ? asEmergency(input, 'Approval') : undefined);
}

/** Why an emergency waits like any other promotion, in words for the end of a message; empty: it is none, or skips. */
export function whyNotSkipped({ promotion, environment, requester }: Input): string {
  if (promotion.spec.changeType !== 'Emergency') return '';
  if (!environment?.spec.emergency) return '; the Environment lets emergencies skip nothing';
  return requester === undefined
    ? '; an emergency that no person has asked for waits for a Decision with verdict Bypass'
    : '';
}
