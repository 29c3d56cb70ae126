import type { ApiRequest } from '../harness/fault-exchange.ts';
import { asks, late, pass } from '../harness/fault-kinds.ts';
import type { RuleInForce } from '../harness/fault-proxy.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { deadly, isAbort } from './blows.ts';
import { faultCase } from './case.ts';
import type { Lane } from './lanes.ts';
import { play, type Playing } from './play.ts';
import { goldenEnd, type Stage } from './stage.ts';

/* An operator that starts is told of a world that is not any more, and an API server that starts has forgotten nothing. */

/** Collections that the operator lists, by the path that it asks for. */
function collections(namespace: string): Record<string, string> {
  return {
    promotions: sluicePath(namespace, 'promotions'),
    environments: sluicePath(namespace, 'environments'),
    rollouts: rolloutPath(namespace),
    replicasets: `/apis/apps/v1/namespaces/${namespace}/replicasets`,
    gates: sluicePath(namespace, 'gates'),
    decisions: sluicePath(namespace, 'decisions'),
  };
}

/** Lists as they are now, to be answered later, with watches that say nothing for a while. */
export async function timeTravel(
  lane: Lane,
  silentMs: number,
  resources: readonly string[] = Object.keys(collections('')),
): Promise<RuleInForce[]> {
  const { api } = lane.world.cluster;
  const rules: RuleInForce[] = [];
  for (const [resource, path] of Object.entries(collections(lane.namespace))) {
    if (!resources.includes(resource)) continue;
    const then = JSON.stringify(await api.list(path));
    rules.push(
      lane.proxy.rule({
        matches: asks('list', resource),
        times: 1,
        do: (exchange) => exchange.reply(200, then),
      }),
      lane.proxy.rule({ matches: asks('watch', resource), times: 1, do: late(silentMs) }),
    );
  }
  return rules;
}

/** Restarts into the past. */
export function travelCases(stage: Stage): void {
  for (const [id, scene, from] of [
    ['V1-preflight', 'bad', 'Preflight'],
    ['V1-analysing', 'bad', 'Analysing'],
    ['V1-good-preflight', 'good', 'Preflight'],
    ['V1-good-advancing', 'good', 'Advancing'],
  ] as const)
    faultCase(
      {
        id,
        family: 'Time travel',
        injected: `restarted, it is told for 3 s that everything is as it was in ${from}`,
        long: id !== 'V1-analysing',
        concurrent: true,
      },
      async () => {
        const { promise: failed, reject } = Promise.withResolvers<never>();
        let rules: RuleInForce[] = [];
        // The good one dies at its advance, the bad one at its abort: what it is told lies before both.
        const matches = scene === 'bad' ? isAbort : asks('patch', 'rollouts/status');
        const run = stage.lanes.use((lane) =>
          play(lane, scene, {
            end: goldenEnd(stage, scene),
            trouble: ({ promotion }) => {
              const says = (r: ApiRequest): boolean =>
                r.resource === 'promotions/status' &&
                r.name === promotion &&
                r.body.includes(`"reason":"${from}"`);
              lane.proxy.rule({
                matches: says,
                times: 1,
                do: async (exchange) => {
                  await pass(exchange);
                  rules = await timeTravel(lane, 3000);
                },
              });
              lane.proxy.rule({ matches, times: 1, do: deadly(lane, 'answered', reject) });
            },
          }),
        );
        await Promise.race([run, failed]);
        return rules.reduce((sum, { hits }) => sum + hits, 0);
      },
    );
}

/** How many of these promotions have begun and have not ended. */
async function underWay(playing: readonly Playing[]): Promise<number> {
  const all = await Promise.all(playing.map(({ place, promotion }) => place.promotion(promotion)));
  return all.filter(({ status }) => status?.startedAt !== undefined && status.completedAt === undefined)
    .length;
}

const RESTARTED = ['bad', 'good', 'bad', 'good'] as const;

/** The API server itself is restarted. */
export function restartCase(stage: Stage): void {
  faultCase(
    {
      id: 'A-restart',
      family: 'The API server is restarted under load',
      injected: `killed while ${RESTARTED.length} promotions are under way, and again while some of them still are`,
      long: true,
    },
    async () => {
      const { apiserver } = stage.lanes.world.cluster.programs;
      const started: Playing[] = [];
      const ready = Promise.withResolvers<void>();
      // They begin together, however long it takes to make room for each.
      const trouble = async (playing: Playing): Promise<void> => {
        if (started.push(playing) === RESTARTED.length) ready.resolve();
        await ready.promise;
      };
      const run = Promise.all(
        RESTARTED.map((scene) =>
          stage.lanes.use((lane) => play(lane, scene, { end: goldenEnd(stage, scene), trouble })),
        ),
      );
      const kill = async (least: number): Promise<void> => {
        await until(`${least} promotions are under way`, async (seen) => {
          const count = await underWay(started);
          seen(count);
          return count >= least;
        });
        await apiserver.kill();
        await apiserver.start();
      };
      const kills = ready.promise.then(async () => {
        await kill(RESTARTED.length);
        await kill(1);
      });
      await Promise.all([run, kills]);
      return 2;
    },
  );
}
