import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asks } from '../harness/fault-kinds.ts';
import { until } from '../harness/until.ts';
import { faultCase } from './case.ts';
import type { EndState } from './end-state.ts';
import type { Lane } from './lanes.ts';
import { asked, type Law } from './laws.ts';
import { endsAs } from './ending.ts';
import { play, type Playing } from './play.ts';
import { TIMING } from './scenes/scene.ts';
import { goldenEnd, type Stage } from './stage.ts';

/*
 * The wall clock of the operator's machine is set, by an hour, while a promotion is under way: its decisions are the
 * same. What it writes down as the time is as wrong as its clock, so S2, which compares times, holds where it writes
 * both of them after the jump; where it does not, S1 by the order of versions remains.
 */

const HOUR = 3_600_000;
const LAWS: readonly Law[] = ['S1', 'S4', 'S5', 'S6', 'S7', 'L1', 'L2'];
let clocks = 0;

/** Sets the clock of an operator; resolves when it goes by it. */
type Set = (offsetMs: number) => Promise<void>;

/** A lane whose operator has a clock that can be set. */
async function clockedLane({ lanes }: Stage): Promise<{ lane: Lane; set: Set }> {
  clocks += 1;
  const file = join(lanes.world.cluster.facts.dir, `clock-${clocks}`);
  writeFileSync(file, '0');
  const opened = await lanes.lane({
    nodeArgs: ['--import', new URL('./clock.mjs', import.meta.url).href],
    env: { SLUICE_TEST_CLOCK: file },
  });
  const set = async (offsetMs: number): Promise<void> => {
    writeFileSync(file, String(offsetMs));
    await until('the operator goes by its new clock', (seen) => {
      const taken = readFileSync(`${file}.taken`, 'utf8');
      seen(taken);
      return taken === String(offsetMs);
    });
  };
  return { lane: opened, set };
}

interface Jump {
  id: string;
  injected: string;
  scene: 'good' | 'bad';
  ending: string;
  /** Sets the clock at a moment of the promotion. */
  when: (playing: Playing, set: Set, jumped: () => void) => void;
  long?: boolean;
}

/** At the first status that says this word. */
const atReason =
  (reason: string, ...offsets: number[]): Jump['when'] =>
  ({ lane: { proxy }, promotion }, set, jumped) => {
    proxy.rule({
      matches: (r) =>
        r.resource === 'promotions/status' && r.name === promotion && r.body.includes(`"reason":"${reason}"`),
      times: 1,
      do: async (exchange) => {
        for (const offset of offsets) await set(offset);
        jumped();
        await exchange.pass(await exchange.send());
      },
    });
  };

/** At the patch of the Rollout's status: an advance, or the abort. */
const atEffect =
  (offset: number): Jump['when'] =>
  ({ lane: { proxy } }, set, jumped) => {
    proxy.rule({
      matches: asks('patch', 'rollouts/status'),
      times: 1,
      do: async (exchange) => {
        await set(offset);
        jumped();
        await exchange.pass(await exchange.send());
      },
    });
  };

const moments: Record<string, [words: string, when: (offset: number) => Jump['when']]> = {
  settling: ['while it settles', (offset) => atReason('Settling', offset)],
  analysing: ['while it is judged', (offset) => atReason('Analysing', offset)],
  effect: ['between an effect and its answer', atEffect],
};

const jumps: Jump[] = (['good', 'bad'] as const).flatMap((scene) =>
  Object.entries(moments).flatMap(([moment, [words, when]]) =>
    [HOUR, -HOUR].map((offset) => ({
      id: `T-${scene}-${moment}-${offset > 0 ? 'forward' : 'back'}`,
      injected: `the clock is set an hour ${offset > 0 ? 'forward' : 'back'} ${words}`,
      scene,
      ending: scene === 'good' ? 'Succeeded' : 'RolledBack',
      when: when(offset),
      long: !(scene === 'bad' && moment === 'effect' && offset < 0),
    })),
  ),
);

for (const scene of ['good', 'bad'] as const)
  for (const offset of [HOUR, -HOUR])
    jumps.push({
      id: `T-${scene}-late-${offset > 0 ? 'forward' : 'back'}`,
      injected: `the clock is set an hour ${offset > 0 ? 'forward' : 'back'} while it ${scene === 'good' ? 'bakes' : 'goes back'}`,
      scene,
      ending: scene === 'good' ? 'Succeeded' : 'RolledBack',
      when: atReason(scene === 'good' ? 'Baking' : 'Reverting', offset),
    });

/** Stages that last long enough to be told as soon as they begin. */
const LONG = { ...TIMING, settleSeconds: 6, bakeSeconds: 6 };

/** Gives a scene's Environment, or its Gate, another spec before it begins. */
async function change({ place, app }: Playing, kind: 'Environment' | 'Gate', more: object): Promise<void> {
  const { spec } = place.manifests.get(`${kind}/${app}`) as unknown as { spec: object };
  await place.apply(kind, app, { ...spec, ...more });
}

/** The end of a scene as it is where its bake lasts so long. */
function baking(end: EndState, bakeSeconds: number): EndState {
  const { promotions } = end as { promotions: { plan: object }[] };
  return { ...end, promotions: promotions.map((p) => ({ ...p, plan: { ...p.plan, bakeSeconds } })) };
}

const BAKE_SECONDS = 10;

/**
 * A bake is covered time, which a clock that is set does not add to: the gap over the jump counts as two intervals of
 * the gate at most.
 */
function bakeCase(stage: Stage): void {
  const injected = `the clock is set an hour forward at the beginning of a bake of ${BAKE_SECONDS} s, which lasts nonetheless`;
  faultCase({ id: 'T-bake', family: 'Clocks', injected, long: true, concurrent: true }, async () => {
    const { lane: own, set } = await clockedLane(stage);
    let count = 0;
    try {
      await play(own, 'good', {
        laws: LAWS,
        end: baking(goldenEnd(stage, 'good'), BAKE_SECONDS),
        trouble: async (playing) => {
          await change(playing, 'Environment', { analysis: { ...TIMING, bakeSeconds: BAKE_SECONDS } });
          atReason('Baking', HOUR)(playing, set, () => (count += 1));
        },
        expect: async (playing) => {
          await endsAs(playing, 'Succeeded');
          const says = (reason: string): number =>
            own.proxy.requests.find(
              (r) => r.name === playing.promotion && r.body.includes(`"reason":"${reason}"`),
            )?.at ?? Number.NaN;
          asked('S2');
          const lasted = (says('Succeeded') - says('Baking')) / 1000;
          if (!(lasted >= BAKE_SECONDS - 2)) throw new Error(`S2: the bake lasted ${lasted} s`);
        },
      });
    } finally {
      await own.close();
    }
    return count;
  });
}

/** Every jump of the clock. */
export function clockCases(stage: Stage): void {
  bakeCase(stage);
  for (const { id, injected, scene, ending, when, long = true } of jumps)
    faultCase({ id, family: 'Clocks', injected, long, concurrent: true }, async () => {
      const { lane: own, set } = await clockedLane(stage);
      let count = 0;
      try {
        await play(own, scene, {
          laws: LAWS,
          end: baking(goldenEnd(stage, scene), LONG.bakeSeconds),
          trouble: async (playing) => {
            await change(playing, 'Environment', { analysis: LONG });
            await change(playing, 'Gate', { count: 7 });
            when(playing, set, () => (count += 1));
          },
          expect: (playing) => endsAs(playing, ending),
        });
      } finally {
        await own.close();
      }
      return count;
    });
}
