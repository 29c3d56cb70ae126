import type { Verdict } from '../../analysis/sample.ts';
import type { Promotion } from '../../api/v1alpha1/types.ts';
import type { FreezeOrder } from '../../environment/calendar.ts';
import type { Decided, Order } from '../input.ts';
import type { Approval } from '../approvals.ts';
import { inOrder } from '../orders.ts';
import { imagesOf, revisionDigest } from '../revision.ts';
import type { RolloutModel } from './rollout-model.ts';
import type { Fault, Look, World } from './world.ts';

/** What can happen in a world, one at a time. */
export type Event =
  | { do: 'reconcile'; fault?: Fault }
  /** Twice on one look: the second time in another process, to which the writes of the first are not visible yet. */
  | { do: 'reconcile blind to its own writes' }
  /** The target's controller takes a step that the operator does not see yet. */
  | { do: 'reconcile blind to the controller'; target: string }
  /** What a crashed operator had sent arrives. */
  | { do: 'land' }
  /** A small step of every target's controller, or of one. */
  | { do: 'tick'; target?: string }
  | { do: 'environment' }
  /** The Decisions' controller says what became of each. */
  | { do: 'decisions' }
  | { do: 'wait'; ms: number }
  /** Time passes until the next instant that anything waits for. */
  | { do: 'wake' }
  | { do: 'sample'; verdict: Verdict; gate?: string; target?: string }
  /** Somebody else's hand on the Rollout. */
  | { do: 'meddle'; how: keyof typeof MEDDLE; target: string }
  | { do: 'order'; verdict: Order['verdict'] }
  /** The Environment is frozen, or thawed, by a person. */
  | { do: 'freeze'; verdict: FreezeOrder['verdict'] }
  /** Somebody says something about an approval gate. */
  | { do: 'approve'; by: string; verdict: Approval['verdict']; gate: string }
  /** A Gate is deleted, or applied again. */
  | { do: 'gate'; gate: string; is: 'gone' | 'back' }
  | { do: 'delete' };

const edited = (model: RolloutModel): void => {
  model.rollout.metadata.generation = (model.rollout.metadata.generation ?? 0) + 1;
};

/** As `kubectl argo rollouts` and `kubectl edit` do it. */
const MEDDLE = {
  abort: ({ rollout }: RolloutModel): void => void (rollout.status = { ...rollout.status, abort: true }),
  retry: ({ rollout }: RolloutModel): void => void (rollout.status = { ...rollout.status, abort: false }),
  promote: ({ rollout }: RolloutModel): void => void delete rollout.status?.pauseConditions,
  pause: (model: RolloutModel): void => {
    model.rollout.spec.paused = true;
    edited(model);
  },
  unpause: (model: RolloutModel): void => {
    model.rollout.spec.paused = false;
    edited(model);
  },
};

/** One pass of the operator: what it decided upon, and what it came to. */
export interface Pass {
  promotion: Promotion;
  seen: Look;
  decided: Decided;
}

function pass(world: World, fault?: Fault, seen: Look = world.look()): Pass {
  const { promotion } = world;
  return { promotion, seen, decided: world.reconcile(fault, seen) };
}

/** Lets it happen, and tells what the operator decided meanwhile. */
export function happen(world: World, event: Event): Pass[] {
  if (event.do === 'reconcile') return [pass(world, event.fault)];
  if (event.do === 'reconcile blind to its own writes') {
    const seen = world.look();
    const first = pass(world, undefined, seen);
    world.restart();
    return [first, pass(world, undefined, seen)];
  }
  if (event.do === 'reconcile blind to the controller') {
    const seen = world.look();
    world.tick(event.target);
    return [pass(world, undefined, seen)];
  }
  befall(world, event);
  return [];
}

type Other = Exclude<
  Event,
  { do: 'reconcile' | 'reconcile blind to its own writes' | 'reconcile blind to the controller' }
>;

/** What happens around the operator. */
function befall(world: World, event: Other): void {
  switch (event.do) {
    case 'land':
      return world.land();
    case 'tick':
      return world.tick(event.target);
    case 'environment':
      return world.environmentTick();
    case 'decisions':
      return world.decisionsTick();
    case 'wait':
      world.now += event.ms;
      return;
    case 'wake':
      world.now = nextInstant(world);
      return;
    case 'sample':
      return world.sample(event.verdict, event.target, event.gate);
    case 'meddle':
      return world.meddle(event.target, MEDDLE[event.how], event.how === 'promote');
    case 'order':
      world.orders = inOrder([...world.orders, orderOf(world, event.verdict)]);
      return;
    case 'freeze':
      world.freezes = [...world.freezes, freezeOf(world, event.verdict)];
      return;
    case 'approve':
      world.approvals = [...world.approvals, approvalOf(world, event)];
      return;
    case 'gate':
      world.away = new Set(
        [...world.away, event.gate].filter((g) => event.is === 'gone' || g !== event.gate),
      );
      return;
    case 'delete':
      world.promotion = {
        ...world.promotion,
        metadata: { ...world.promotion.metadata, deletionTimestamp: '2026-01-01T00:10:00Z' },
      };
      return;
    default:
      throw new Error(`no such event: ${String(event satisfies never)}`);
  }
}

function orderOf({ now, orders }: World, verdict: Order['verdict']): Order {
  const name = `d${orders.length}`;
  // As the API server stamps it: whole seconds.
  const at = Math.floor(now / 1000) * 1000;
  return { name, uid: `${name}-uid`, by: 'bob', verdict, at, reason: 'because' };
}

function freezeOf({ now, freezes }: World, verdict: FreezeOrder['verdict']): FreezeOrder {
  const name = `f${freezes.length}`;
  return { name, uid: `${name}-uid`, by: 'bob', verdict, at: now, until: now + 60_000, reason: 'because' };
}

function approvalOf(
  { now, approvals, promotion }: World,
  { by, verdict, gate }: Extract<Event, { do: 'approve' }>,
): Approval {
  const name = `a${approvals.length}`;
  const digest = revisionDigest(imagesOf(promotion));
  const at = Math.floor(now / 1000) * 1000;
  return { name, uid: `${name}-uid`, by, verdict, gate, revisionDigest: digest, at, reason: 'because' };
}

/** The next wake-up that was asked for, or the time from which passes count, whichever comes first. */
export function nextInstant(world: World): number {
  const { wakeAt } = world.decide();
  const opens = [...world.memory.requests.values()].map((r) => r.passFrom);
  const ahead = [wakeAt, ...opens].filter((t) => t !== undefined && t > world.now) as number[];
  return ahead.length > 0 ? Math.min(...ahead) : world.now;
}

/** The event as a person reads it. */
export function inWords(event: Event): string {
  switch (event.do) {
    case 'reconcile':
      return event.fault ? `reconcile, ${event.fault}` : 'reconcile';
    case 'sample':
      return `gate ${event.gate ?? '*'} answers ${event.verdict} about ${event.target ?? '*'}`;
    case 'meddle':
      return `somebody does ${event.how} on ${event.target}`;
    case 'order':
      return `a person orders ${event.verdict}`;
    case 'approve':
      return `${event.by} says ${event.verdict} to gate ${event.gate}`;
    case 'gate':
      return `Gate ${event.gate} is ${event.is}`;
    case 'freeze':
      return `a person says ${event.verdict} to the Environment`;
    case 'wait':
      return `${event.ms} ms pass`;
    case 'tick':
      return `the controller of ${event.target ?? 'every target'} takes a step`;
    case 'reconcile blind to the controller':
      return `the controller of ${event.target} takes a step, and the operator reconciles on what was before`;
    case 'reconcile blind to its own writes':
    case 'land':
    case 'environment':
    case 'decisions':
    case 'wake':
    case 'delete':
      return event.do;
    default:
      throw new Error(`no such event: ${String(event satisfies never)}`);
  }
}
