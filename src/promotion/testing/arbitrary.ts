import * as fc from 'fast-check';
import type { Verdict } from '../../analysis/sample.ts';
import type { Event } from './events.ts';
import { type Breach, breachesOf, LAWS, stepOf } from './laws/laws.ts';
import type { World } from './world.ts';

/** What may happen, and how many events long. Targets and gates: by name; without them all at once. */
export interface Chances {
  verdicts: readonly Verdict[];
  targets?: readonly string[];
  gates?: readonly string[];
  meddling?: readonly Extract<Event, { do: 'meddle' }>['how'][];
  orders?: readonly Extract<Event, { do: 'order' }>['verdict'][];
  freezes?: true;
  /** Who says something about which approval gates. */
  approvals?: { by: readonly string[]; gates: readonly string[] };
  /** Gates that somebody deletes, and applies again. */
  vanishing?: readonly string[];
  minLength?: number;
  maxLength: number;
}

const FAULTS = [
  'before status',
  'before effect',
  'after first effect',
  'after effect',
  'effects under way',
  'status refused',
  'effects refused',
] as const;

/** Whatever can happen, in any order: passes of the operator and crashes in it, controllers, time, answers, people. */
export function eventsOf(chances: Chances): fc.Arbitrary<Event[]> {
  const { verdicts, targets = ['checkout'], gates, meddling = [], orders = [] } = chances;
  const weighted: [number, fc.Arbitrary<Event>][] = [
    [8, fc.constant({ do: 'reconcile' })],
    [2, fc.constantFrom(...FAULTS).map((fault) => ({ do: 'reconcile', fault }))],
    [1, fc.constant({ do: 'reconcile blind to its own writes' })],
    [1, fc.constantFrom(...targets).map((target) => ({ do: 'reconcile blind to the controller', target }))],
    [1, fc.constant({ do: 'land' })],
    [8, fc.constant({ do: 'tick' })],
    [2, fc.constantFrom(...targets).map((target) => ({ do: 'tick', target }))],
    [1, fc.constant({ do: 'environment' })],
    [3, fc.integer({ min: 100, max: 3000 }).map((ms) => ({ do: 'wait', ms }))],
    [2, fc.constant({ do: 'wake' })],
    [4, fc.constantFrom(...verdicts).map((verdict) => ({ do: 'sample', verdict }))],
    [
      gates || targets.length > 1 ? 6 : 0,
      fc
        .tuple(
          fc.constantFrom(...verdicts),
          fc.constantFrom(...targets),
          fc.constantFrom(...(gates ?? [undefined])),
        )
        .map(([verdict, target, gate]) => ({ do: 'sample', verdict, target, ...(gate && { gate }) })),
    ],
  ];
  if (meddling.length > 0)
    weighted.push([
      1,
      fc
        .tuple(fc.constantFrom(...meddling), fc.constantFrom(...targets))
        .map(([how, target]) => ({ do: 'meddle', how, target })),
    ]);
  if (orders.length > 0)
    weighted.push([1, fc.constantFrom(...orders).map((verdict) => ({ do: 'order', verdict }))]);
  if (chances.freezes)
    weighted.push([
      1,
      fc.constantFrom('Freeze' as const, 'Thaw' as const).map((verdict) => ({ do: 'freeze', verdict })),
    ]);
  const { approvals } = chances;
  if (approvals)
    weighted.push([
      4,
      fc
        .tuple(
          fc.constantFrom(...approvals.by),
          fc.constantFrom('Approve' as const, 'Approve' as const, 'Approve' as const, 'Revoke' as const),
          fc.constantFrom(...approvals.gates),
        )
        .map(([by, verdict, gate]) => ({ do: 'approve', by, verdict, gate })),
    ]);
  const { vanishing = [] } = chances;
  if (vanishing.length > 0)
    weighted.push([
      1,
      fc
        .tuple(fc.constantFrom(...vanishing), fc.constantFrom('gone' as const, 'back' as const))
        .map(([gate, is]) => ({ do: 'gate', gate, is })),
    ]);
  if (approvals || orders.length > 0) weighted.push([2, fc.constant({ do: 'decisions' })]);
  const { minLength = 0, maxLength } = chances;
  return fc.array(fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary }))), {
    minLength,
    maxLength,
  });
}

/** Lets all of it happen, one after the other, and asks every law of each step; the world that it comes to. */
export function obeys(first: World, events: readonly Event[]): World {
  let world = first;
  for (const event of events) {
    const step = stepOf(world, event);
    const breaches = breachesOf(step);
    if (breaches.length > 0) throw new Error(breaches.map(toText).join('; '));
    world = step.after;
  }
  return world;
}

const toText = ({ law, why }: Breach): string => {
  const says = LAWS.find((l) => l.id === law)?.says ?? '';
  return `${law} (${says}): ${why}`;
};
