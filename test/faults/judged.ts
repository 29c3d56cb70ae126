import { FAILING, PASSING } from '../harness/gates.ts';
import type { EndState } from './end-state.ts';
import { endsAs } from './ending.ts';
import { noting } from './laws.ts';
import { play } from './play.ts';
import type { Stage } from './stage.ts';

/** How the scene `judged` may be ended by its gate. */
export type Judged = 'RolledBack' | 'Succeeded';

const ends = new Map<Judged, Promise<EndState>>();

/** What the scene `judged` comes to undisturbed; played when somebody first asks. */
export function judgedEnd(stage: Stage, ending: Judged): Promise<EndState> {
  const known = ends.get(ending) ?? playJudged(stage, ending);
  ends.set(ending, known);
  return known;
}

async function playJudged({ lanes }: Stage, ending: Judged): Promise<EndState> {
  // What is asked of this run is not asked of the case that wants to know.
  const { result } = await noting(() =>
    lanes.use((lane) =>
      play(lane, 'judged', {
        act: async ({ place, promotion }) => {
          await place.untilReason(promotion, 'Analysing');
          await place.apply('Gate', place.app, ending === 'RolledBack' ? FAILING : PASSING);
        },
        expect: (playing) => endsAs(playing, ending),
      }),
    ),
  );
  return result.end;
}
