import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { isWrite } from '../harness/fault-kinds.ts';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import type { Recorded } from '../harness/fault-proxy.ts';
import { send } from '../harness/http.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { differences, type EndState, endStateOf } from './end-state.ts';
import type { Replica } from './lanes.ts';
import { asked } from './laws.ts';
import type { Playing } from './play.ts';
import { isAbout } from './writes.ts';

/** Without a write for so long, it is quiet: a wake-up that is due comes within a second, the shortest interval. */
const QUIET_MS = 1500;

/** How often each replica has asked so far. */
export function countsOf(replicas: readonly Replica[]): Map<Replica, number> {
  return new Map(replicas.map((replica) => [replica, replica.proxy.requests.length]));
}

/** What the replicas have asked since then, in the order in which it came. */
export function askedBy(replicas: readonly Replica[], from: ReadonlyMap<Replica, number>): Recorded[] {
  return replicas
    .flatMap((replica) => replica.proxy.requests.slice(from.get(replica) ?? 0))
    .toSorted((a, b) => a.at - b.at);
}

/** Waits until it has come to what it should, or, where nobody says to what, until nothing changes any more. */
export function settled(
  { lane, app }: Playing,
  replicas: readonly Replica[],
  end: EndState | undefined,
): Promise<EndState> {
  const read = (): Promise<EndState> => endStateOf(lane.world.cluster.api, lane.namespace, app);
  return until(
    `${app} comes to its end and stays there`,
    async (seen) => {
      const came = await read();
      if (end && !isDeepStrictEqual(came, end)) {
        seen(differences(end, came));
        return false;
      }
      const from = countsOf(replicas);
      await delay(QUIET_MS);
      const more = askedBy(replicas, from).filter((r) => isWrite(r) && isAbout(r, app));
      const stayed = await read();
      seen([...more.map(({ verb, path }) => `${verb} ${path}`), ...differences(came, stayed)]);
      return more.length === 0 && isDeepStrictEqual(came, stayed) && came;
    },
    { timeoutMs: 60_000, intervalMs: 150 },
  );
}

/** @throws Error unless the promotion has ended with one of these reasons. */
export async function endsAs({ place, promotion }: Playing, ...reasons: string[]): Promise<void> {
  asked('L1');
  const ended = reasonOf(await place.promotion(promotion));
  if (!reasons.includes(ended)) throw new Error(`it ended as ${ended}, not as ${reasons.join(' or ')}`);
}

/** Everything that comes from the operators and that somebody may read, by where it is. */
export async function texts(
  { lane }: Playing,
  replicas: readonly Replica[],
  requests: readonly Recorded[],
): Promise<Record<string, string>> {
  const objects = ['promotions', 'environments', 'gates'].map(async (plural) =>
    JSON.stringify(await lane.world.cluster.api.list(sluicePath(lane.namespace, plural))),
  );
  const metrics = replicas
    .filter(({ operator }) => operator.program.pid !== undefined)
    .map(async ({ operator }) => (await send('GET', `${operator.url}/metrics`)).body);
  return {
    'a write': requests.map(({ body }) => body).join('\n'),
    'a log line': replicas.map(({ operator }) => readFileSync(operator.program.logFile, 'utf8')).join('\n'),
    'a metric': (await Promise.all(metrics)).join('\n'),
    'an object': (await Promise.all(objects)).join('\n'),
  };
}

/** Takes away what a scene has left, so that the world does not fill up. */
export async function clear({ lane, place }: Playing): Promise<void> {
  const { api } = lane.world.cluster;
  const plurals: Record<string, string> = {
    Promotion: 'promotions',
    Environment: 'environments',
    Gate: 'gates',
  };
  const own = [...place.manifests.values()].map(({ kind, metadata }) =>
    api.delete(sluicePath(lane.namespace, plurals[kind] ?? '', metadata.name)),
  );
  const rollouts = `/apis/argoproj.io/v1alpha1/namespaces/${lane.namespace}/rollouts`;
  const { items } = await api.list(rollouts);
  const left = items
    .filter(({ metadata }) => metadata.name.startsWith(place.app))
    .map(({ metadata }) => api.delete(`${rollouts}/${metadata.name}`));
  // Those that the operator has made.
  const promotions = await api.list<Promotion & KubeObject>(sluicePath(lane.namespace, 'promotions'));
  const made = promotions.items
    .filter(
      ({ spec, metadata }) =>
        spec.environment.startsWith(place.app) && !place.manifests.has(`Promotion/${metadata.name}`),
    )
    .map(({ metadata }) => api.delete(sluicePath(lane.namespace, 'promotions', metadata.name)));
  await Promise.all([...own, ...left, ...made]);
}
