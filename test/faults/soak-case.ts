import { join } from 'node:path';
import type { ApiRequest } from '../harness/fault-exchange.ts';
import { cutAfter, cutBefore, type Fault, late, refuse } from '../harness/fault-kinds.ts';
import type { FaultProxy } from '../harness/fault-proxy.ts';
import { FAILING, PASSING } from '../harness/gates.ts';
import { Place, reasonOf, revisionImage, sluicePath } from '../harness/promotions.ts';
import { numbers } from '../harness/random.ts';
import { until } from '../harness/until.ts';
import { faultCase } from './case.ts';
import { seed } from './catalogue.ts';
import { brokenLaws } from './checks.ts';
import { History } from './history.ts';
import type { Lane } from './lanes.ts';
import { asked, type Law } from './laws.ts';
import { growthIn, look, type Look } from './looks.ts';
import type { Stage } from './stage.ts';

/*
 * A thousand promotions, good and bad, many at once, under random faults of the API server. One operator lives through
 * all of it and must not grow; another is killed now and then. After each round all is quiet, and what is left of the
 * first one is looked at, garbage collected.
 */

/** SLUICE_SOAK_ROUNDS makes it shorter, to try it. */
const ROUNDS = Number(process.env['SLUICE_SOAK_ROUNDS'] ?? 50);
/** Apps of the operator that lives, and of the one that is killed; each has one promotion a round. */
const APPS = { lives: 12, dies: 8 };
/** The one that dies does so each so many rounds. */
const DEATHS = 10;
/** Of all requests, those that something happens to. */
const FAULTY = 0.03;
/** The first rounds fill caches and have code compiled: what grows there, grows once. */
const WARM_UP = Math.floor(ROUNDS / 5);
const LAWS: readonly Law[] = ['S1', 'S2', 'S4', 'S7', 'L2'];
const TIMING = { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 0, maxBlindSeconds: 300 };

const KINDS: readonly Fault[] = [
  refuse(409),
  refuse(429, { 'retry-after': '1' }),
  refuse(500),
  refuse(503),
  cutBefore,
  cutAfter,
  late(300),
];

/** Random faults on random requests of a proxy, and now and then the end of all watches; how many there were. */
function disturb(proxy: FaultProxy, random: () => number): () => number {
  let kind: Fault = cutBefore;
  const matches = ({ resource, verb }: ApiRequest): boolean => {
    // What watches go through has cases of its own; here they are only ended.
    if (resource === 'leases' || verb === 'watch' || random() >= FAULTY) return false;
    kind = KINDS[Math.floor(random() * KINDS.length)] ?? cutBefore;
    return true;
  };
  const rule = proxy.rule({ matches, do: (exchange) => kind(exchange) });
  let ended = 0;
  const timer = setInterval(() => (ended += proxy.end((r) => r.verb === 'watch')), 7000);
  return () => {
    clearInterval(timer);
    rule.remove();
    return rule.hits + ended;
  };
}

/** Waits until the operator has deleted every promotion of a lane: their time to live is over. */
function allGone({ setting, namespace }: Lane): Promise<unknown> {
  const path = sluicePath(namespace, 'promotions');
  return until('the promotions are gone', async () => (await setting.api.list(path)).items.length === 0);
}

/** Apps of a lane, each at v1. */
function appsOf(lane: Lane, count: number): Promise<Place[]> {
  const places = Array.from(
    { length: count },
    (_, i) => new Place(lane.setting.api, lane.namespace, `soak${i + 10}`),
  );
  return Promise.all(
    places.map(async (place) => {
      await place.prepare({
        gate: PASSING,
        analysis: TIMING,
        // Once its history is full a place is next looked at when its own figures change, in so many milliseconds. Until
        // then all places wait for longer than Node's longest timer, in one list: a list for each is no growth.
        historyLimit: WARM_UP,
        replicas: 1,
        steps: [{ setWeight: 50 }, { pause: {} }],
      });
      await place.apply('Gate', `${place.app}-bad`, FAILING);
      return place;
    }),
  );
}

/** One promotion of one app, to its end; what it broke. */
async function promote(
  place: Place,
  round: number,
  isBad: boolean,
  history: History,
  { lives: { downs } }: Lane,
): Promise<string[]> {
  const { app } = place;
  const version = `v${round + 2}`;
  const name = `${app}-${version}`;
  await place.apply('Promotion', name, {
    environment: app,
    revision: { images: [revisionImage(app, version)] },
    ttlSecondsAfterFinished: 2,
    ...(isBad && { gates: [{ gate: `${app}-bad`, when: 'During' }] }),
  });
  const last = await place.untilEnded(name);
  const ended = reasonOf(last);
  const rollout = await place.rollout();
  await until(
    'all of it has come by',
    () => history.has('Promotion', last) && history.has('Rollout', rollout),
  );
  const wanted = isBad ? 'RolledBack' : 'Succeeded';
  const isNew = (image: string): boolean => image.includes(`${app}:${version}@`);
  const terms = { settleSeconds: 0, isNew, downs, until: performance.now() };
  const broken = brokenLaws(history.versions(app), LAWS, terms);
  history.forget(app);
  asked('L1');
  return ended === wanted ? broken : [...broken, `L1: ${name} ended as ${ended}, not as ${wanted}`];
}

const say = (line: string): void => void process.stdout.write(`soak: ${line}\n`);

/** Plays the soak. @throws Error with every broken law, and with what grew */
async function soak({ lanes }: Stage): Promise<number> {
  const random = numbers(seed);
  const file = join(lanes.world.cluster.facts.dir, 'inspected.json');
  const nodeArgs = ['--expose-gc', '--import', new URL('./inspect.mjs', import.meta.url).href];
  const [lives, dies] = await Promise.all([
    lanes.lane({ nodeArgs, env: { SLUICE_TEST_INSPECT: file } }),
    lanes.lane(),
  ]);
  const places = await Promise.all([appsOf(lives, APPS.lives), appsOf(dies, APPS.dies)]);
  const histories = await Promise.all(
    [lives, dies].map((lane) => History.of(lane.setting.api, lane.namespace)),
  );
  const calm = [lives, dies].map((lane) => disturb(lane.proxy, random));
  const looks: Look[] = [];
  const broken: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const running = places.flatMap((of, i) =>
      of.map((place) => {
        const [history, lane] = [histories[i], [lives, dies][i]];
        if (!history || !lane) throw new Error('no history');
        return promote(place, round, random() < 0.5, history, lane);
      }),
    );
    if (round % DEATHS === DEATHS - 1) {
      await dies.lives.die();
      await dies.lives.restart();
    }
    broken.push(...(await Promise.all(running)).flat());
    await Promise.all([lives, dies].map(allGone));
    looks.push(await look(lives.operator, file));
  }
  const injected = calm.reduce((sum, end) => sum + end(), Math.floor(ROUNDS / DEATHS));
  for (const history of histories) history.stop();
  broken.push(...growthIn(looks.slice(WARM_UP), say));
  if (broken.length > 0) throw new Error(broken.join('; '));
  return injected;
}

/** The soak, in the long form. */
export function soakCase(stage: Stage): void {
  const promotions = ROUNDS * (APPS.lives + APPS.dies);
  faultCase(
    {
      id: 'Y1',
      family: 'Soak',
      injected: `${promotions} promotions under random faults on ${FAULTY * 100} % of all requests, watches ended, one operator killed ${Math.floor(ROUNDS / DEATHS)} times; heap, handles, timers and open files of the other do not grow`,
      long: true,
      seed,
      patienceMs: 1_500_000,
    },
    () => soak(stage),
  );
}
