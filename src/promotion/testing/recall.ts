import type { Decided } from '../input.ts';

/**
 * What was decided on one look. `decide` is a pure function, so it is told again for as long as all that a
 * decision depends on are the same objects, which nobody changes in place.
 */
export class Recall {
  #on: readonly unknown[] | undefined;
  #decided: Decided | undefined;

  /** Undefined: something is another, or nothing was decided yet. */
  of(on: readonly unknown[]): Decided | undefined {
    const isSame = this.#on?.length === on.length && this.#on.every((value, i) => Object.is(value, on[i]));
    return isSame ? this.#decided : undefined;
  }

  /** Keeps the first alone, since all forks of one world share it; what comes later is kept by another. */
  keep(on: readonly unknown[], decided: Decided): Recall {
    if (this.#on) return new Recall().keep(on, decided);
    this.#on = on;
    this.#decided = decided;
    return this;
  }
}

const known = new WeakMap<object, WeakMap<object, boolean>>();

/** The same answer about the same two objects, which nobody changes in place; asked once. */
export function asked(a: object, b: object, isTrue: () => boolean): boolean {
  const answers = known.get(a) ?? new WeakMap<object, boolean>();
  known.set(a, answers);
  const answer = answers.get(b) ?? isTrue();
  answers.set(b, answer);
  return answer;
}
