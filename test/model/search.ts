import { hash } from 'node:crypto';
import { type Event, inWords } from '../../src/promotion/testing/events.ts';
import type { Law, Step } from '../../src/promotion/testing/laws/law.ts';
import { breachesOf, LAWS, stepOf } from '../../src/promotion/testing/laws/laws.ts';
import type { RolloutModel } from '../../src/promotion/testing/rollout-model.ts';
import { World, type WorldOptions } from '../../src/promotion/testing/world.ts';
import { type Alphabet, eventsIn, isOrdinary, type Left, spend } from './alphabet.ts';
import { Graph } from './graph.ts';
import { keyOf, modelKey } from './state-key.ts';

/** A small world, and what is tried in each of its states. */
export interface SmallWorld {
  name: string;
  options: WorldOptions;
  alphabet: Alphabet;
  /** Where it begins: what the good path comes to when this first holds; at the very beginning unless given. */
  begin?: (world: World) => boolean;
  /** Times are told apart by their age, and not only by the deadlines that they have passed. */
  fine?: boolean;
  /** The laws that are asked, besides L1; all of them unless given. */
  laws?: readonly Law[];
  /** It stops once so many laws are broken; 5 unless given. */
  maxViolations?: number;
  /** It is known to have more states than this, and is cut off there; any other is declared complete. */
  maxStates?: number;
}

/** A law that is broken, with a shortest way there. */
export interface Violation {
  law: string;
  why: string;
  trace: readonly string[];
}

/** What a search has come to. */
export interface Figures {
  name: string;
  /** Distinct states, by `keyOf`. */
  states: number;
  /** Events that were tried, those that change nothing included. */
  transitions: number;
  /** States in which the promotion has ended, by its reason. */
  ends: Readonly<Record<string, number>>;
  violations: readonly Violation[];
  /** Every state was looked at. */
  complete: boolean;
}

/** States for which there is memory and time; a world that is declared complete and has more fails. */
const LIMIT = 5_000_000;

interface Node {
  id: number;
  world: World;
  left: Left;
}

/**
 * Every state that can be reached, breadth first, and every event in each of them, with every law asked of
 * each step; then, backwards from the ends, whether there is a state from which none can be reached (L1).
 */
export function search(small: SmallWorld): Figures {
  return new Search(small).run();
}

/** The first state: played without a fault, with gates that pass, to where the search is to begin. */
function begun({ options, begin = () => true }: SmallWorld): World {
  const world = new World(options);
  while (!begin(world)) {
    if (world.ended) throw new Error('the good path never comes to where the search is to begin');
    world.reconcile();
    world.tick();
    world.sample('Pass');
    world.now += 1000;
  }
  return world.fork();
}

class Search {
  readonly #small: SmallWorld;
  readonly #graph = new Graph();
  readonly #known = new Map<string, number>();
  readonly #models = new Map<string, { name: number; model: RolloutModel }>();
  readonly #labels = new Map<string, number>();
  readonly #words: string[] = [];
  readonly #violations: Violation[] = [];
  readonly #ends = new Map<number, string>();
  readonly #ofSteps: readonly Law[];
  readonly #ofStates: readonly Law[];
  /** States to which an ordinary pass has come, and of which the laws of states were asked. */
  readonly #asked = new Set<number>();
  #transitions = 0;
  /** States that were found and not yet looked at. */
  #found: Node[] = [];

  constructor(small: SmallWorld) {
    this.#small = small;
    const { laws = LAWS } = small;
    this.#ofSteps = laws.filter((l) => !l.ofState);
    this.#ofStates = laws.filter((l) => l.ofState);
  }

  run(): Figures {
    const { name, alphabet, maxStates = LIMIT, maxViolations = 5 } = this.#small;
    this.#visit(begun(this.#small), alphabet, -1, -1);
    while (
      this.#found.length > 0 &&
      this.#graph.states <= maxStates &&
      this.#violations.length < maxViolations
    ) {
      // Layer by layer, so that what was looked at is let go of.
      const layer = this.#found;
      this.#found = [];
      for (const node of layer) {
        if (this.#graph.states > maxStates || this.#violations.length >= maxViolations) break;
        this.#expand(node);
      }
    }
    const complete = this.#graph.states <= maxStates && this.#violations.length < maxViolations;
    if (complete && this.#violations.length === 0)
      for (const state of this.#graph.stuck(this.#ends.keys()).slice(0, 1))
        this.#tell('L1', 'no end can be reached from here, whatever ordinary happens', state);
    const ends: Record<string, number> = {};
    for (const reason of this.#ends.values()) ends[reason] = (ends[reason] ?? 0) + 1;
    const [states, transitions, violations] = [this.#graph.states, this.#transitions, this.#violations];
    return { name, states, transitions, ends, violations, complete };
  }

  /** Tries every event in one state. */
  #expand({ id, world, left }: Node): void {
    // All forks of it are told again what is decided here.
    world.decide();
    const plain = stepOf(world, { do: 'reconcile' });
    const events = eventsIn(world, this.#small.alphabet, left, plain);
    for (const step of [plain, ...events.map((event) => stepOf(world, event))]) {
      this.#transitions += 1;
      this.#ask(step, id, this.#ofSteps);
      const to = this.#visit(step.after, spend(left, step.event), id, this.#labelOf(step.event));
      if (step === plain && !this.#asked.has(to)) {
        this.#asked.add(to);
        step.after.decide();
        this.#ask(step, id, this.#ofStates);
      }
      if (isOrdinary(step.event, world)) this.#graph.edge(id, to);
    }
  }

  #ask(step: Step, from: number, laws: readonly Law[]): void {
    for (const { law, why } of breachesOf(step, laws)) this.#tell(law, why, from, step.event);
  }

  /** The number of this state, which is looked at later if it is new. */
  #visit(world: World, left: Left, parent: number, label: number): number {
    const names = this.#named(world);
    const state = keyOf(world, this.#small.fine ?? false, (model) => names.get(model) ?? -1);
    // Of millions of states there is no room for the keys themselves.
    const key = hash('sha256', `${state}${left.late}|${left.meddled}|${left.ordered}`, 'base64url');
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    const id = this.#graph.add(parent, label);
    this.#known.set(key, id);
    if (world.ended) this.#ends.set(id, world.reason);
    this.#found.push({ id, world, left });
    return id;
  }

  /** Equal Rollouts become one object with a short name, so that nothing is worked out twice of them. */
  #named(world: World): Map<RolloutModel, number> {
    const names = new Map<RolloutModel, number>();
    for (const t of world.targets) {
      const key = modelKey(world, t.model);
      const one = this.#models.get(key) ?? { name: this.#models.size, model: t.model };
      this.#models.set(key, one);
      one.model.isShared = true;
      t.model = one.model;
      names.set(one.model, one.name);
    }
    return names;
  }

  #labelOf(event: Event): number {
    const words = inWords(event);
    const label = this.#labels.get(words) ?? this.#words.push(words) - 1;
    this.#labels.set(words, label);
    return label;
  }

  #tell(law: string, why: string, state: number, last?: Event): void {
    const { maxViolations = 5 } = this.#small;
    const isKnown = this.#violations.some((v) => v.law === law && v.why === why);
    if (isKnown || this.#violations.length >= maxViolations) return;
    const path = this.#graph.pathTo(state).map((label) => this.#words[label] ?? '');
    this.#violations.push({ law, why, trace: last ? [...path, inWords(last)] : path });
  }
}
