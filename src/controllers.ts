import { Sampler } from './analysis/sampler.ts';
import { Batcher } from './gates/prometheus/batcher.ts';
import { RolloutDelivery } from './delivery/rollout/index.ts';
import { DecisionController } from './decision/controller.ts';
import { EnvironmentController } from './environment/controller.ts';
import { GateController } from './gate/controller.ts';
import { fullJitter } from './kube/backoff.ts';
import type { KubeClient } from './kube/client.ts';
import { Controller } from './kube/controller.ts';
import type { EventRecorder } from './kube/events.ts';
import { SecretReader } from './kube/secrets.ts';
import { WorkQueue } from './kube/workqueue.ts';
import type { KubeMetrics } from './metrics/kube.ts';
import type { PromotionMetrics } from './metrics/promotions.ts';
import type { Part } from './operator.ts';
import type { Accounts } from './policy/policies.ts';
import type { Standing } from './policy/standing.ts';
import { Trust } from './policy/trust.ts';
import { PromotionController } from './promotion/controller.ts';
import { BY_ENVIRONMENT, isUnfinished } from './promotion/indexes.ts';
import { type Clock, sleep } from './runtime/clock.ts';
import { createHttp } from './runtime/http.ts';
import type { Log } from './runtime/log.ts';
import { type Random, systemUuid } from './runtime/random.ts';
import { type Caches, connect, type Queues } from './triggers.ts';

/** What the controllers need of the process. */
export interface ControllerTools {
  client: KubeClient;
  clock: Clock;
  random: Random;
  log: Log;
  caches: Caches;
  events: EventRecorder;
  metrics: PromotionMetrics;
  kubeMetrics: KubeMetrics;
  /** Promotions worked on at the same time. */
  workers: number;
  /** Namespaces to work in; undefined: all. */
  namespaces: readonly string[] | undefined;
  /** Prometheus for Gates without an address of their own. */
  defaultAddress: string | undefined;
  allowLoopback: boolean;
  /** Accounts besides the operator's own that the admission policies were installed with. */
  accounts: Pick<Accounts, 'keepers' | 'bots'>;
  /** Decisions are kept for so long after their creation. */
  decisionRetentionSeconds: number;
  /** Where it is recorded since when Decisions are trusted. */
  home: string;
}

/** Less than the whole stop may take, so that the lease is given back even if a pass hangs. */
const DRAIN_MS = 20_000;

/**
 * The controllers of the four kinds as one part. It is started once every cache is read and this
 * replica leads; what a crash has left behind is let go first.
 */
export function createControllers(tools: ControllerTools): Part {
  const { client, clock, caches, events, metrics, defaultAddress } = tools;
  const queues = createQueues(tools);
  connect(caches, queues);
  const http = createHttp({ allowLoopback: tools.allowLoopback });
  const batcher = new Batcher({ http, clock, observe: (event) => metrics.queries.sent(event) });
  const sampler = new Sampler({
    clock,
    onChange: (owner, { verdict }) => queues.promotions.add(owner, verdict === 'Fail' ? 'urgent' : 'normal'),
    observe: ({ verdict, latenessMs }) => metrics.sampled(verdict, latenessMs),
  });
  const secrets = new SecretReader(client, clock);
  const delivery = new RolloutDelivery({
    client,
    rollouts: caches.rollouts.store,
    replicaSets: caches.replicaSets.store,
    namespaces: tools.namespaces,
  });
  const trust = new Trust({
    client,
    clock,
    log: tools.log,
    accounts: tools.accounts,
    found: {
      policy: (name) => caches.policies.store.get(undefined, name),
      binding: (name) => caches.bindings.store.get(undefined, name),
    },
    namespace: tools.home,
    observe: (trusted) => metrics.trusted(trusted),
  });
  const standing = async (namespace: string): Promise<Standing> => trust.standing(namespace);
  const stores = {
    promotions: caches.promotions.store,
    environments: caches.environments.store,
    gates: caches.gates.store,
    decisions: caches.decisions.store,
  };
  const promotions = new PromotionController({
    ...stores,
    client,
    clock,
    delivery,
    standing,
    sampler,
    events,
    metrics,
    tools: {
      http,
      ask: async (...query) => batcher.ask(...query),
      clock,
      defaultAddress,
      secretsOf: (namespace) => secrets.of(namespace),
    },
  });
  const environments = new EnvironmentController({
    ...stores,
    client,
    clock,
    promotionsOf: (key) => stores.promotions.byIndex(BY_ENVIRONMENT, key),
    standing,
    decisionsOf: (key) => caches.decisions.store.byIndex(BY_ENVIRONMENT, key),
    events,
    rollout: (namespace, name) => caches.rollouts.store.get(namespace, name),
    running: (namespace, name) => delivery.running(namespace, name),
    absence: (namespace, name) => delivery.absence(namespace, name),
  });
  const decisions = new DecisionController({
    ...stores,
    client,
    clock,
    standing,
    retentionMs: tools.decisionRetentionSeconds * 1000,
  });
  const gates = new GateController({ client, clock, gates: stores.gates, defaultAddress });
  const controllers = [
    createController(tools, 'promotions', queues.promotions, tools.workers, promotions),
    createController(tools, 'environments', queues.environments, 2, environments),
    createController(tools, 'gates', queues.gates, 1, gates),
    createController(tools, 'decisions', queues.decisions, 1, decisions),
  ];
  const stopping = new AbortController();
  let sweeping: Promise<void> | undefined;
  return {
    name: 'controllers',
    start: async () => {
      await trust.look();
      followPolicies(tools, trust);
      for (const controller of controllers) await controller.start();
      sweeping = sweepOnce(tools, delivery, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([...controllers.map((controller) => controller.stop()), sweeping]);
      await sampler.stop();
      http.close();
    },
  };
}

/** Looks at the admission policies whenever they change: once for what comes together. */
function followPolicies({ caches, clock }: ControllerTools, trust: Trust): void {
  let isDue = false;
  const look = (): void => {
    if (isDue) return;
    isDue = true;
    clock.after(0, () => {
      isDue = false;
      void trust.look();
    });
  };
  caches.policies.onEvent(look);
  caches.bindings.onEvent(look);
}

function createQueues({ clock, random, kubeMetrics }: ControllerTools): Queues {
  const queue = (name: string): WorkQueue => {
    const made = new WorkQueue({ clock, random, hooks: kubeMetrics.queue(name) });
    kubeMetrics.watchQueue(name, made);
    return made;
  };
  return {
    promotions: queue('promotion'),
    environments: queue('environment'),
    gates: queue('gate'),
    decisions: queue('decision'),
  };
}

function createController(
  { clock, log, kubeMetrics }: ControllerTools,
  name: string,
  queue: WorkQueue,
  workers: number,
  kind: { reconcile: ConstructorParameters<typeof Controller>[0]['reconcile'] },
): Controller {
  return new Controller({
    name,
    workers,
    queue,
    reconcile: (key, signal, passLog) => kind.reconcile(key, signal, passLog),
    drainMs: DRAIN_MS,
    clock,
    log,
    uuid: systemUuid,
    hooks: kubeMetrics.controller(name),
  });
}

const SWEEP_BACKOFF = { baseMs: 1_000, capMs: 60_000 };

/** Sweeps until it has gone well once, beside the work: housekeeping holds up no revert, and ends no process. */
async function sweepOnce(
  tools: ControllerTools,
  delivery: RolloutDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log } = tools;
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await sweep(tools, delivery);
    } catch (error) {
      const reason = error instanceof Error ? error.message : '';
      log.warn({ reason }, 'Letting go of records failed, trying again');
      await sleep(clock, fullJitter(SWEEP_BACKOFF, failures, random), signal);
    }
  }
}

/** Records of promotions that ended while nobody looked, or that are gone. */
async function sweep({ caches, namespaces, log }: ControllerTools, delivery: RolloutDelivery): Promise<void> {
  // Asked at each record: a promotion may have begun since the sweep did.
  const isInFlight = (uid: string): boolean =>
    caches.promotions.store.list().some((p) => p.metadata.uid === uid && isUnfinished(p));
  for (const namespace of namespaces ?? [undefined]) {
    const swept = await delivery.records.sweep(namespace, isInFlight, namespaces);
    if (swept > 0) log.info({ swept }, 'Let go of records of promotions that are gone');
  }
}
