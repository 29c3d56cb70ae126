import { setTimeout as delay } from 'node:timers/promises';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import type { AuditEvent } from '../harness/audit.ts';
import type { Cluster } from '../harness/cluster.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { createApps, createEnvironments, namesOf, promoteAll } from './apps.ts';
import { operatorCounters } from './counters.ts';
import { type FirstSeen, firstSeen } from './first-seen.ts';
import { appOf, gateOf, pausesOf } from './manifests.ts';
import { type Family, type Measurement, type Round, sizeOf } from './measure.ts';
import { startCompiled } from './operator.ts';
import { writesOfRuns } from './run-writes.ts';
import { startBenchWorld } from './worlds.ts';

/* B5, B6, B14 and B17: promotions from their beginning to their end, on real controllers. */

/** What the operator wrote, by kind of write. */
export interface Writes {
  /** Of objects, Leases and Events left out. */
  objects: number;
  events: number;
  /** `patch promotions/status` and so on, with how often. */
  byKind: Record<string, number>;
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
): Promise<Writes> {
  const { namespace, n, steps, gates } = plan;
  const names = namesOf('app', n);
  await createApps(cluster.api, namespace, names, (name) =>
    appOf(namespace, name, { steps: pausesOf(steps) }),
  );
  await createEnvironments(cluster.api, namespace, names, gates);
  await untilQuiet(cluster, namespace);
  const before = writesIn(cluster.audited(), namespace);
  const done = await ended(cluster.api, namespace);
  await promoteAll(cluster.api, namespace, names, 'v2');
  await done.count(n, 'every promotion has ended', 300_000);
  done.stop();
  await untilQuiet(cluster, namespace);
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

/** Watches promotions end; one that ends otherwise than well is an error. */
async function ended(api: Api, namespace: string): Promise<FirstSeen<KubeObject>> {
  return firstSeen<Promotion & KubeObject>(api, sluicePath(namespace, 'promotions'), (promotion) => {
    const isOver = promotion.status?.completedAt !== undefined;
    if (isOver && reasonOf(promotion) !== 'Succeeded')
      throw new Error(`${promotion.metadata.name} ended as ${reasonOf(promotion)}`);
    return isOver;
  });
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
    ): Promise<Writes> => {
      await cluster.createNamespace(namespace);
      for (const [gate, count] of Object.entries(gates))
        await apply(cluster.api, gateOf(namespace, gate, { intervalSeconds: 1, count, recorded: true }));
      return writesOf(cluster, { namespace, n, steps, gates: Object.keys(gates) });
    };
    const [bare1, bare2, gated1, gated2, full] = await Promise.all([
      counted('bare-1', 1, {}),
      counted('bare-2', 2, {}),
      counted('gated-1', 1, { gate: 12 }),
      counted('gated-2', 2, { gate: 12 }),
      counted('full', 5, { first: 3, second: 3 }),
    ]);
    // What the gate adds at one step more: what it adds elsewhere (preflight, the bake) is in both.
    const added = (of: (w: Writes) => number): number => of(gated2) - of(bare2) - (of(gated1) - of(bare1));
    return [
      {
        row: 'B5',
        at: sizeOf(n),
        side: 'Sluice',
        value: added((w) => w.objects + w.events),
        details: {
          events: added((w) => w.events),
          'of a whole promotion with one step': gated1.objects + gated1.events,
        },
      },
      {
        row: 'B6',
        at: sizeOf(n),
        side: 'Sluice',
        value: full.objects,
        details: { events: full.events, ...full.byKind },
      },
    ];
  } finally {
    await world.stop();
  }
}

/** B14 and B17. */
export function throughput(n: number): Family {
  return { name: `throughput, ${sizeOf(n)}`, rows: ['B14', 'B17'], sluice: (round) => complete(round, n) };
}

async function complete(round: Round, n: number): Promise<Measurement[]> {
  const namespace = 'throughput';
  const world = await startBenchWorld({ controllers: 'raised' });
  try {
    const { cluster } = world;
    const names = namesOf('app', n);
    await cluster.createNamespace(namespace);
    const operator = await startCompiled(world, round);
    await apply(cluster.api, gateOf(namespace, 'quick', { intervalSeconds: 1, count: 1, recorded: true }));
    await createApps(cluster.api, namespace, names, (name) => appOf(namespace, name, { steps: pausesOf(3) }));
    await createEnvironments(cluster.api, namespace, names, ['quick']);
    await delay(2000);
    round.say('every Rollout is Healthy');
    const counted = await operatorCounters(operator.url);
    const done = await ended(cluster.api, namespace);
    const began = performance.timeOrigin + performance.now();
    await promoteAll(cluster.api, namespace, names, 'v2');
    await done.count(n, 'every promotion has ended', 300_000);
    done.stop();
    const seconds = (Math.max(...done.at.values()) - began) / 1000;
    const after = await operatorCounters(operator.url);
    const requests = after.sum('rest_client_requests_total');
    const opened = after.sum('sluice_api_connections_opened_total');
    return [
      { row: 'B14', at: sizeOf(n), side: 'Sluice', value: n / seconds },
      {
        row: 'B17',
        at: sizeOf(n),
        side: 'Sluice',
        value: (opened / requests) * 1000,
        details: {
          opened,
          requests,
          'requests in the run': requests - counted.sum('rest_client_requests_total'),
        },
      },
    ];
  } finally {
    await world.stop();
  }
}
