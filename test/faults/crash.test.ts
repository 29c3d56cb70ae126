import { afterAll } from '@jest/globals';
import type { ApiRequest } from '../harness/fault-exchange.ts';
import type { RuleInForce } from '../harness/fault-proxy.ts';
import { numbers } from '../harness/random.ts';
import { deadly, type Moment } from './blows.ts';
import { faultCase, isLong, seed } from './case.ts';
import type { EndState } from './end-state.ts';
import { Lanes } from './lanes.ts';
import { ALL, play, type Playing } from './play.ts';
import { SCENES, type SceneName } from './scenes.ts';
import { isAbout, wordFor, writesOf } from './writes.ts';

/*
 * Law 7: a real operator is killed (SIGKILL) at any of its writes and started again, and comes to the same end. The
 * golden run of each scene says what is written; each write is then hit in three ways.
 */

const lanes = await Lanes.open();
afterAll(() => lanes.close());

const MOMENTS = {
  before: 'before it is sent',
  committed: 'after the commit, before the answer',
  answered: 'after the answer',
} as const satisfies Record<Moment, string>;
const moments = Object.keys(MOMENTS) as Moment[];

interface Golden {
  end: EndState;
  writes: readonly string[];
  /** Reasons of the events that are created on the way. */
  events: readonly string[];
}

/** What a scene comes to undisturbed, and what is written on the way. */
async function golden(name: SceneName): Promise<Golden> {
  const { end, playing, requests } = await lanes.use((lane) => play(lane, name));
  const about = requests.filter(
    (r) => r.resource === 'events' && r.verb === 'create' && isAbout(r, playing.app),
  );
  return {
    end,
    writes: writesOf(requests, playing.app),
    events: [...new Set(about.map((r) => wordFor(r, playing.app)))],
  };
}

interface Blow {
  word: string;
  moment: Moment;
}

/** Plays a scene with a crash at each of these writes; answers how many there were. */
async function crash(name: SceneName, { end }: Golden, blows: readonly Blow[]): Promise<number> {
  const rules: RuleInForce[] = [];
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const trouble = (playing: Playing): void => {
    for (const { word, moment } of blows) {
      const matches = (r: ApiRequest): boolean => isAbout(r, playing.app) && wordFor(r, playing.app) === word;
      rules.push(playing.lane.proxy.rule({ matches, times: 1, do: deadly(playing.lane, moment, reject) }));
    }
  };
  await Promise.race([lanes.use((lane) => play(lane, name, { trouble, end })), failed]);
  return rules.reduce((sum, { hits }) => sum + hits, 0);
}

/** In the short form: around the abort and the restore, where the most is at stake. */
const CHOSEN = /patch rollouts|Reverting/;
const names = (Object.keys(SCENES) as SceneName[]).filter((name) => isLong || name === 'bad');
const goldens = new Map(await Promise.all(names.map(async (name) => [name, await golden(name)] as const)));

for (const [name, found] of goldens) {
  const family = `Killed at a write of ${SCENES[name].title}`;
  for (const [i, word] of found.writes.filter((w) => isLong || CHOSEN.test(w)).entries()) {
    for (const moment of moments.filter((_, m) => isLong || m === i % moments.length))
      faultCase(
        {
          id: `C-${name}-${i + 1}-${moment}`,
          family,
          injected: `${word}: killed ${MOMENTS[moment]}`,
          laws: ALL,
          concurrent: true,
        },
        () => crash(name, found, [{ word, moment }]),
      );
  }
}

const bad = goldens.get('bad');
for (const [i, word] of (bad?.events ?? []).entries()) {
  const moment = moments[i % moments.length] ?? 'before';
  if (bad)
    faultCase(
      {
        id: `C-event-${i + 1}`,
        family: 'Killed at an event of a bad promotion',
        injected: `${word}: killed ${MOMENTS[moment]}`,
        laws: ALL,
        long: true,
        concurrent: true,
      },
      () => crash('bad', bad, [{ word, moment }]),
    );
}

/** Two deaths in one run, at random writes and moments. */
const PAIRS = isLong ? 50 : 0;
const random = numbers(seed);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
for (let pair = 1; pair <= PAIRS; pair += 1) {
  const name = pick(names);
  const found = goldens.get(name);
  if (!found) throw new Error(`no golden run of ${name}`);
  const blows = [1, 2].map((): Blow => ({ word: pick(found.writes), moment: pick(moments) }));
  const said = blows.map(({ word, moment }) => `${word} (${MOMENTS[moment]})`).join('; ');
  faultCase(
    {
      id: `C2-${pair}`,
      family: 'Killed twice in one run',
      injected: `${SCENES[name].title}: ${said}`,
      laws: ALL,
      seed,
      long: true,
      concurrent: true,
    },
    () => crash(name, found, blows),
  );
}
