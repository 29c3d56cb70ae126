import type { Bypassed } from '../api/v1alpha1/types.ts';
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
export type Pass = Pick<Bypassed, 'by' | 'ticket' | 'reason'>;

const SKIPS = { Window: 'Windows', Freeze: 'Freeze', Soak: 'Soak', Upstream: 'Upstream' } as const;

/** An emergency that a person has asked for, where the Environment lets it skip this. */
export function asEmergency(input: Input, skips: (typeof SKIPS)[Constraint] | 'Approval'): Pass | undefined {
  const { promotion, environment, requester } = input;
  const { changeType, emergency } = promotion.spec;
  if (changeType !== 'Emergency' || !emergency || requester === undefined) return undefined;
  if (!environment?.spec.emergency?.maySkip.includes(skips)) return undefined;
  return { by: requester, ticket: emergency.ticket, reason: emergency.justification };
}

/** Who lets it pass over a constraint; undefined: nobody, it holds. */
export function passOver(input: Input, constraint: Constraint): Pass | undefined {
  return input.bypasses.find((b) => b.constraint === constraint) ?? asEmergency(input, SKIPS[constraint]);
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
