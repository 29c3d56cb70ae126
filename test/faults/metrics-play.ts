import { expect } from '@jest/globals';
import type { Api } from '../harness/api.ts';
import type { Controls } from '../harness/controls.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import type { Rollout } from '../harness/kinds.ts';
import { ERROR_RATE, imageFor, Place, QUICK, reasonOf } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { follow } from '../harness/watch.ts';
import { brokenLaws } from './checks.ts';
import type { History, Version } from './history.ts';
import { asked, type Law } from './laws.ts';
import { MetricsProxy } from './metrics-proxy.ts';
import type { MetricsFault } from './metrics-faults.ts';

export type Release = 'good' | 'bad';

/** Where faults are played. */
export interface Stage {
  api: Api;
  controls: Controls;
  prometheusUrl: string;
  namespace: string;
  /** All that becomes of the objects there. */
  history: History;
}

const LAWS: readonly Law[] = ['S1', 'S2', 'S4', 'S7', 'L2'];

/** One version of a Rollout, as the API server had it. */
interface Seen {
  /** The step that a canary stands at; undefined while there is none. */
  step: number | undefined;
  aborted: boolean;
}

/** Every version of every Rollout of a namespace from now on, oldest first. */
export interface Rollouts {
  of(name: string): readonly Seen[];
  stop(): void;
}

/** Follows the Rollouts of a namespace: a watch misses no version. */
export async function followRollouts(api: Api, namespace: string): Promise<Rollouts> {
  const seen = new Map<string, Seen[]>();
  const followed = await follow<Rollout>(api, rolloutPath(namespace), ({ metadata, status = {} }) => {
    const known = seen.get(metadata.name) ?? [];
    seen.set(metadata.name, known);
    known.push({
      step: status.currentPodHash === status.stableRS ? undefined : status.currentStepIndex,
      aborted: status.abort ?? false,
    });
  });
  return { of: (name) => seen.get(name) ?? [], stop: () => followed.stop() };
}

/** The pauses at which the two weights are judged. */
const FIRST = { step: 1, weight: 20 };
const SECOND = { step: 3, weight: 60 };

/**
 * Plays one fault to a release that is being judged at its first step, from the first look at the canary on: it
 * stands there, says why, and ends as it would have without the fault.
 * @returns how many queries the fault was played to; of those that find no server, the samples that say so.
 */
export async function playFault(
  stage: Stage,
  rollouts: Rollouts,
  fault: MetricsFault,
  release: Release,
): Promise<number> {
  const { api, controls, namespace } = stage;
  const app = `${fault.id.toLowerCase()}-${release}`;
  const name = `${app}-v2`;
  const errors = async (errorRate: number): Promise<void> =>
    controls.behave(imageFor(app, 'v2'), { errorRate });
  await errors(release === 'bad' && !fault.turns ? 0.4 : 0);
  const proxy = await new MetricsProxy(stage.prometheusUrl).up();
  try {
    const gate = gateAt(proxy.url, fault);
    const place = await new Place(api, namespace, app).prepare({ gate });
    const { stableRS = '' } = (await place.rollout()).status ?? {};
    // Before the canary every query names the stable version.
    const struck = arm(proxy, fault, (query) => !query.includes(`"${stableRS}"`), place);
    await place.promote('v2');
    if (fault.turns && release === 'bad') {
      await until('it is at its second weight', () => furthest(rollouts.of(app)) === SECOND.step);
      await errors(0.4);
    }
    const stand = fault.turns ? SECOND : FIRST;
    if (fault.says !== undefined)
      await Promise.race([struck.failed, untilHolding(place, name, fault.says, stand.weight)]);
    await until(
      `the fault has been played ${fault.times ?? 4} times, or for as many seconds`,
      () => struck.times() >= (fault.times ?? 4),
    );

    // S1, S2: it stands where it stood; S7: nothing went back.
    if (fault.says !== undefined) {
      const held = rollouts.of(app);
      expect(furthest(held)).toBe(stand.step);
      expect(held.filter(({ aborted }) => aborted)).toEqual([]);
      expect((await place.promotion(name)).status?.revert).toBeUndefined();
      await struck.end();
    }
    const ended = await place.untilEnded(name);
    asked('L1');
    expect(reasonOf(ended)).toBe(release === 'good' ? 'Succeeded' : 'RolledBack');
    const all = rollouts.of(app);
    if (release === 'good') {
      expect(all.filter(({ aborted }) => aborted)).toEqual([]);
      expect(ended.status?.revert).toBeUndefined();
      expect(await place.pods()).toMatchObject({ [imageFor(app, 'v2')]: 5 });
    } else {
      expect(furthest(all)).toBe(stand.step);
      expect(await place.pods()).toEqual({ [imageFor(app, 'v1')]: 5, [imageFor(app, 'v2')]: 0 });
    }
    const versions = await stage.history.complete(app);
    const isNew = (image: string): boolean => image === imageFor(app, 'v2');
    const terms = { settleSeconds: QUICK.settleSeconds, isNew, until: performance.now() };
    expect([...new Set(brokenLaws(versions, LAWS, terms))]).toEqual([]);
    return fault.play ? struck.times() : blindSamples(versions);
  } finally {
    await proxy.down();
  }
}

/** How many samples that saw nothing a promotion tells of. */
function blindSamples(versions: readonly Version[]): number {
  const told = versions.flatMap((v) => (v.kind === 'Promotion' ? (v.object.status?.gates ?? []) : []));
  const blind = told.flatMap(({ recent = [] }) => recent.filter(({ verdict }) => verdict === 'Error'));
  return new Set(blind.map(({ at }) => at)).size;
}

const furthest = (seen: readonly Seen[]): number => Math.max(...seen.map(({ step }) => step ?? 0));

/** A gate whose hold shows within seconds, whether it cannot see or has no verdict. */
function gateAt(address: string, { gate = {} }: MetricsFault): object {
  const common = { ...ERROR_RATE, deadlineSeconds: 2 };
  const { prometheus, compare } = gate;
  if (!compare) return { ...common, prometheus: { ...ERROR_RATE.prometheus, ...prometheus, address } };
  const [canary, stable] = ['canaryHash', 'stableHash'].map((hash) => {
    const series = `http_requests_total{namespace="{{ targetNamespace }}",rollouts_pod_template_hash="{{ ${hash} }}"`;
    return { bad: `sum(${series},code=~"5.."})`, total: `sum(${series}})` };
  });
  return { ...common, prometheus: undefined, compare: { ...compare, canary, stable, address } };
}

interface Struck {
  /** Rejects when the outage could not be made. */
  failed: Promise<never>;
  /** How many queries it was played to; for an outage, how many seconds it has lasted. */
  times(): number;
  end(): Promise<void>;
}

/** Begins the fault with the first query that it is for. */
function arm(
  proxy: MetricsProxy,
  fault: MetricsFault,
  isMet: (query: string) => boolean,
  place: Place,
): Struck {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const { play, outage } = fault;
  if (play) {
    proxy.arm(play(), isMet);
    return { failed, times: () => proxy.injected, end: async () => proxy.disarm() };
  }
  let since: number | undefined;
  const strike = async (): Promise<void> => {
    since = performance.now();
    if (outage === 'down') await proxy.down();
    else await place.apply('Gate', place.app, gateAt('http://prometheus.invalid:9090', fault));
  };
  // The query that would have been the first is cut; those that find no server are on record as samples only.
  proxy.arm(({ answer }) => {
    answer.destroy();
    if (since === undefined) strike().catch(reject);
  }, isMet);
  return {
    failed,
    times: () => (since === undefined ? 0 : Math.floor((performance.now() - since) / 1000)),
    end: async () => {
      proxy.disarm();
      if (outage === 'down') await proxy.up();
      else await place.apply('Gate', place.app, gateAt(proxy.url, fault));
    },
  };
}

/** It holds, and its condition says why and what to do. */
async function untilHolding(place: Place, name: string, says: string, weight: number): Promise<void> {
  await until(
    `${name} holds and says: ${says}`,
    async (seen) => {
      const found = await place.promotion(name);
      seen(found.status?.conditions);
      const { reason, message = '' } =
        found.status?.conditions?.find(({ type }) => type === 'Succeeded') ?? {};
      return reason === 'Holding' && message.includes(says) && found.status?.summary?.weight === weight;
    },
    { timeoutMs: 90_000 },
  );
}
