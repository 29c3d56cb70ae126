import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RequestInfo } from '../kube/transport.ts';
import type { ControllerHooks } from '../kube/controller.ts';
import type { QueueHooks, WorkQueue } from '../kube/workqueue.ts';

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The figures of queues, reconciles, requests and leadership under controller-runtime's names, so that its dashboards work. */
export class KubeMetrics {
  readonly #queues = new Map<string, WorkQueue>();
  #connections: () => number = () => 0;
  #timers: () => number = () => 0;
  readonly #adds: Counter<'name' | 'controller'>;
  readonly #depth: Gauge<'name' | 'controller'>;
  readonly #queued: Histogram<'name' | 'controller'>;
  readonly #worked: Histogram<'name' | 'controller'>;
  readonly #retries: Counter<'name' | 'controller'>;
  readonly #reconciles: Counter<'controller' | 'result'>;
  readonly #time: Histogram<'controller'>;
  readonly #errors: Counter<'controller'>;
  readonly #terminal: Counter<'controller'>;
  readonly #panics: Counter<'controller'>;
  readonly #timeouts: Counter<'controller'>;
  readonly #active: Gauge<'controller'>;
  readonly #requests: Counter<'code' | 'method' | 'host'>;
  readonly #missed: Counter<'resource'>;
  readonly #restarts: Counter<'resource' | 'reason'>;
  readonly #leader: Gauge<'name'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const queue = { labelNames: ['name', 'controller'] as const, registers };
    const controller = { labelNames: ['controller'] as const, registers };
    this.#adds = new Counter({ name: 'workqueue_adds_total', help: 'Adds handled by the queue.', ...queue });
    this.#depth = new Gauge({ name: 'workqueue_depth', help: 'Keys that wait in the queue.', ...queue });
    this.#queued = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waits in the queue.',
      buckets: SECONDS,
      ...queue,
    });
    this.#worked = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long a key is worked on.',
      buckets: SECONDS,
      ...queue,
    });
    this.#retries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Retries handled by the queue.',
      ...queue,
    });
    this.#reconciles = new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciles by result.',
      labelNames: ['controller', 'result'],
      registers,
    });
    this.#time = new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long a reconcile takes.',
      buckets: SECONDS,
      ...controller,
    });
    this.#errors = new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciles that failed.',
      ...controller,
    });
    this.#terminal = new Counter({
      name: 'controller_runtime_terminal_reconcile_errors_total',
      help: 'Reconciles that failed in a way that no retry cures.',
      ...controller,
    });
    this.#panics = new Counter({
      name: 'controller_runtime_reconcile_panics_total',
      help: 'Reconciles that ended in a defect of the program.',
      ...controller,
    });
    this.#timeouts = new Counter({
      name: 'controller_runtime_reconcile_timeouts_total',
      help: 'Reconciles that were cut off.',
      ...controller,
    });
    this.#active = new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Workers that are busy.',
      ...controller,
    });
    this.#requests = new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server.',
      labelNames: ['code', 'method', 'host'],
      registers,
    });
    this.#missed = new Counter({
      name: 'sluice_informer_missed_events_total',
      help: 'Changes that a relist found and the watch had not delivered.',
      labelNames: ['resource'],
      registers,
    });
    this.#restarts = new Counter({
      name: 'sluice_informer_restarts_total',
      help: 'Watches that were begun anew, by reason.',
      labelNames: ['resource', 'reason'],
      registers,
    });
    const perQueue = (name: string, help: string, read: (queue: WorkQueue) => number): void => {
      const queues = this.#queues;
      new Gauge({
        name,
        help,
        ...queue,
        collect() {
          for (const [key, q] of queues) this.set({ name: key, controller: key }, read(q));
        },
      });
    };
    perQueue('workqueue_unfinished_work_seconds', 'Seconds of work in progress.', (q) =>
      q.unfinishedSeconds(),
    );
    perQueue('workqueue_longest_running_processor_seconds', 'Age of the oldest work in progress.', (q) =>
      q.longestRunningSeconds(),
    );
    const connections = (): number => this.#connections();
    new Counter({
      name: 'sluice_api_connections_opened_total',
      help: 'Connections opened to the API server: few, since they are kept.',
      registers,
      collect() {
        this.reset();
        this.inc(connections());
      },
    });
    const timers = (): number => this.#timers();
    new Gauge({
      name: 'sluice_timers',
      help: 'Timers that wait: as many as there is to come back to.',
      registers,
      collect() {
        this.set(timers());
      },
    });
    this.#leader = new Gauge({
      name: 'leader_election_master_status',
      help: 'Whether this replica leads.',
      labelNames: ['name'],
      registers,
    });
  }

  /** Hooks for one work queue. */
  queue(name: string): QueueHooks {
    const labels = { name, controller: name };
    this.#adds.inc(labels, 0);
    this.#retries.inc(labels, 0);
    this.#depth.set(labels, 0);
    this.#queued.zero(labels);
    this.#worked.zero(labels);
    return {
      added: () => this.#adds.inc(labels),
      depth: (depth) => this.#depth.set(labels, depth),
      queued: (seconds) => this.#queued.observe(labels, seconds),
      worked: (seconds) => this.#worked.observe(labels, seconds),
      retried: () => this.#retries.inc(labels),
    };
  }

  /** From now on the figures that are read when they are scraped include this queue. */
  watchQueue(name: string, queue: WorkQueue): void {
    this.#queues.set(name, queue);
  }

  /** From now on the number of connections opened to the API server is told. */
  watchConnections(read: () => number): void {
    this.#connections = read;
  }

  /** From now on the number of timers that wait is told. */
  watchTimers(read: () => number): void {
    this.#timers = read;
  }

  /** Hooks for one controller. */
  controller(name: string): ControllerHooks {
    const labels = { controller: name };
    for (const result of ['success', 'error', 'requeue', 'requeue_after'])
      this.#reconciles.inc({ ...labels, result }, 0);
    for (const counter of [this.#errors, this.#terminal, this.#panics, this.#timeouts])
      counter.inc(labels, 0);
    this.#time.zero(labels);
    return {
      reconciled: (result, seconds) => {
        this.#reconciles.inc({ ...labels, result });
        this.#time.observe(labels, seconds);
      },
      failed: () => this.#errors.inc(labels),
      terminal: () => this.#terminal.inc(labels),
      panicked: () => this.#panics.inc(labels),
      timedOut: () => this.#timeouts.inc(labels),
      activeWorkers: (n) => this.#active.set(labels, n),
    };
  }

  requested({ verb, code, host }: RequestInfo): void {
    this.#requests.inc({ code: code === 0 ? '<error>' : String(code), method: verb.toUpperCase(), host });
  }

  missed(resource: string, count: number): void {
    this.#missed.inc({ resource }, count);
  }

  restarted(resource: string, reason: string): void {
    this.#restarts.inc({ resource, reason });
  }

  leading(name: string, leads: boolean): void {
    this.#leader.set({ name }, leads ? 1 : 0);
  }
}
