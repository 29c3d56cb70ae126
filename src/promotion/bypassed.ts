import { isTerminal } from '../api/v1alpha1/reasons.ts';
import type { Bypassed } from '../api/v1alpha1/types.ts';
import { calendarOf, freezeOf } from '../environment/calendar.ts';
import { toTime } from '../runtime/time.ts';
import { asEmergency, bypassesFor, type Constraint, type Pass, passOver } from './bypass.ts';
import { isBypassed } from './fold-approvals.ts';
import type { Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { lackOf } from './start/upstream.ts';

/** What is passed over now: what would hold it up, and does not. What was passed over once stays on record. */
export function bypassedBy(input: Input, outcome: Outcome): Bypassed[] {
  const before = input.promotion.status?.bypassed ?? [];
  if (!goesForward(input, outcome)) return [...before];
  const all = new Map([...approvals(input, outcome), ...gates(input), ...constraints(input)]);
  // What a person lets pass again later, as another freeze, is told again.
  const isTold = (what: string, { at = 0 }: Pass): boolean =>
    before.some((b) => b.what === what && Date.parse(b.at) >= at);
  const fresh = [...all]
    .filter(([what, pass]) => !isTold(what, pass))
    .map(([what, { by, ticket, reason, at = 0 }]) => ({
      what,
      by,
      ticket,
      reason,
      at: toTime(Math.max(input.now, at)),
    }));
  return [...before, ...fresh].slice(0, 64);
}

/** What has not begun, or is on its way back, passes over nothing. */
function goesForward({ promotion }: Input, { plan, revert, reason }: Outcome): boolean {
  const { spec, status } = promotion;
  const hasBegun = (plan ?? status?.plan) !== undefined && spec.dryRun !== true;
  const goesBack = (revert ?? status?.revert) !== undefined;
  return hasBegun && !goesBack && (reason === 'Succeeded' || !isTerminal(reason));
}

type Entry = [what: string, pass: Pass];

function constraints(input: Input): Entry[] {
  const { promotion, environment, freezes, now } = input;
  // Before it begins: what has begun was verified, or let through.
  const lack =
    promotion.status?.plan === undefined
      ? lackOf({ ...input, bypasses: [], requester: undefined })?.reason
      : undefined;
  const soaks = lack === 'Soaking';
  const inForce: [Constraint, boolean][] = [
    ['Freeze', freezeOf(environment, freezes, now) !== undefined],
    ['Window', calendarOf(environment, now)?.open === false],
    ['Soak', soaks],
    ['Upstream', lack !== undefined && !(soaks && passOver(input, 'Soak'))],
  ];
  return inForce.flatMap(([what, holds]): Entry[] => {
    const pass = holds ? passOver(input, what) : undefined;
    return pass ? [[what, pass]] : [];
  });
}

function gates(input: Input): Entry[] {
  return bypassesFor(input).flatMap((b): Entry[] => (b.gate === undefined ? [] : [[`gate/${b.gate}`, b]]));
}

/** Of approval gates that an emergency skips nobody is asked, once it comes to them. */
function approvals(input: Input, { results }: Outcome): Entry[] {
  const pass = asEmergency(input, 'Approval');
  if (!pass) return [];
  return (results ?? input.promotion.status?.gates ?? [])
    .filter(isBypassed)
    .map(({ gate }): Entry => [`gate/${gate}`, pass]);
}
