import { isDeepStrictEqual } from 'node:util';
import { significant } from '../../status.ts';
import { type Law, decisionsIn } from './law.ts';

const stays: Law = {
  id: 'L1 stays',
  of: [3, 7],
  says: 'what has ended says and does nothing any more',
  broken: (step) => {
    const { before, after } = step;
    if (!before.ended) return undefined;
    const [effect] = decisionsIn(step);
    if (effect) return `${effect.effect.kind} on ${effect.effect.target} after the end`;
    if (after.writes > 0) return 'its status is written after the end';
    return before.reason === after.reason ? undefined : `${before.reason} has become ${after.reason}`;
  },
};

/** Passes in a row after which a world in which nothing else happens is at rest. */
const AT_REST = 12;

const quiet: Law = {
  id: 'Q',
  of: [8],
  ofState: true,
  says: 'where nothing changes, looking again writes nothing, does nothing, and asks for a later look',
  broken: ({ event, after }) => {
    if (event.do !== 'reconcile' || event.fault) return undefined;
    const world = after.fork();
    for (let i = 0; i < AT_REST; i += 1) {
      const { writes } = world;
      const said = significant(world.promotion.status);
      const decided = world.reconcile();
      const isQuiet = world.writes === writes && decided.effects.length === 0 && !decided.finalizer;
      if (!isQuiet) continue;
      if (!isDeepStrictEqual(significant(decided.status), said)) {
        // It is kept, to be written later.
        if (world.stored) continue;
        return 'it says something new each time';
      }
      const { wakeAt } = decided;
      return wakeAt !== undefined && wakeAt <= world.now ? 'it asks to look again at once' : undefined;
    }
    return `after ${AT_REST} more looks at the same world it still writes or acts`;
  },
};

export const QUIET: readonly Law[] = [stays, quiet];
