import type { Bypassed } from '../api/v1alpha1/types.ts';
import { calendarOf, freezeOf } from '../environment/calendar.ts';
import { toTime } from '../runtime/time.ts';
import { bindingsOf } from './bindings.ts';
import { asEmergency, bypassesFor, type Constraint, type Pass, passOver } from './bypass.ts';
import type { Input } from './input.ts';
import { lackOf } from './start/upstream.ts';

/** What is passed over now: what would hold it up, and does not. What was passed over once stays on record. */
export function bypassedBy(input: Input): Bypassed[] {
  const before = input.promotion.status?.bypassed ?? [];
  const all = new Map([...approvals(input), ...gates(input), ...constraints(input)]);
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

/** Of approval gates that an emergency skips nobody is asked. */
function approvals(input: Input): Entry[] {
  const pass = asEmergency(input, 'Approval');
  if (!pass) return [];
  const asked = bindingsOf(input).filter(({ gate }) => input.gates.get(gate)?.spec.approval);
  return asked.map(({ gate }): Entry => [`gate/${gate}`, pass]);
}
