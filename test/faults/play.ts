import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { isWrite } from '../harness/fault-kinds.ts';
import type { Recorded } from '../harness/fault-proxy.ts';
import { send } from '../harness/http.ts';
import { imageFor, type Place, sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { brokenLaws } from './checks.ts';
import { differences, type EndState, endStateOf } from './end-state.ts';
import { History } from './history.ts';
import type { Lane } from './lanes.ts';
import type { Law } from './laws.ts';
import { type Scene, SCENES, type SceneName, TIMING } from './scenes.ts';
import { advancesAfterRevert, leaks, strays, unrest } from './witness.ts';
import { isAbout } from './writes.ts';

/** A scene under way. */
export interface Playing {
  lane: Lane;
  app: string;
  place: Place;
  /** Name of its promotion. */
  promotion: string;
}

/** A scene that was played to its end. */
export interface Played {
  playing: Playing;
  end: EndState;
  /** What the operator asked of the API server meanwhile. */
  requests: readonly Recorded[];
}

/** How a scene is played. */
export interface Play {
  /** What is broken; called when all is prepared and nothing has begun. */
  trouble?: (playing: Playing) => Promise<void> | void;
  /** What comes after the promotion was applied, for scenes in which others act too. */
  act?: (playing: Playing) => Promise<void>;
  /** What it has to come to; undefined: this is the run that says so. */
  end?: EndState | undefined;
  /** What else is to be seen at its end, before it is cleared away. */
  expect?: (playing: Playing) => Promise<void>;
  laws?: readonly Law[];
  /** How long the promotion may take; 150 s unless given. */
  patienceMs?: number;
}

/** The laws of a run in which nobody but the operator and the Rollouts controller acts. */
export const ALL: readonly Law[] = ['S1', 'S2', 'S4', 'S5', 'S6', 'L1', 'L2'];

/** Without a write for so long, it is quiet: a wake-up that is due comes within a second, the shortest interval. */
const QUIET_MS = 1500;
let played = 0;

/**
 * Plays a scene to its end in a lane, and holds the laws against all that was seen.
 * @throws Error that names each broken law, and in what the end differs from what it should be.
 */
export async function play(
  lane: Lane,
  name: SceneName,
  { trouble, act, end, expect, laws = ALL, patienceMs }: Play = {},
): Promise<Played> {
  const { api } = lane.world.cluster;
  played += 1;
  // Of one length, so that no name is the beginning of another.
  const app = `${name.toLowerCase()}${String(played).padStart(4, '0')}${lane.namespace.slice(-2).replace('-', '0')}`;
  const scene: Scene = SCENES[name];
  const place = await scene.prepare(lane.setting, app);
  const playing = { lane, app, place, promotion: `${app}-v2` };
  const history = await History.of(api, lane.namespace);
  const from = lane.proxy.requests.length;
  const requests = (): Recorded[] => lane.proxy.requests.slice(from);
  try {
    await trouble?.(playing);
    await place.promote('v2');
    await act?.(playing);
    await place.untilEnded(playing.promotion, patienceMs);
    const came = await settled(playing, end);
    const quietFrom = await quiet(playing);
    const terms = { settleSeconds: TIMING.settleSeconds, isNew: newImages(app) };
    const broken = [
      ...brokenLaws(history.versions(app), laws, terms),
      ...(laws.includes('S4') ? advancesAfterRevert(requests(), playing.promotion) : []),
      ...(laws.includes('S5') ? strays(requests(), [lane.namespace]) : []),
      ...(laws.includes('S6') ? leaks(await texts(playing, requests()), [lane.secret]) : []),
      ...(laws.includes('L1') ? unrest(lane.proxy.requests.slice(quietFrom).filter(isWrite), app) : []),
    ];
    if (broken.length > 0) throw new Error([...new Set(broken)].join('; '));
    await expect?.(playing);
    return { playing, end: came, requests: requests() };
  } finally {
    history.stop();
    await clear(playing);
  }
}

function newImages(app: string): (image: string) => boolean {
  const images = [app, `${app}-1`, `${app}-2`].map((name) => imageFor(name, 'v2'));
  return (image) => images.includes(image);
}

/** What it has come to: what it should, or what does not change any more. */
async function settled(playing: Playing, end: EndState | undefined): Promise<EndState> {
  const { lane, app } = playing;
  const { api } = lane.world.cluster;
  let before: EndState | undefined;
  return until(
    `${app} comes to its end`,
    async (seen) => {
      const now = await endStateOf(api, lane.namespace, app);
      if (end) {
        seen(differences(end, now));
        return isDeepStrictEqual(now, end) && now;
      }
      await quiet(playing);
      const same = isDeepStrictEqual(now, before);
      before = now;
      return same && now;
    },
    { timeoutMs: 45_000, intervalMs: 150 },
  );
}

/** Waits until nothing was written about the app for a while; the place in the record where the silence begins. */
async function quiet({ lane, app }: Playing): Promise<number> {
  const { requests } = lane.proxy;
  return until(`nothing more is written about ${app}`, async (seen) => {
    const before = requests.length;
    await delay(QUIET_MS);
    const more = requests.slice(before).filter((r) => isWrite(r) && isAbout(r, app));
    seen(more.map(({ verb, path }) => `${verb} ${path}`));
    return more.length === 0 && before;
  });
}

/** Everything that comes from the operator and that somebody may read. */
async function texts({ lane }: Playing, requests: readonly Recorded[]): Promise<Record<string, string>> {
  const { url, program } = lane.operator;
  const { api } = lane.world.cluster;
  const objects = ['promotions', 'environments', 'gates'].map(async (plural) => {
    return JSON.stringify(await api.list(sluicePath(lane.namespace, plural)));
  });
  return {
    'a write': requests
      .filter((r) => r.body !== '')
      .map((r) => r.body)
      .join('\n'),
    'a log line': readFileSync(program.logFile, 'utf8'),
    'a metric': (await send('GET', `${url}/metrics`)).body,
    'an object': (await Promise.all(objects)).join('\n'),
  };
}

/** Takes away what the scene has left, so that the world does not fill up. */
async function clear({ lane, place }: Playing): Promise<void> {
  const { api } = lane.world.cluster;
  const kinds: Record<string, string> = {
    Promotion: 'promotions',
    Environment: 'environments',
    Gate: 'gates',
  };
  const own = [...place.manifests.values()].map(({ kind, metadata }) =>
    api.delete(sluicePath(lane.namespace, kinds[kind] ?? '', metadata.name)),
  );
  const { items } = await api.list(`/apis/argoproj.io/v1alpha1/namespaces/${lane.namespace}/rollouts`);
  const rollouts = items
    .filter(({ metadata }) => metadata.name.startsWith(place.app))
    .map(({ metadata }) =>
      api.delete(`/apis/argoproj.io/v1alpha1/namespaces/${lane.namespace}/rollouts/${metadata.name}`),
    );
  await Promise.all([...own, ...rollouts]);
}
