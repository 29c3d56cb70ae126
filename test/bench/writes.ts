import type { Api, KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import type { AuditEvent } from '../harness/audit.ts';
import type { Cluster } from '../harness/cluster.ts';
import { until } from '../harness/until.ts';
import { createApps, createEnvironments, namesOf, promoteAll, untilAllSucceeded, watchEnds } from './apps.ts';
import { appOf, gateOf, pausesOf } from './manifests.ts';
import { type Family, type Measurement, type Round, sizeOf } from './measure.ts';
import { startCompiled } from './operator.ts';
import { writesOfRuns } from './run-writes.ts';
import { startBenchWorld } from './worlds.ts';

/* B5 and B6: what one promotion costs the API server. */

/** What the operator wrote. */
export interface Writes {
  /** Of objects, Leases and Events left out. */
  objects: number;
  events: number;
  /** `patch promotions/status` and so on, with how often. */
  byKind: Record<string, number>;
}

/** What it wrote for one promotion, on average over several. */
export interface Cost extends Writes {
  /** Statuses that it wrote while the promotion stood at the last pause, and events about that step. */
  atStep: { statuses: number; events: number };
}

const WRITES = new Set(['create', 'update', 'patch', 'delete']);

/** The writes that the API server has taken of the operator in one namespace. */
export function writesIn(audited: readonly AuditEvent[], namespace: string): Writes {
  const byKind: Record<string, number> = {};
  for (const { verb, objectRef, responseStatus } of audited) {
    const { resource = '', subresource, namespace: where } = objectRef ?? {};
    if (!WRITES.has(verb) || where !== namespace || resource === 'leases') continue;
    // What was refused has cost the API server as much.
    const refused = (responseStatus?.code ?? 0) >= 300 ? ` ${responseStatus?.code}` : '';
    const kind = `${verb} ${resource}${subresource ? `/${subresource}` : ''}${refused}`;
    byKind[kind] = (byKind[kind] ?? 0) + 1;
  }
  const sum = (of: (kind: string) => boolean): number =>
    Object.entries(byKind).reduce((total, [kind, n]) => total + (of(kind) ? n : 0), 0);
  return { objects: sum((k) => !k.includes('events')), events: sum((k) => k.includes('events')), byKind };
}

/** One promotion a name, with so many steps and these gates, to its end; what the operator wrote for them. */
export async function writesOf(
  cluster: Cluster,
  plan: { namespace: string; n: number; steps: number; gates: readonly string[] },
): Promise<Cost> {
  const { namespace, n, steps, gates } = plan;
  const lastPause = 2 * steps - 1;
  const names = namesOf('app', n);
  await createApps(cluster.api, namespace, names, (name) =>
    appOf(namespace, name, { steps: pausesOf(steps) }),
  );
  await createEnvironments(cluster.api, namespace, names, gates);
  await untilQuiet(cluster, namespace);
  const before = writesIn(cluster.audited(), namespace);
  const statuses = new Set<string>();
  const done = await watchEnds(cluster.api, namespace, ({ metadata, status }) => {
    // A watch brings every version that was written, some of them twice after an error.
    if (status?.targets?.[0]?.step === lastPause)
      statuses.add(`${metadata.name} ${metadata.resourceVersion}`);
  });
  await promoteAll(cluster.api, namespace, names, 'v2');
  await untilAllSucceeded(done, n);
  await untilQuiet(cluster, namespace);
  const events = await eventsAbout(cluster.api, namespace, `step ${lastPause + 1} of ${2 * steps}`);
  const after = writesIn(cluster.audited(), namespace);
  const kinds = [...new Set([...Object.keys(before.byKind), ...Object.keys(after.byKind)])];
  return {
    objects: (after.objects - before.objects) / n,
    events: (after.events - before.events) / n,
    byKind: Object.fromEntries(
      kinds
        .map((kind): [string, number] => [kind, ((after.byKind[kind] ?? 0) - (before.byKind[kind] ?? 0)) / n])
        .filter(([, count]) => count !== 0),
    ),
    atStep: { statuses: statuses.size / n, events: events / n },
  };
}

/** Waits until the operator has written nothing there for a while: events come one by one. */
async function untilQuiet(cluster: Cluster, namespace: string): Promise<void> {
  let last = -1;
  await until(
    'nothing is written any more',
    () => {
      const { objects, events } = writesIn(cluster.audited(), namespace);
      const before = last;
      last = objects + events;
      return last === before;
    },
    { intervalMs: 2000 },
  );
}

/** Events of the operator that say something in a namespace. */
async function eventsAbout(api: Api, namespace: string, words: string): Promise<number> {
  const { items } = await api.list<KubeObject & { note?: string; reportingController?: string }>(
    `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
  );
  return items.filter((e) => e.reportingController?.startsWith('sluice') && e.note?.includes(words)).length;
}

/** Of these writes, those of Environments. */
function ofEnvironment({ byKind }: Cost): number {
  const own = Object.entries(byKind).filter(([kind]) => kind.includes(' environments'));
  return own.reduce((sum, [, n]) => sum + n, 0);
}

/** B5 and B6. */
export function writes(n: number): Family {
  return {
    name: `writes, ${sizeOf(n)}`,
    rows: ['B5', 'B6'],
    anchor: () => writesOfRuns(n),
    sluice: (round) => countWrites(round, n),
  };
}

async function countWrites(round: Round, n: number): Promise<Measurement[]> {
  const world = await startBenchWorld({ controllers: 'raised' });
  try {
    const { cluster } = world;
    await startCompiled(world, round);
    const counted = async (
      namespace: string,
      steps: number,
      gates: Record<string, number>,
    ): Promise<Cost> => {
      await cluster.createNamespace(namespace);
      for (const [gate, count] of Object.entries(gates))
        await apply(cluster.api, gateOf(namespace, gate, { intervalSeconds: 1, count, recorded: true }));
      return writesOf(cluster, { namespace, n, steps, gates: Object.keys(gates) });
    };
    const [bare, gated, full] = await Promise.all([
      counted('bare', 2, {}),
      counted('gated', 2, { gate: 12 }),
      counted('full', 5, { first: 3, second: 3 }),
    ]);
    const events = gated.atStep.events - bare.atStep.events;
    return [
      {
        row: 'B5',
        at: sizeOf(n),
        side: 'Sluice',
        value: gated.atStep.statuses - bare.atStep.statuses + events,
        details: { events },
      },
      {
        row: 'B6',
        at: sizeOf(n),
        side: 'Sluice',
        value: full.objects - ofEnvironment(full),
        details: { events: full.events, 'of the Environment': ofEnvironment(full), ...full.byKind },
      },
    ];
  } finally {
    await world.stop();
  }
}
