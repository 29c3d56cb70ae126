import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from '@jest/globals';
import type { ApiRequest } from '../harness/fault-exchange.ts';
import { asks, coalesced, type Fault, late, pass, rewrite, statusBody } from '../harness/fault-kinds.ts';
import type { RuleInForce } from '../harness/fault-proxy.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { deadly, isAbort } from './blows.ts';
import { faultCase, isLong } from './case.ts';
import type { EndState } from './end-state.ts';
import { type Lane, Lanes } from './lanes.ts';
import { ALL, play, type Playing } from './play.ts';
import type { SceneName } from './scenes.ts';

/*
 * What the operator is told about the world is wrong: watches break, lie, come late or not at all, and lists are from
 * another time. What it does must not be wrong, and it must find out.
 */

const lanes = await Lanes.open();
afterAll(() => lanes.close());
const goldenOf = async (name: SceneName): Promise<EndState> =>
  (await lanes.use((lane) => play(lane, name))).end;
const [bad, good] = await Promise.all([goldenOf('bad'), goldenOf('good')]);
const goldens = { bad, good };
/** The scenes of which this file knows the end. */
type Known = keyof typeof goldens;

const isWatch = (r: ApiRequest): boolean => r.verb === 'watch';
const isLine = (line: string, type: string): boolean => line.startsWith(`{"type":"${type}"`);

/** A case in which every watch, or those of one resource, are changed on their way, from their next beginning on. */
function watchCase(
  id: string,
  injected: string,
  fault: Fault,
  {
    scene = 'bad',
    resource,
    times,
    long = true,
    patienceMs,
  }: {
    scene?: Known;
    resource?: string;
    times?: number;
    long?: boolean;
    patienceMs?: number;
  } = {},
): void {
  const what = resource === undefined ? injected : `${injected}, for ${resource}`;
  const spec = { id, family: 'Watches', injected: what, laws: ALL, long, concurrent: true };
  faultCase({ ...spec, ...(patienceMs !== undefined && { patienceMs }) }, async () => {
    let rule: RuleInForce | undefined;
    await lanes.use((lane) =>
      play(lane, scene, {
        end: goldens[scene],
        ...(patienceMs !== undefined && { patienceMs }),
        trouble: async () => {
          const matches = resource === undefined ? isWatch : asks('watch', resource);
          rule = lane.proxy.rule({ matches, do: fault, ...(times !== undefined && { times }) });
          lane.proxy.end(matches);
          const opened = lane.proxy.requests.length;
          await until('they are watched anew', () => lane.proxy.requests.slice(opened - 1).some(matches));
        },
      }),
    );
    return rule?.hits ?? 0;
  });
}

/** Has something done again and again until the promotion has ended; answers how often it was. */
function again(id: string, injected: string, everyMs: number, work: (playing: Playing) => number): void {
  faultCase({ id, family: 'Watches', injected, laws: ALL, long: true, concurrent: true }, async () => {
    let count = 0;
    let timer: NodeJS.Timeout | undefined;
    try {
      await lanes.use((lane) =>
        play(lane, 'bad', {
          end: bad,
          trouble: (playing) => {
            timer = setInterval(() => (count += work(playing)), everyMs);
          },
          expect: async () => clearInterval(timer),
        }),
      );
    } finally {
      clearInterval(timer);
    }
    return count;
  });
}

again('W1-end', 'every watch is ended by the server, every 0.4 s', 400, ({ lane }) =>
  lane.proxy.end(isWatch),
);
again('W1-reset', 'the connection is reset, every 0.7 s', 700, ({ lane }) => {
  lane.proxy.reset();
  return 1;
});

const GONE = `{"type":"ERROR","object":${statusBody(410)}}`;
watchCase(
  'W2',
  'each watch ends with 410 Gone in its stream, twice',
  rewrite(() => [GONE]),
  { times: 12 },
);

/** The same object with its keys the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, turned(member)]),
  );
}

watchCase(
  'W4-keys',
  'keys come the other way round',
  rewrite((line) => [JSON.stringify(turned(JSON.parse(line)))]),
);
watchCase(
  'W4-twice',
  'each event comes twice',
  rewrite((line) => [line, line]),
);
/** An event whose object has its `metadata` twice: the last one counts, as in Go. */
function duplicated(line: string): string {
  return line.replace(
    '"object":{',
    '"object":{"metadata":{"name":"nobody","uid":"none","resourceVersion":"1"},',
  );
}

watchCase(
  'W4-doubled-key',
  'each object has its metadata twice, the first time another one',
  rewrite((line) => [duplicated(line)]),
);

/** Each event is followed by those before it, as after a watch that was resumed from an old version. */
function replayed(): Fault {
  return (exchange) => {
    const before: string[] = [];
    return rewrite((line) => {
      before.push(line);
      return [line, ...before.slice(-4, -1)];
    })(exchange);
  };
}
watchCase('W4-replayed', 'after each event the three before it come again', replayed());

/** An event out of its order: each second one before the one that it follows. */
function swapped(): Fault {
  return (exchange) => {
    let held: string | undefined;
    return rewrite((line) => {
      if (held === undefined && isLine(line, 'MODIFIED')) {
        held = line;
        // Alone it must not wait for ever: what was held back comes with the next bookmark at the latest.
        return [];
      }
      const lines = held === undefined ? [line] : [line, held];
      held = undefined;
      return lines;
    })(exchange);
  };
}
watchCase('W4-swapped', 'each second event comes before the first', swapped(), { resource: 'replicasets' });

/** Half of a line, and then the end of the stream. */
const truncated: Fault = async (exchange) => {
  const answer = await exchange.send();
  exchange.begin(answer);
  for await (const chunk of answer.setEncoding('utf8')) {
    const text = String(chunk);
    exchange.write(text.slice(0, Math.floor(text.length / 2)));
    break;
  }
  exchange.end();
};
watchCase('W6', 'each watch ends in the middle of its first line, for its first three', truncated, {
  times: 18,
  long: false,
});

watchCase(
  'U1',
  'of all that happens within 0.7 s only the last state of each object is told',
  coalesced(700),
  { long: false },
);
watchCase(
  'U1-good',
  'of all that happens within 0.7 s only the last state of each object is told',
  coalesced(700),
  { scene: 'good' },
);

/** Every line comes so much later. */
const lagging = (ms: number): Fault =>
  rewrite(async (line) => {
    await delay(ms);
    return [line];
  });

for (const resource of ['promotions', 'rollouts', 'replicasets', 'environments'])
  for (const scene of ['bad', 'good'] as const)
    watchCase(
      `V3-${resource}-${scene}`,
      'each event comes 1 s after the one before it: own writes are not seen',
      lagging(1000),
      {
        resource,
        scene,
      },
    );
watchCase('V2', 'every event comes 0.5 s after the one before it', lagging(500));
watchCase('V2-late', 'every watch begins 3 s late', late(3000));

// As long as the operator's own limit of inactivity, which has no knob: 150 s.
watchCase(
  'W3',
  'no byte comes by the first watch of each kind, for longer than the limit of inactivity',
  async (exchange) => {
    exchange.begin(await exchange.send());
    await exchange.closed;
  },
  { times: 6, patienceMs: 260_000 },
);

// Found by the list beside the watch alone, which comes every ten minutes.
watchCase(
  'W5',
  'each event of one watch is replaced by a bookmark of its version',
  rewrite((line) => {
    const {
      object,
    }: { object: { kind: string; apiVersion: string; metadata: { resourceVersion: string } } } =
      JSON.parse(line);
    const { kind, apiVersion, metadata } = object;
    const bookmark = { kind, apiVersion, metadata: { resourceVersion: metadata.resourceVersion } };
    return [JSON.stringify({ type: 'BOOKMARK', object: bookmark })];
  }),
  { resource: 'rollouts', times: 1, patienceMs: 800_000 },
);

/** Collections that the operator lists, by the path that it asks for. */
function collections(namespace: string): Record<string, string> {
  return {
    promotions: sluicePath(namespace, 'promotions'),
    environments: sluicePath(namespace, 'environments'),
    rollouts: rolloutPath(namespace),
    replicasets: `/apis/apps/v1/namespaces/${namespace}/replicasets`,
  };
}

/** Every list as it is now, to be answered later, with watches that say nothing for a while. */
async function timeTravel(lane: Lane, silentMs: number): Promise<RuleInForce[]> {
  const { api } = lane.world.cluster;
  const rules: RuleInForce[] = [];
  for (const [resource, path] of Object.entries(collections(lane.namespace))) {
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

for (const [id, scene, from] of [
  ['V1-preflight', 'bad', 'Preflight'],
  ['V1-analysing', 'bad', 'Analysing'],
  ['V1-good-preflight', 'good', 'Preflight'],
  ['V1-good-analysing', 'good', 'Analysing'],
] as const)
  faultCase(
    {
      id,
      family: 'Time travel',
      injected: `restarted, it is told for 3 s that everything is as it was in ${from}`,
      laws: ALL,
      long: id !== 'V1-analysing',
      concurrent: true,
    },
    async () => {
      const { promise: failed, reject } = Promise.withResolvers<never>();
      let rules: RuleInForce[] = [];
      // The good one dies at its advance, the bad one at its abort: what it is told lies before both.
      const matches = scene === 'bad' ? isAbort : asks('patch', 'rollouts/status');
      const run = lanes.use((lane) =>
        play(lane, scene, {
          end: goldens[scene],
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

if (isLong)
  faultCase(
    {
      id: 'A-restart',
      family: 'The API server is restarted under load',
      injected: 'killed twice while four promotions are under way',
      laws: ALL,
    },
    async () => {
      const { apiserver } = lanes.world.cluster.programs;
      const run = Promise.all(
        (['bad', 'good', 'bad', 'good'] as const).map((scene) =>
          lanes.use((lane) => play(lane, scene, { end: goldens[scene] })),
        ),
      );
      for (let n = 0; n < 2; n += 1) {
        await delay(3000);
        await apiserver.kill();
        await apiserver.start();
      }
      await run;
      return 2;
    },
  );
