import { hostname } from 'node:os';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createCaches } from './caches.ts';
import { type Config, readConfig } from './config.ts';
import { createControllers } from './controllers.ts';
import { KubeClient } from './kube/client.ts';
import { EventRecorder } from './kube/events.ts';
import type { Informer } from './kube/informer.ts';
import { LeaseElector } from './kube/lease.ts';
import { loadKubeConfig } from './kube/load-config.ts';
import type { KubeObject } from './kube/types.ts';
import { createBuildInfo } from './metrics/build.ts';
import { createEnvironmentMetrics } from './metrics/environments.ts';
import { KubeMetrics } from './metrics/kube.ts';
import { PromotionMetrics } from './metrics/promotions.ts';
import { type Part, SluiceOperator } from './operator.ts';
import { systemClock, waitingTimers } from './runtime/clock.ts';
import { createLog, type Log } from './runtime/log.ts';
import { systemRandom, systemUuid } from './runtime/random.ts';
import { type Health, HealthServer } from './server/server.ts';

/** A watch without any sign of life for this long is wedged: bookmarks come about every minute. */
const WEDGED_MS = 10 * 60_000;

const clock = systemClock;
const random = systemRandom;

/** Everything that a process consists of, in the order in which it starts. */
function assemble(config: Config, log: Log): SluiceOperator {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  createBuildInfo(registry);
  const kubeMetrics = new KubeMetrics(registry);
  const kubeconfig = loadKubeConfig({
    ...(config.kubeconfig !== undefined && { kubeconfig: config.kubeconfig }),
    ...(config.context !== undefined && { context: config.context }),
  });
  kubeMetrics.watchConnections(() => kubeconfig.connectionsOpened);
  kubeMetrics.watchTimers(waitingTimers);
  const client = new KubeClient({
    config: kubeconfig,
    clock,
    onRequest: (info) => kubeMetrics.requested(info),
  });
  const { namespaces } = config;
  const caches = createCaches((resource) => ({
    client,
    clock,
    random,
    log: log.child({ resource }),
    ...(namespaces && { namespaces }),
    hooks: {
      missed: (count) => kubeMetrics.missed(resource, count),
      restarted: (reason) => kubeMetrics.restarted(resource, reason),
    },
  }));
  const informers: Informer<KubeObject>[] = Object.values(caches);
  const identity = `${hostname()}_${systemUuid()}`;
  const events = new EventRecorder({ client, clock, random, log, reportingInstance: identity });
  const controllers = createControllers({
    client,
    clock,
    random,
    log,
    caches,
    events,
    metrics: new PromotionMetrics(registry),
    kubeMetrics,
    workers: config.workers,
    namespaces,
    defaultAddress: config['prometheus-address'],
    allowLoopback: config['allow-loopback'],
    accounts: { keepers: config['decision-keepers'], bots: config['decision-bots'] },
    home: config['lease-namespace'],
    decisionRetentionSeconds: config['decision-retention-seconds'],
  });
  const leader: Part = {
    ...controllers,
    start: () => {
      createEnvironmentMetrics(registry, () => caches.environments.store.list());
      return controllers.start();
    },
  };
  // Said from the start: who stands by shows so, and who is alone leads.
  kubeMetrics.leading('sluice', !config['leader-elect']);
  const elector = config['leader-elect']
    ? electorOf(client, config['lease-namespace'], identity, kubeMetrics, log)
    : undefined;
  const server = new HealthServer({
    at: config['listen-address'],
    log,
    health: healthOf(informers, () => registry.metrics()),
  });
  const parts: Part[] = [
    server,
    { name: 'events', start: () => events.start(), stop: () => events.stop() },
    ...informers,
    ...(elector ? [{ name: 'lease', start: () => elector.start(), stop: () => elector.stop() }] : []),
    onceReady(leader, [...informers.map((i) => i.synced), ...(elector ? [elector.leading] : [])], log),
  ];
  return new SluiceOperator({ parts, log, clock, config: kubeconfig });
}

function electorOf(
  client: KubeClient,
  namespace: string,
  identity: string,
  metrics: KubeMetrics,
  log: Log,
): LeaseElector {
  return new LeaseElector({
    client,
    namespace,
    name: 'sluice',
    identity,
    clock,
    random,
    log,
    onStartedLeading: () => metrics.leading('sluice', true),
    onStoppedLeading: () => metrics.leading('sluice', false),
    onLost: () => die(log, 'The lease was lost'),
  });
}

/** What the probes of a pod are told. A replica that stands by is as ready as the one that leads. */
function healthOf(informers: readonly Informer<KubeObject>[], metrics: () => Promise<string>): Health {
  return {
    ready: () => (informers.every((i) => i.hasSynced) ? undefined : 'the caches are not read yet'),
    wedged: () => {
      const silent = informers.find((i) => i.hasSynced && clock.monotonic() - i.lastSeen > WEDGED_MS);
      return silent && `no sign of life from the watch of ${silent.name}`;
    },
    metrics,
  };
}

/** A part that begins by itself once all of `conditions` hold, and is stopped only if it has begun. */
function onceReady(part: Part, conditions: readonly Promise<void>[], log: Log): Part {
  let begun = false;
  const begin = async (): Promise<void> => {
    await Promise.all(conditions);
    begun = true;
    await part.start();
    log.info({ part: part.name }, 'Started');
  };
  return {
    name: part.name,
    start: () => void begin().catch((error: unknown) => die(log, error)),
    stop: () => (begun ? part.stop() : undefined),
  };
}

/** A leader that lost its lease must not go on for a moment: no graceful wait. */
function die(log: Log, why: unknown): never {
  log.error({ reason: why instanceof Error ? why.message : String(why) }, 'Ending at once');
  process.exit(1);
}

const read = readConfig(process.argv.slice(2));
if ('text' in read) {
  (read.code === 0 ? process.stdout : process.stderr).write(read.text);
  process.exit(read.code);
}
const log = createLog({ level: read.config['log-level'], format: read.config['log-format'] });
try {
  const operator = assemble(read.config, log);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      log.info({ signal }, 'Stopping');
      operator.stop().then(
        () => process.exit(0),
        (error: unknown) => die(log, error),
      );
    });
  await operator.start();
} catch (error) {
  die(log, error);
}
