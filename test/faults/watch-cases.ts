import type { ApiRequest } from '../harness/fault-exchange.ts';
import { asks, coalesced, type Fault, late } from '../harness/fault-kinds.ts';
import type { RuleInForce } from '../harness/fault-proxy.ts';
import { until } from '../harness/until.ts';
import { faultCase } from './case.ts';
import type { EndState } from './end-state.ts';
import { play, type Playing } from './play.ts';
import { goldenEnd, type Stage } from './stage.ts';
import {
  bookmarksOnly,
  doubledKey,
  gone,
  lagging,
  mute,
  replayed,
  swapped,
  truncated,
  turnedKeys,
  twice,
} from './watch-faults.ts';

/*
 * What the operator is told about the world is wrong: watches break, lie, come late or not at all, and lists are from
 * another time. What it does must not be wrong, and it must find out.
 */

/** The scenes that are played here. */
type Known = 'bad' | 'good';

const isWatch = (r: ApiRequest): boolean => r.verb === 'watch';

interface Told {
  id: string;
  injected: string;
  fault: Fault;
  scene?: Known;
  /** Only the watches of this resource. */
  resource?: string;
  times?: number;
  /** What is injected is the watch as a whole; otherwise it is each line that does not come as it was sent. */
  whole?: true;
  long?: boolean;
  patienceMs?: number;
}

/** A case in which watches are changed on their way, from their next beginning on. */
function watchCase(
  stage: Stage,
  { id, injected, fault, scene = 'bad', resource, times, whole, long = true, patienceMs }: Told,
): void {
  const what = resource === undefined ? injected : `${injected}, for ${resource}`;
  const spec = { id, family: 'Watches', injected: what, long, concurrent: true };
  faultCase({ ...spec, ...(patienceMs !== undefined && { patienceMs }) }, async () => {
    let rule: RuleInForce | undefined;
    await stage.lanes.use((lane) =>
      play(lane, scene, {
        end: goldenEnd(stage, scene),
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
    return (whole ? rule?.hits : rule?.changes) ?? 0;
  });
}

/** Has something done again and again until the promotion has ended; answers how often it was. */
function again(
  { lanes }: Stage,
  end: EndState,
  id: string,
  injected: string,
  everyMs: number,
  work: (playing: Playing) => number,
): void {
  faultCase({ id, family: 'Watches', injected, long: true, concurrent: true }, async () => {
    let count = 0;
    let timer: NodeJS.Timeout | undefined;
    try {
      await lanes.use((lane) =>
        play(lane, 'bad', {
          end,
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

const LAST = 'of all that happens within 0.7 s only the last state of each object is told';
const UNSEEN = 'each event comes 1 s after the one before it: own writes are not seen';

const TOLD: readonly Told[] = [
  { id: 'W2', injected: 'each watch ends with 410 Gone in its stream, twice', fault: gone, times: 12 },
  { id: 'W4-keys', injected: 'keys come the other way round', fault: turnedKeys },
  { id: 'W4-twice', injected: 'each event comes twice', fault: twice },
  {
    id: 'W4-doubled-key',
    injected: 'each object has its metadata twice, the first time another one',
    fault: doubledKey,
  },
  { id: 'W4-replayed', injected: 'after each event the three before it come again', fault: replayed() },
  {
    id: 'W4-swapped',
    injected: 'each second event comes before the first',
    fault: swapped(),
    resource: 'replicasets',
  },
  {
    id: 'W6',
    injected: 'each watch ends in the middle of its first line, for its first three',
    fault: truncated,
    times: 18,
    long: false,
  },
  { id: 'U1', injected: LAST, fault: coalesced(700), long: false },
  { id: 'U1-good', injected: LAST, fault: coalesced(700), scene: 'good' },
  { id: 'V2', injected: 'every event comes 0.5 s after the one before it', fault: lagging(500) },
  { id: 'V2-late', injected: 'every watch begins 3 s late', fault: late(3000), whole: true },
  ...['promotions', 'rollouts', 'replicasets', 'environments'].flatMap((resource) =>
    (['bad', 'good'] as const).map((scene) => ({
      id: `V3-${resource}-${scene}`,
      injected: UNSEEN,
      fault: lagging(1000),
      resource,
      scene,
    })),
  ),
  // As long as the operator's own limit of inactivity, which has no knob: 150 s.
  {
    id: 'W3',
    injected: 'no byte comes by the first watch of each kind, for longer than the limit of inactivity',
    fault: mute,
    whole: true,
    times: 6,
    patienceMs: 260_000,
  },
  /*
   * Found by the list beside the watch alone. A list finds what was kept back until then, and what follows from that
   * is kept back as well, for as long as this watch lasts: 600 s at most (timeoutSeconds of src/kube/reflector.ts). The
   * next list comes within 660 s (relistMs), and then the rest of the scene. It takes up to 1,260 s and that.
   */
  {
    id: 'W5',
    injected: 'each event of one watch is replaced by a bookmark of its version',
    fault: bookmarksOnly,
    resource: 'rollouts',
    times: 1,
    patienceMs: 1_400_000,
  },
];

/** Every way in which watches go wrong. */
export function watchCases(stage: Stage): void {
  const end = goldenEnd(stage, 'bad');
  again(stage, end, 'W1-end', 'every watch is ended by the server, every 0.4 s', 400, ({ lane }) =>
    lane.proxy.end(isWatch),
  );
  again(stage, end, 'W1-reset', 'the connection is reset, every 0.7 s', 700, ({ lane }) => {
    lane.proxy.reset();
    return 1;
  });
  for (const told of TOLD) watchCase(stage, told);
}
