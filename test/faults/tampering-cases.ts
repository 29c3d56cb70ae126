import { asks } from '../harness/fault-kinds.ts';
import { createRollout, rolloutPath } from '../harness/fixtures.ts';
import { FAILING, PASSING } from '../harness/gates.ts';
import { imageFor } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { faultCase } from './case.ts';
import { type FaultCase, isLong } from './catalogue.ts';
import { judgedEnd } from './judged.ts';
import type { Law } from './laws.ts';
import { endsAs } from './ending.ts';
import { ALL, play, type Playing } from './play.ts';
import type { Stage } from './stage.ts';

/*
 * Somebody else has a hand on the Rollout while a promotion is judged at its first pause. What follows from it alone
 * is asserted in the integration tests; here the operator dies as well, or its requests meet what it does not know yet,
 * and the laws that are still Sluice's to keep are held against it.
 */

/** Where somebody else moves the Rollout, its steps and templates prove nothing against Sluice. */
const THEIRS: readonly Law[] = ['S2', 'S5', 'S6', 'L1'];

interface Hand {
  does: string;
  /** What has to have come of it before, with the operator at work. */
  before?: (playing: Playing) => Promise<unknown>;
  act: (playing: Playing) => Promise<unknown>;
  /** How the promotion ends. */
  ending: string;
  laws?: readonly Law[];
}

const path = ({ lane, app }: Playing): string => rolloutPath(lane.namespace, app);
const patch = (playing: Playing, body: object, subresource = ''): Promise<unknown> =>
  playing.place.api.patch(`${path(playing)}${subresource}`, body, 'merge');

const HANDS: Record<string, Hand> = {
  R1: {
    does: 'deletes it',
    act: (p) => p.place.api.delete(path(p)),
    ending: 'TargetDeleted',
    laws: ['S2', 'S5', 'S6'],
  },
  R2: {
    does: 'deletes it and makes it anew',
    act: async (p) => {
      const { api } = p.place;
      await api.delete(path(p));
      await until('the Rollout is gone', async () => !(await api.find(path(p))));
      await createRollout(api, p.lane.namespace, p.app, { image: imageFor(p.app, 'v1') });
    },
    // Which of the two is seen first is chance: that it is gone, or that it is another one.
    ending: 'TargetDeleted|TargetReplaced',
    laws: ['S2', 'S5', 'S6'],
  },
  R3: {
    does: 'pauses it, and the gate fails',
    act: async (p) => {
      await patch(p, { spec: { paused: true } });
      await p.place.apply('Gate', p.app, FAILING);
    },
    ending: 'RolledBack',
    laws: ALL,
  },
  R4: {
    does: 'aborts it',
    act: (p) => patch(p, { status: { abort: true } }, '/status'),
    ending: 'ExternalAbort',
    laws: ALL,
  },
  R5: {
    does: 'promotes it in full',
    act: (p) => patch(p, { status: { promoteFull: true } }, '/status'),
    ending: 'ExternalPromotion',
  },
  R6: {
    does: 'advances it by a step',
    act: (p) => patch(p, { status: { pauseConditions: null } }, '/status'),
    ending: 'ExternalPromotion',
  },
  R7: {
    does: 'retries it while it is on its way back',
    before: async (p) => {
      await p.place.apply('Gate', p.app, FAILING);
      await until('it is aborted', async () => (await p.place.rollout()).status?.abort === true);
    },
    // As `kubectl argo rollouts retry rollout` does.
    act: (p) => patch(p, { status: { abort: false } }, '/status'),
    ending: 'RolledBack',
    laws: ['S2', 'S4', 'S5', 'S6', 'L1', 'L2'],
  },
  R8: {
    does: 'edits its steps',
    act: (p) => patch(p, { spec: { strategy: { canary: { steps: [{ setWeight: 40 }, { pause: {} }] } } } }),
    ending: 'StepsChanged',
  },
  R9: {
    does: 'edits its template',
    act: (p) => p.place.setImage(`registry.test/${p.app}:theirs`),
    ending: 'StrangerRevision',
  },
  R10: {
    does: 'declares the failed template again, once it is back',
    before: async (p) => {
      await p.place.apply('Gate', p.app, FAILING);
      await until('it is back', async () => (await p.place.image()) === imageFor(p.app, 'v1'));
    },
    act: (p) => p.place.setImage(imageFor(p.app, 'v2')),
    // Before its proof it is put back once more, after it what somebody declares is drift.
    ending: 'RolledBack',
    laws: ['S2', 'S5', 'S6'],
  },
};

/** Plays the scene under a hand, and under one more trouble. */
function handCase(
  { lanes }: Stage,
  id: string,
  hand: Hand,
  more: {
    says: string;
    /** Comes before the hand; how often it has happened is told by what it answers. */
    trouble?: (playing: Playing) => Promise<() => number>;
    long?: boolean;
  },
): void {
  const { does, before, act, ending, laws = THEIRS } = hand;
  const spec: FaultCase = {
    id,
    family: 'Somebody else has a hand on the Rollout',
    injected: `somebody ${does}${more.says}`,
    concurrent: true,
    long: more.long ?? true,
  };
  faultCase(spec, async () => {
    let times: (() => number) | undefined;
    await lanes.use((lane) =>
      play(lane, 'judged', {
        laws,
        act: async (playing) => {
          await playing.place.untilReason(playing.promotion, 'Analysing');
          await before?.(playing);
          times = (await more.trouble?.(playing)) ?? (() => 1);
          await act(playing);
        },
        expect: (playing) => endsAs(playing, ...ending.split('|')),
      }),
    );
    return times?.() ?? 0;
  });
}

/** Every hand alone, with the operator away, and with the operator behind what happens. */
export function tamperingCases(stage: Stage): void {
  for (const [id, hand] of Object.entries(HANDS)) {
    handCase(stage, id, hand, { says: '', long: id !== 'R7' });
    // The operator is away while it happens, and finds it done; what it has to do before, it has done.
    handCase(
      stage,
      `${id}-away`,
      {
        ...hand,
        act: async (playing) => {
          await playing.lane.lives.die();
          await hand.act(playing);
          await playing.lane.lives.restart();
        },
      },
      { says: ' while the operator is dead' },
    );
    // What it is told about the Rollout is three seconds old: it acts on what is not so any more.
    handCase(stage, `${id}-unseen`, hand, {
      says: ', which the operator hears of only seconds later',
      trouble: async ({ lane: { proxy } }) => {
        const watches = asks('watch', 'rollouts');
        const held = proxy.rule({ matches: watches, times: 1, do: (exchange) => exchange.closed });
        proxy.end(watches);
        await until('it hears nothing of Rollouts', () => held.hits > 0);
        setTimeout(() => proxy.end(watches), 3000);
        return () => held.hits;
      },
    });
  }
  if (!isLong) return;
  stoppedCase(stage);
  killedCase(stage);
}

function stoppedCase(stage: Stage): void {
  const { lanes } = stage;
  faultCase(
    {
      id: 'R11',
      family: 'Somebody else has a hand on the Rollout',
      injected:
        'the Rollouts controller is stopped before the abort, for 5 s, and the operator dies meanwhile',
    },
    async () => {
      const end = await judgedEnd(stage, 'RolledBack');
      const { rollouts } = lanes.world.cluster.programs;
      await lanes.use((lane) =>
        play(lane, 'judged', {
          end,
          act: async (playing) => {
            const { place, promotion } = playing;
            await place.untilReason(promotion, 'Analysing');
            await rollouts.stop();
            await place.apply('Gate', playing.app, FAILING);
            await until('it is told to abort', async () => (await place.rollout()).status?.abort === true);
            await lane.lives.die();
            await lane.lives.restart();
            await rollouts.start();
          },
          expect: (playing) => endsAs(playing, 'RolledBack'),
        }),
      );
      return 1;
    },
  );
}

function killedCase(stage: Stage): void {
  const { lanes } = stage;
  faultCase(
    {
      id: 'R12',
      family: 'Somebody else has a hand on the Rollout',
      injected: 'the Rollouts controller is killed again and again while a good promotion rises',
    },
    async () => {
      const end = await judgedEnd(stage, 'Succeeded');
      const { rollouts } = lanes.world.cluster.programs;
      let kills = 0;
      await lanes.use((lane) =>
        play(lane, 'judged', {
          end,
          act: async ({ place, promotion, app }) => {
            for (const reason of ['Applying', 'Analysing', 'Baking']) {
              await place.untilReason(promotion, reason, 'Baking', 'Succeeded');
              await rollouts.kill();
              kills += 1;
              await rollouts.start();
              await place.apply('Gate', app, PASSING);
            }
          },
          expect: (playing) => endsAs(playing, 'Succeeded'),
        }),
      );
      return kills;
    },
  );
}
