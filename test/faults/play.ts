import type { KubeObject } from '../harness/api.ts';
import type { Recorded } from '../harness/fault-proxy.ts';
import { imageFor, type Place } from '../harness/promotions.ts';
import { brokenLaws } from './checks.ts';
import type { EndState } from './end-state.ts';
import { askedBy, clear, countsOf, settled, texts } from './ending.ts';
import { History } from './history.ts';
import type { Lane, Replica } from './lanes.ts';
import { asked, type Law } from './laws.ts';
import { brokenTrails } from './trails.ts';
import { SCENES, type SceneName } from './scenes.ts';
import { type Scene, TIMING } from './scenes/scene.ts';
import { advancesAfterRevert, leaks, strays } from './witness.ts';

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
  /** Who works in the lane; its own operator unless given. */
  replicas?: readonly Replica[];
  /** How long the promotion may take; 150 s unless given. */
  patienceMs?: number;
}

/** The laws of a run in which nobody but the operator and the Rollouts controller acts. */
export const ALL: readonly Law[] = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'L1', 'L2'];

let played = 0;

/**
 * Plays a scene to its end in a lane, and holds the laws against all that was seen.
 * @throws Error that names each broken law, and in what the end differs from what it should be.
 */
export async function play(
  lane: Lane,
  name: SceneName,
  { trouble, act, end, expect, laws = ALL, patienceMs, replicas = [lane] }: Play = {},
): Promise<Played> {
  const { api } = lane.world.cluster;
  played += 1;
  // Of one length, so that no name is the beginning of another.
  const app = `${name.toLowerCase()}${String(played).padStart(4, '0')}${lane.namespace.slice(-2).replace('-', '0')}`;
  const scene: Scene = SCENES[name];
  const place = await scene.prepare(lane.setting, app);
  const playing = { lane, app, place, promotion: `${app}-v2` };
  const history = await History.of(api, lane.namespace);
  const from = countsOf(replicas);
  try {
    await trouble?.(playing);
    await place.promote('v2');
    await Promise.all([
      act?.(playing),
      scene.fail?.(lane.setting, place, patienceMs),
      scene.decide?.(lane.setting, playing),
    ]);
    await place.untilEnded(playing.promotion, patienceMs);
    const came = await settledAlive(playing, replicas, end);
    if (end) asked('L1');
    const requests = askedBy(replicas, from);
    const versions = await history.complete(app);
    const terms = {
      settleSeconds: TIMING.settleSeconds,
      isNew: newImages(app),
      provenSince: await provenSince(lane),
      downs: lane.lives.downs,
      until: performance.now(),
    };
    asked(...laws.filter((law) => law === 'S5' || law === 'S6'));
    const broken = [
      ...brokenLaws(versions, laws, terms),
      ...(laws.includes('S4') ? advancesAfterRevert(requests, playing.promotion) : []),
      ...(await brokenTrails(api, lane.namespace, app)),
      ...(scene.broken?.(versions, playing) ?? []),
      ...(laws.includes('S5') ? strays(requests, [lane.namespace]) : []),
      ...(laws.includes('S6') ? leaks(await texts(playing, replicas, requests), [lane.secret]) : []),
    ];
    if (broken.length > 0) throw new Error([...new Set(broken)].join('; '));
    await expect?.(playing);
    return { playing, end: came, requests };
  } finally {
    history.stop();
    await clear(playing);
  }
}

/** Dead it would be quiet, whatever it left undone: what it comes to counts only where nobody died meanwhile. */
async function settledAlive(
  playing: Playing,
  replicas: readonly Replica[],
  end: EndState | undefined,
): Promise<EndState> {
  for (;;) {
    const { deaths } = playing.lane.lives;
    await playing.lane.lives.up();
    const came = await settled(playing, replicas, end);
    if (playing.lane.lives.deaths === deaths) return came;
  }
}

/** Since when the API server's admission proves who decides, by the operator's record of it. */
async function provenSince({ world }: Lane): Promise<number> {
  const path = '/api/v1/namespaces/sluice-system/configmaps/sluice-decision-trust';
  const record = await world.cluster.api.find<KubeObject & { data: { since: string } }>(path);
  return record ? Date.parse(record.data.since) : 0;
}

function newImages(app: string): (image: string) => boolean {
  const images = [app, `${app}-1`, `${app}-2`].map((name) => imageFor(name, 'v2'));
  return (image) => images.includes(image);
}
