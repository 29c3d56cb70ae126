import { setTimeout as delay } from 'node:timers/promises';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { sluicePath } from '../harness/promotions.ts';
import { follow } from '../harness/watch.ts';
import { createApps, createEnvironments, namesOf } from './apps.ts';
import { operatorCounters } from './counters.ts';
import { appOf, gateOf, pausesOf, promotionOf } from './manifests.ts';
import type { Family, Measurement, Round } from './measure.ts';
import { startCompiled } from './operator.ts';
import { memory } from './process-figures.ts';
import { line, means } from './statistics.ts';
import { type BenchWorld, startBenchWorld } from './worlds.ts';

/* B18: promotions begin and end for as long as it takes to see whether anything is left behind. */

const NAMESPACE = 'soak';
const LOOK_MS = 5000;
const LONG_SECONDS = 600;
/** Memory goes up and down over minutes: looks 5 s apart say nearly the same, and are not so many witnesses of a slope. */
const PARTS = 10;
/** Ended promotions go after so many seconds, as they would after a week. */
const TTL_SECONDS = 10;

interface Soak {
  /**
   * Until what has a bound has reached it: the histories and trails of places, series of events, what is remembered of
   * deleted objects, and the heap that V8 takes for them. Memory grows until then, and that is no leak.
   */
  warmSeconds: number;
  seconds: number;
  apps: number;
}

export function soak(of: Soak): Family {
  return {
    name: `soak, ${of.seconds} s`,
    rows: ['B18'],
    once: true,
    sluice: (round) => measure(round, of),
  };
}

interface Look {
  hours: number;
  'RSS, MB': number;
  handles: number;
  'open files': number;
  timers: number;
  'heap, MB': number;
}

async function measure(round: Round, { warmSeconds, seconds, apps }: Soak): Promise<Measurement[]> {
  const world = await startBenchWorld({ controllers: 'raised' });
  try {
    const names = namesOf('app', apps);
    await world.cluster.createNamespace(NAMESPACE);
    const operator = await startCompiled(world, round);
    await apply(
      world.cluster.api,
      gateOf(NAMESPACE, 'quick', { intervalSeconds: 1, count: 2, recorded: true }),
    );
    await createApps(world.cluster.api, NAMESPACE, names, (name) =>
      appOf(NAMESPACE, name, { steps: pausesOf(2) }),
    );
    await createEnvironments(world.cluster.api, NAMESPACE, names, ['quick']);
    const ended = await promoteForEver(world, names);
    const looks: Look[] = [];
    const began = performance.now();
    while (performance.now() - began < (warmSeconds + seconds) * 1000) {
      await delay(LOOK_MS);
      const counters = await operatorCounters(operator.url);
      looks.push({
        hours: (performance.now() - began) / 3_600_000,
        'RSS, MB': memory(operator.program).now,
        handles: counters.sum('nodejs_active_handles_total'),
        // Sockets that idle keep nothing alive, and neither do the operator's timers: Node's own counts are without them.
        'open files': counters.sum('process_open_fds'),
        timers: counters.sum('sluice_timers'),
        'heap, MB': counters.sum('nodejs_heap_size_used_bytes') / 1e6,
      });
      if (looks.length % 12 === 0)
        round.say(`${ended()} promotions have ended; ${JSON.stringify(looks.at(-1))}`);
    }
    const warm = looks.filter(({ hours }) => hours * 3600 > warmSeconds);
    return (['RSS, MB', 'handles', 'open files', 'timers', 'heap, MB'] as const).map((what): Measurement => {
      const { slope, error } = line(
        means(
          warm.map((look) => [look.hours, look[what]] as const),
          PARTS,
        ),
      );
      const details = {
        'slope an hour': slope,
        'its error': error,
        first: warm[0]?.[what] ?? 0,
        last: warm.at(-1)?.[what] ?? 0,
        'promotions ended': ended(),
      };
      // A short one says whether it runs, and nothing about what is left behind.
      const at = seconds >= LONG_SECONDS ? what : `${what}, over ${seconds} s`;
      return { row: 'B18', at, side: 'Sluice', value: Math.max(0, slope - 2 * error), details };
    });
  } finally {
    await world.stop();
  }
}

/** Promotes every app to another version as soon as it has been promoted; how many promotions have ended is told. */
async function promoteForEver(
  { cluster: { api } }: BenchWorld,
  names: readonly string[],
): Promise<() => number> {
  const done = new Set<string>();
  const next = async (app: string, version: number): Promise<void> => {
    const promotion = promotionOf(NAMESPACE, app, `v${version}`) as KubeObject & { spec: object };
    const spec = { ...promotion.spec, ttlSecondsAfterFinished: TTL_SECONDS };
    await api.create(sluicePath(NAMESPACE, 'promotions'), { ...promotion, spec });
  };
  await follow<Promotion & KubeObject>(api, sluicePath(NAMESPACE, 'promotions'), ({ metadata, status }) => {
    if (status?.completedAt === undefined || done.has(metadata.name)) return;
    done.add(metadata.name);
    const [, app = '', version] = /^(.*)-v(\d+)$/.exec(metadata.name) ?? [];
    // The world may have ended meanwhile.
    next(app, Number(version) + 1).catch(() => {});
  });
  for (const app of names) await next(app, 2);
  return () => done.size;
}
