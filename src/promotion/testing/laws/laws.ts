import type { Event } from '../events.ts';
import { happen } from '../events.ts';
import type { World } from '../world.ts';
import { BACK } from './back.ts';
import { FORWARD } from './forward.ts';
import type { Law, Step } from './law.ts';
import { PERSONS } from './persons.ts';
import { QUIET } from './quiet.ts';
import { VERDICTS } from './verdicts.ts';

/**
 * The product's laws by name, each a question to one step of a world. S1 to S4, L1 and L2 are the names
 * of the research notes. S5 and S6 (tenants, secrets)
 * are not decided by `decide` and are checked on the real API server; that an end can always be reached
 * (L1) is a question to all states together, and is asked by the search.
 */
export const LAWS: readonly Law[] = [...FORWARD, ...PERSONS, ...BACK, ...VERDICTS, ...QUIET];

/** A law that a step has broken. */
export interface Breach {
  law: string;
  why: string;
}

/** Every law that this step breaks. */
export function breachesOf(step: Step, laws: readonly Law[] = LAWS): Breach[] {
  return laws.flatMap((law) => {
    const why = law.broken(step);
    return why === undefined ? [] : [{ law: law.id, why }];
  });
}

/** Lets it happen in a fork of the world, and asks the laws. */
export function stepOf(before: World, event: Event): Step {
  const after = before.fork();
  return { before, event, after, passes: happen(after, event) };
}
