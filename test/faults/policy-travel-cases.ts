import { setTimeout as delay } from 'node:timers/promises';
import type { DecisionSpec } from '../../src/api/v1alpha1/types.ts';
import { asks } from '../harness/fault-kinds.ts';
import type { RuleInForce } from '../harness/fault-proxy.ts';
import { FAILING, PASSING } from '../harness/gates.ts';
import { decisionOf } from '../harness/people.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { deadly, isAbort } from './blows.ts';
import { faultCase } from './case.ts';
import { endsAs } from './ending.ts';
import { ALL, play, type Play, type Playing } from './play.ts';
import type { SceneName } from './scenes.ts';
import type { Stage } from './stage.ts';
import { timeTravel } from './travel-cases.ts';

/*
 * An operator that starts is told of what people have said before they last spoke, or of the gates before they were
 * edited, while it is told the truth of everything else. No Revoke is among them: what counts by then is on record in
 * the promotion, and the second Approve that it would be wrong about comes by the same watch, after it.
 */

const SILENT_MS = 4000;

interface Travel {
  id: string;
  injected: string;
  scene: SceneName;
  ending: string;
  /** Takes care of the lists and of the death; answers how often a list was a stale one. */
  trip: (playing: Playing, failed: (error: unknown) => void) => Omit<Play, 'end'> & { hits: () => number };
}

const hitsOf = (rules: readonly RuleInForce[]): number => rules.reduce((sum, { hits }) => sum + hits, 0);

function travelCase(stage: Stage, { id, injected, scene, ending, trip }: Travel): void {
  const spec = { id, family: 'Time travel', injected, laws: ALL, long: true, concurrent: true };
  faultCase(spec, async () => {
    const { promise: failed, reject } = Promise.withResolvers<never>();
    let taken: ReturnType<typeof trip> | undefined;
    const run = stage.lanes.use((lane) =>
      play(lane, scene, {
        trouble: async (playing) => {
          taken = trip(playing, reject);
          await taken.trouble?.(playing);
        },
        act: async (playing) => taken?.act?.(playing),
        expect: (playing) => endsAs(playing, ending),
      }),
    );
    await Promise.race([run, failed]);
    return taken?.hits() ?? 0;
  });
}

/** A person says that nothing goes on, and then that it does: between the two the operator forgets the first. */
function forgotten(says: 'Hold' | 'Freeze', takesBack: 'Resume' | 'Thaw', reason: string): Travel['trip'] {
  return ({ app, lane, place, promotion }) => {
    let rules: readonly RuleInForce[] = [];
    const { api } = lane.world.cluster;
    const decide = async (verdict: DecisionSpec['verdict']): Promise<void> => {
      const { uid } = (await place.promotion(promotion)).metadata;
      const on = says === 'Hold' ? { promotion: { name: promotion, uid } } : { reason: 'nobody is here' };
      const end = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '');
      const spec = {
        by: 'admin',
        verdict,
        environment: app,
        ...on,
        ...(verdict === 'Freeze' && { until: end }),
      };
      await api.create(
        sluicePath(lane.namespace, 'decisions'),
        decisionOf(`${app}-${verdict.toLowerCase()}`, spec),
      );
    };
    return {
      hits: () => hitsOf(rules),
      act: async () => {
        await until(`${promotion} is judged`, async () => {
          const { status } = await place.promotion(promotion);
          return status?.targets?.[0]?.state === 'Analysing' && status.gates?.some((g) => g.step === 1);
        });
        rules = await timeTravel(lane, SILENT_MS, ['decisions']);
        await decide(says);
        await place.untilReason(promotion, reason);
        if (says === 'Freeze')
          await until('the Environment says so, too', async () =>
            (await place.environment()).status?.decisions?.some((d) => d.verdict === says),
          );
        await lane.lives.die();
        await place.apply('Gate', app, PASSING);
        await lane.lives.restart();
        await until('it has begun on what was', () => rules.every(({ hits }) => hits > 0));
        await delay(SILENT_MS + 2000);
        const [found, { status }] = await Promise.all([place.promotion(promotion), place.rollout()]);
        if (status?.currentStepIndex !== 1 || reasonOf(found) !== reason)
          throw new Error(
            `under a ${says} it went on to step ${status?.currentStepIndex} and is ${reasonOf(found)}`,
          );
        await decide(takesBack);
      },
    };
  };
}

/** A gate that the operator asks already is not there in what it is told. */
const unknownGate: Travel['trip'] = ({ app, lane, place }, failed) => {
  let rules: readonly RuleInForce[] = [];
  return {
    hits: () => hitsOf(rules),
    trouble: async () => {
      rules = await timeTravel(lane, SILENT_MS, ['gates']);
      await place.apply('Gate', `${app}-late`, PASSING);
      const gates = [app, `${app}-late`].map((gate) => ({ gate, when: 'During' }));
      const { analysis } = (await place.environment()).spec;
      const targets = [{ name: app, rollout: { name: app } }];
      await place.apply('Environment', app, { targets, gates, analysis });
      await until('the operator knows of it', async () => {
        const gate = await lane.world.cluster.api.get<{ status?: object }>(
          sluicePath(lane.namespace, 'gates', `${app}-late`),
        );
        return gate.status !== undefined;
      });
      lane.proxy.rule({
        matches: asks('patch', 'rollouts/status'),
        times: 1,
        do: deadly(lane, 'answered', failed),
      });
    },
  };
};

/** The gate that has failed is in what it is told as it was before it was edited, and says neither yes nor no. */
const editedGate: Travel['trip'] = ({ app, lane, place, promotion }, failed) => {
  let rules: readonly RuleInForce[] = [];
  return {
    hits: () => hitsOf(rules),
    trouble: () => {
      lane.proxy.rule({ matches: isAbort, times: 1, do: deadly(lane, 'answered', failed) });
    },
    act: async () => {
      await place.untilReason(promotion, 'Analysing');
      rules = await timeTravel(lane, SILENT_MS, ['gates']);
      await place.apply('Gate', app, FAILING);
    },
  };
};

/** Restarts into the past of what people have decided, and of what is asked. */
export function policyTravelCases(stage: Stage): void {
  const told = `restarted, it is told for ${SILENT_MS / 1000} s of`;
  travelCase(stage, {
    id: 'V4-hold',
    injected: `${told} the Decisions before a Hold that is in force, and its gate passes`,
    scene: 'judged',
    ending: 'Succeeded',
    trip: forgotten('Hold', 'Resume', 'HeldByPerson'),
  });
  travelCase(stage, {
    id: 'V4-freeze',
    injected: `${told} the Decisions before a Freeze that is in force, and its gate passes`,
    scene: 'judged',
    ending: 'Succeeded',
    trip: forgotten('Freeze', 'Thaw', 'Frozen'),
  });
  travelCase(stage, {
    id: 'V4-gate-unknown',
    injected: `${told} the Gates before one that it asks was there`,
    scene: 'good',
    ending: 'Succeeded',
    trip: unknownGate,
  });
  travelCase(stage, {
    id: 'V4-gate-edited',
    injected: `${told} the Gate that has failed as it was before it was edited`,
    scene: 'judged',
    ending: 'RolledBack',
    trip: editedGate,
  });
}
