import { LAWS } from '../../src/promotion/testing/laws/laws.ts';
import { type Figures, search, type SmallWorld } from './search.ts';
import { LONG, SHORT, WORLDS } from './worlds.ts';

/** What the search of one world has come to. */
export interface WorldFigures extends Figures {
  seconds: number;
  /** It is given only so many states, and is known to have more; any other is declared complete. */
  maxStates: number | undefined;
}

/** What the searches of all worlds have come to. */
export interface ModelFigures {
  states: number;
  transitions: number;
  /** The laws that were asked of every step; L1 of every state. */
  laws: readonly { id: string; says: string }[];
  /** Wall-clock time on one core. */
  seconds: number;
  violations: number;
  /** States of the worlds of which every state was looked at. */
  complete: number;
  worlds: readonly WorldFigures[];
}

const L1 = { id: 'L1', says: 'from every state an end can be reached by what ordinarily happens' };

/**
 * Searches the small worlds, one after the other.
 * @param form `short` takes seconds and belongs to the unit tests, `long` takes minutes.
 * @param tell is given each world's figures as soon as they are there.
 */
export function runModel(
  form: 'short' | 'long',
  tell: (world: WorldFigures) => void = () => {},
): ModelFigures {
  const began = performance.now();
  const worlds = (form === 'long' ? LONG : SHORT).map((name): WorldFigures => {
    const start = performance.now();
    const small: SmallWorld = { name, ...WORLDS[name] };
    const figures = search(small);
    const seconds = (performance.now() - start) / 1000;
    const world = { ...figures, seconds, maxStates: small.maxStates };
    tell(world);
    return world;
  });
  const sum = (of: (w: WorldFigures) => number): number => worlds.reduce((all, w) => all + of(w), 0);
  return {
    states: sum((w) => w.states),
    transitions: sum((w) => w.transitions),
    laws: [...LAWS.map(({ id, says }) => ({ id, says })), L1],
    seconds: (performance.now() - began) / 1000,
    violations: sum((w) => w.violations.length),
    complete: sum((w) => (w.complete ? w.states : 0)),
    worlds,
  };
}

/** What was there when this was written; far fewer would mean that some event cannot happen any more. */
export const LEAST = { short: 10_000, long: 100_000 };

/** What is wrong with these searches, in words: a broken law, or less than what is said of them. */
export function problemsOf(
  form: 'short' | 'long',
  { worlds, states }: Pick<ModelFigures, 'worlds' | 'states'>,
): string[] {
  return [
    ...worlds.flatMap((w) => w.violations.map((v) => `${w.name}: ${v.law} is broken: ${v.why}`)),
    ...worlds
      .filter((w) => !w.complete && w.maxStates === undefined)
      .map((w) => `${w.name}: declared complete, and stopped at ${w.states} states`),
    ...(states < LEAST[form] ? [`${states} states, there were at least ${LEAST[form]}`] : []),
  ];
}
