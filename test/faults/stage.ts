import { isAgain } from './catalogue.ts';
import type { EndState } from './end-state.ts';
import { Lanes } from './lanes.ts';
import { limiter } from './limiter.ts';
import { play } from './play.ts';
import { SCENES, type SceneName } from './scenes.ts';
import { isAbout, wordsFor, writesOf } from './writes.ts';

/** What a scene comes to undisturbed, and what is written on the way. */
export interface Golden {
  end: EndState;
  /**
   * In words, in the order of their first occurrence; those that every undisturbed run has, or where cases of an
   * earlier run are played again, those that any has. What some runs say and
   * others tell together with the next write is news that may wait (`src/promotion/news.ts`): nothing follows from it,
   * so that a death there is one at the write before. The scene `unhurried` says all of it in each run.
   */
  writes: readonly string[];
  /** The events that are created, in words; likewise. */
  events: readonly string[];
}

/** The scenes that are played undisturbed, and killed at each of their writes, in the long form. */
export const PLAYED = [
  'good',
  'bad',
  'waves',
  'blueGreen',
  'approved',
  'takenBack',
  'risen',
  'frozen',
  'emergency',
  'released',
  'bypassed',
  'unhurried',
] as const satisfies readonly SceneName[];

/** Where the families of faults are played: one world, its lanes, and the end of each scene as it is meant to be. */
export interface Stage {
  lanes: Lanes;
  goldens: Partial<Record<SceneName, Golden>>;
}

/** So many scenes side by side: each has an operator of its own. */
const AT_ONCE = 7;

/**
 * Opens a world and plays these scenes undisturbed, side by side.
 * @param runs how often each is played: what is quick is told together in one run and apart in another.
 * @throws Error where one was not played undisturbed; nothing is left running then
 */
export async function openStage(chosen: readonly string[], runs: number): Promise<Stage> {
  const names = chosen.filter((name): name is SceneName => Object.hasOwn(SCENES, name));
  const lanes = await Lanes.open();
  try {
    const inTurn = limiter(AT_ONCE);
    const goldens = await Promise.all(
      names.map((name) => inTurn(async () => [name, await goldenOf(lanes, name, runs)] as const)),
    );
    return { lanes, goldens: Object.fromEntries(goldens) };
  } catch (error) {
    // Nobody else knows of it, and its servers would outlive the run.
    await lanes.close();
    throw error;
  }
}

async function goldenOf(lanes: Lanes, name: SceneName, runs: number): Promise<Golden> {
  const golden = await goldenRun(lanes, name);
  for (let run = 1; run < runs; run += 1) {
    const again = await goldenRun(lanes, name);
    golden.writes = both(golden.writes, again.writes);
    golden.events = both(golden.events, again.events);
  }
  return golden;
}

/** Of the words of two runs, those that a run of the cases asks of. */
function both(one: readonly string[], other: readonly string[]): string[] {
  return isAgain ? [...new Set([...one, ...other])] : one.filter((word) => other.includes(word));
}

async function goldenRun(lanes: Lanes, name: SceneName): Promise<Golden> {
  const { end, playing, requests } = await lanes
    .use((lane) => play(lane, name))
    .catch((cause: unknown) => {
      throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    });
  const { app } = playing;
  const events = requests.filter((r) => r.resource === 'events' && r.verb === 'create' && isAbout(r, app));
  return {
    end,
    writes: writesOf(requests, app),
    events: [...new Set(events.flatMap((r) => wordsFor(r, app)))],
  };
}

/** The end of a scene. @throws Error where it was not played undisturbed. */
export function goldenEnd({ goldens }: Stage, name: SceneName): EndState {
  const golden = goldens[name];
  if (!golden) throw new Error(`no golden run of ${name}`);
  return golden.end;
}
