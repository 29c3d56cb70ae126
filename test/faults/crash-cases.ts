import type { ApiRequest } from '../harness/fault-exchange.ts';
import type { RuleInForce } from '../harness/fault-proxy.ts';
import { numbers } from '../harness/random.ts';
import { deadly, type Moment } from './blows.ts';
import { faultCase, NeverInjected, PATIENCE_MS } from './case.ts';
import { isAgain, isLong, seed } from './catalogue.ts';
import { play, type Playing } from './play.ts';
import { SCENES, type SceneName } from './scenes.ts';
import type { Golden, Stage } from './stage.ts';
import { isAbout, wordsFor } from './writes.ts';

/*
 * Law 7: a real operator is killed (SIGKILL) at any of its writes and started again, and comes to the same end. The
 * golden run of each scene says what is written; each write is then hit in three ways.
 */

const MOMENTS = {
  before: 'before it is sent',
  committed: 'after the commit, before the answer',
  answered: 'after the answer',
} as const satisfies Record<Moment, string>;
const moments = Object.keys(MOMENTS) as Moment[];

interface Blow {
  word: string;
  moment: Moment;
}

/** How often a scene is played until the write came: some come in some runs only, since what is quick is told together. */
const TRIES = 6;

/** Plays a scene with a crash at each of these writes, until there was one; answers how many there were. */
async function crash(stage: Stage, name: SceneName, blows: readonly Blow[]): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const hits = await crashOnce(stage, name, blows);
    if (hits > 0 || tries === TRIES) return hits;
  }
}

async function crashOnce(
  { lanes, goldens }: Stage,
  name: SceneName,
  blows: readonly Blow[],
): Promise<number> {
  const rules: RuleInForce[] = [];
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const trouble = (playing: Playing): void => {
    for (const { word, moment } of blows) {
      const matches = (r: ApiRequest): boolean =>
        isAbout(r, playing.app) && wordsFor(r, playing.app).includes(word);
      rules.push(playing.lane.proxy.rule({ matches, times: 1, do: deadly(playing.lane, moment, reject) }));
    }
  };
  await Promise.race([lanes.use((lane) => play(lane, name, { trouble, end: goldens[name]?.end })), failed]);
  return rules.reduce((sum, { hits }) => sum + hits, 0);
}

/** In the short form: around the abort and the restore, where the most is at stake, and what became of an Approve. */
const CHOSEN: Partial<Record<SceneName, RegExp>> = {
  bad: /patch rollouts|edAt$/,
  approved: /decisions\/status/,
};

const isChosen = (name: SceneName, word: string): boolean => isLong || (CHOSEN[name]?.test(word) ?? false);

/**
 * Every write of every golden run, in three ways. What a promotion that is quick says in some runs only is said in each
 * by one that takes its time, and hit there.
 */
export function crashCases(stage: Stage): void {
  const hurried = stage.goldens.good?.writes ?? [];
  for (const [name, { writes }] of Object.entries(stage.goldens) as [SceneName, Golden][]) {
    const family = `Killed at a write of ${SCENES[name].title}`;
    // What either said in an earlier run is chosen by its name then.
    const isShared = (w: string): boolean => name === 'unhurried' && !isAgain && hurried.includes(w);
    const own = writes.filter((w) => !isShared(w));
    for (const [i, word] of own.filter((w) => isChosen(name, w)).entries())
      for (const moment of moments.filter((_, m) => isLong || m === i % moments.length))
        faultCase(
          {
            id: `C-${name}-${moment} ${word}`,
            family,
            injected: `killed ${MOMENTS[moment]}`,
            concurrent: true,
            timeoutMs: TRIES * PATIENCE_MS,
          },
          () => crash(stage, name, [{ word, moment }]),
        );
  }
  eventCases(stage);
  pairCases(stage);
}

/** The events of a bad promotion, each in one way. */
function eventCases(stage: Stage): void {
  for (const [i, word] of (stage.goldens.bad?.events ?? []).entries()) {
    const moment = moments[i % moments.length] ?? 'before';
    faultCase(
      {
        id: `C-event-${moment} ${word}`,
        family: 'Killed at an event of a bad promotion',
        injected: `killed ${MOMENTS[moment]}`,
        long: true,
        concurrent: true,
        timeoutMs: TRIES * PATIENCE_MS,
      },
      () => crash(stage, 'bad', [{ word, moment }]),
    );
  }
}

const PAIRS = 50;

/** How often a pair is drawn until both of its deaths have happened: some writes come in some runs only. */
const DRAWS = 6;

/** Two deaths in one run, at random writes and moments. */
function pairCases(stage: Stage): void {
  const names = Object.keys(stage.goldens) as SceneName[];
  for (let pair = 1; pair <= PAIRS; pair += 1) {
    // Numbers of its own: what another pair draws again changes nothing here.
    const random = numbers(seed * 1000 + pair);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const name = pick(names);
    const draw = (): Blow[] =>
      [1, 2].map(() => ({ word: pick(stage.goldens[name]?.writes ?? []), moment: pick(moments) }));
    faultCase(
      {
        id: `C2-${pair}`,
        family: 'Killed twice in one run',
        injected: `${SCENES[name].title}: at two random writes`,
        seed,
        long: true,
        concurrent: true,
        timeoutMs: DRAWS * PATIENCE_MS,
      },
      async () => {
        for (let drawn = 1; drawn <= DRAWS; drawn += 1) {
          const blows = draw();
          const times = await crashOnce(stage, name, blows);
          const said = blows.map(({ word, moment }) => `${word} (${MOMENTS[moment]})`).join('; ');
          if (times === blows.length) return { times, injected: `${SCENES[name].title}: ${said}` };
        }
        throw new NeverInjected(`of ${DRAWS} pairs of deaths none happened in one run`);
      },
    );
  }
}
