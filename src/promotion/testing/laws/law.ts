import type { Effect } from '../../../delivery/delivery.ts';
import type { Event, Pass } from '../events.ts';
import type { World } from '../world.ts';

/** One thing that happened, with the world before and after it. */
export interface Step {
  before: World;
  event: Event;
  after: World;
  /** What the operator decided meanwhile. */
  passes: readonly Pass[];
}

/** One of the product's laws, or a part of it, as a question to one step. It changes nothing. */
export interface Law {
  id: string;
  /** Numbers of the product's laws that it is of. */
  of: readonly number[];
  says: string;
  /** It asks what an ordinary pass comes to, and nothing of the way there: once of each state is enough. */
  ofState?: true;
  /** What breaks it, in words; undefined: it holds. */
  broken(step: Step): string | undefined;
}

/** An effect that was decided upon, whether or not it was carried out. */
export interface Decision extends Pick<Pass, 'promotion' | 'seen'> {
  effect: Effect;
}

/** Everything that the operator decided to do in this step. */
export function decisionsIn({ passes }: Step): Decision[] {
  return passes.flatMap(({ decided, promotion, seen }) =>
    decided.effects.map((effect) => ({ effect, promotion, seen })),
  );
}

/** The target of this name. */
export function targetOf(world: World, name: string): World['targets'][number] | undefined {
  return world.targets.find((t) => t.target.name === name);
}

/** What is wrong with the first that has something wrong with it. */
export function anyOf<T>(
  list: readonly T[],
  broken: (item: T) => string | false | undefined,
): string | undefined {
  for (const item of list) {
    const why = broken(item);
    if (why) return why;
  }
  return undefined;
}
