import type { Verdict } from '../../src/analysis/sample.ts';
import { freezeOf } from '../../src/environment/calendar.ts';
import { heldBy } from '../../src/promotion/orders.ts';
import { type Event, nextInstant } from '../../src/promotion/testing/events.ts';
import { fatesIn } from '../../src/promotion/testing/fates.ts';
import type { Step } from '../../src/promotion/testing/laws/law.ts';
import type { Fault, World } from '../../src/promotion/testing/world.ts';

/** What is tried in each state, and how often in one run where not every time. */
export interface Alphabet {
  verdicts: readonly Verdict[];
  /** Crashes and refused writes at every place in a pass, and looks at what is old. */
  faults: boolean;
  /** The controllers of all targets take their steps together. */
  lockstep?: boolean;
  /**
   * A gate's passes come for all its targets at once, as the answer to one query does, and while a Fail awaits the
   * pass that acts on it no gate answers.
   */
  batched?: boolean;
  /** Instants that are farther off are not waited for, milliseconds: what runs out there never does. */
  horizonMs?: number;
  /** Crashes after which the writes that were on their way arrive later. */
  late: number;
  /** Other people's hands on a Rollout. */
  meddling: readonly Extract<Event, { do: 'meddle' }>['how'][];
  meddled: number;
  /** What people order; a Resume besides, wherever there is a Hold, and a Thaw, wherever it is frozen. */
  orders: readonly ('Hold' | 'Abort' | 'Freeze')[];
  ordered: number;
  /** Who approves its approval gates, again when it has expired; whoever is left out may still be awaited. */
  approvers?: readonly string[];
}

/** How much is left of what may happen only so often. */
export type Left = Pick<Alphabet, 'late' | 'meddled' | 'ordered'>;

/** What is left after this event. */
export function spend(left: Left, event: Event): Left {
  // To undo what one did is always possible.
  if (event.do === 'meddle' && event.how === 'unpause') return left;
  if (event.do === 'order' && event.verdict === 'Resume') return left;
  if (event.do === 'freeze' && event.verdict === 'Thaw') return left;
  if (event.do === 'meddle') return { ...left, meddled: left.meddled - 1 };
  if (event.do === 'order' || event.do === 'freeze') return { ...left, ordered: left.ordered - 1 };
  if (event.do === 'reconcile' && event.fault === 'effects under way')
    return { ...left, late: left.late - 1 };
  return left;
}

const at = (fault: Fault): Event => ({ do: 'reconcile', fault });

/** Passes that go wrong, where there is something that can: `plain` is what the pass comes to else. */
function faults(world: World, alphabet: Alphabet, left: Left, plain: Step): Event[] {
  if (!alphabet.faults) return [];
  const wrote = plain.after.writes > 0;
  const effects = plain.passes[0]?.decided.effects.length ?? 0;
  return [
    at('before status'),
    ...(wrote ? [at('status refused'), at('before effect')] : []),
    ...(effects > 0
      ? [at('effects refused'), at('after effect'), { do: 'reconcile blind to its own writes' } as const]
      : []),
    ...(effects > 1 ? [at('after first effect')] : []),
    ...(effects > 0 && left.late > 0 && world.underWay.length === 0 ? [at('effects under way')] : []),
    ...(alphabet.lockstep ? [] : world.targets).map(
      ({ target }): Event => ({ do: 'reconcile blind to the controller', target: target.name }),
    ),
  ];
}

/** The answers that the gates can give now. One that has failed is not asked again. */
function answers(world: World, { verdicts, batched = false }: Alphabet): Event[] {
  const asked = [...world.memory.requests];
  const hasFailed = (key: string): boolean => world.memory.judgements.get(key)?.verdict === 'Fail';
  if (batched && asked.some(([key]) => hasFailed(key))) return [];
  const gates = batched ? new Set(asked.map(([, { binding }]) => binding.gate)) : [];
  const alone = asked.flatMap(([key, { binding, target, epoch }]): Event[] => {
    if (hasFailed(key)) return [];
    const possible = epoch === 'preflight' ? (['Pass', 'Error'] as const) : verdicts;
    return possible
      .filter((verdict) => !batched || verdict !== 'Pass')
      .map((verdict) => ({ do: 'sample', verdict, gate: binding.gate, target: target.name }));
  });
  return [...Array.from(gates, (gate): Event => ({ do: 'sample', verdict: 'Pass', gate })), ...alone];
}

const ordering = (verdict: Alphabet['orders'][number]): Event =>
  verdict === 'Freeze' ? { do: 'freeze', verdict } : { do: 'order', verdict };

function people(world: World, alphabet: Alphabet, left: Left): Event[] {
  const events: Event[] = [];
  const targets = world.targets.map((t) => t.target.name);
  if (left.meddled > 0 && world.promotion.status?.plan)
    for (const how of alphabet.meddling)
      events.push(...targets.map((target): Event => ({ do: 'meddle', how, target })));
  if (left.ordered > 0) events.push(...alphabet.orders.map(ordering));
  return [...events, ...approvals(world, alphabet), ...relenting(world)];
}

/** What persons have said of its gates is refused whenever the Decisions' controller looks. */
function refusals(world: World, { approvers }: Alphabet): Event[] {
  if (!approvers || world.promotion.status?.plan) return [];
  return fatesIn(world).refused.size > world.refused.size ? [{ do: 'decisions' }] : [];
}

/** Each may say one thing that holds at a time, about each of the gates that ask persons. */
function approvals(world: World, { approvers = [] }: Alphabet): Event[] {
  if (world.promotion.status?.plan) return [];
  const inForce = approvalsInForce(world);
  const gates = [...world.scene.gates].filter(([, { spec }]) => spec.approval).map(([name]) => name);
  return gates.flatMap((gate) =>
    approvers
      .filter((by) => !inForce.some((a) => a.by === by && a.gate === gate))
      .map((by): Event => ({ do: 'approve', by, verdict: 'Approve', gate })),
  );
}

/** What persons have said and what has not expired. */
export function approvalsInForce({ approvals: said, scene, now }: World): World['approvals'] {
  return said.filter(({ gate, at }) => {
    const { expiresAfterSeconds = 0 } = scene.gates.get(gate ?? '')?.spec.approval ?? {};
    return now < at + expiresAfterSeconds * 1000;
  });
}

/** Whoever has stopped it can always let it go on. */
function relenting(world: World): Event[] {
  const paused = world.targets.filter((t) => t.model.rollout.spec.paused);
  return [
    ...paused.map(({ target }): Event => ({ do: 'meddle', how: 'unpause', target: target.name })),
    ...(heldBy(world) ? [{ do: 'order', verdict: 'Resume' } as const] : []),
    ...(freezeOf(undefined, world.freezes, world.now) ? [{ do: 'freeze', verdict: 'Thaw' } as const] : []),
  ];
}

const isNear = (world: World, { horizonMs }: Alphabet): boolean =>
  horizonMs === undefined || nextInstant(world) - world.now <= horizonMs;

/** Everything that can happen in this world besides a pass in which nothing goes wrong. */
export function eventsIn(world: World, alphabet: Alphabet, left: Left, plain: Step): Event[] {
  const each = world.targets.map(({ target }): Event => ({ do: 'tick', target: target.name }));
  const around: Event[] = [
    ...(alphabet.lockstep ? [{ do: 'tick' } as const] : each),
    ...(world.promotion.status?.revert ? [{ do: 'environment' } as const] : []),
    ...(world.underWay.length > 0 ? [{ do: 'land' } as const] : []),
  ];
  if (world.ended) return around;
  return [
    ...around,
    ...(isNear(world, alphabet) ? [{ do: 'wake' } as const] : []),
    ...answers(world, alphabet),
    ...faults(world, alphabet, left, plain),
    ...people(world, alphabet, left),
    ...refusals(world, alphabet),
  ];
}

/** What happens without anybody's help or harm: along this alone the end has to stay reachable. */
export function isOrdinary(event: Event, { promotion }: World): boolean {
  // On the way forward it may wait for whoever stopped it; a revert waits for nobody.
  if (event.do === 'meddle') return event.how === 'unpause' && !promotion.status?.revert;
  if (event.do === 'order') return event.verdict === 'Resume' && !promotion.status?.revert;
  if (event.do === 'freeze') return event.verdict === 'Thaw' && !promotion.status?.revert;
  if (event.do === 'approve') return event.verdict === 'Approve';
  if (event.do === 'sample') return event.verdict === 'Pass';
  if (event.do === 'reconcile') return event.fault === undefined;
  return ['tick', 'environment', 'decisions', 'wake'].includes(event.do);
}
