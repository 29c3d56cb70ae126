/** What is wanted of one value of a row; smaller is better unless it says otherwise. */
export interface Target {
  atLeast: number;
  aim?: number;
}

/** One row of the table of benchmarks. */
export interface Row {
  id: string;
  what: string;
  unit: string;
  /** What the anchor was measured at before, by the notes that the targets come from. */
  known?: string;
  /** How it is measured, in one sentence or two. */
  how: string;
  biggerIsBetter?: boolean;
  /** What keeps it from being better, where that was looked into: told where the row misses its target. */
  bound?: string;
  /** By `Measurement.at`; `*` where the target is the same for all. */
  targets: Readonly<Record<string, Target>>;
}

/** What bounds verdicts of a thousand promotions at once. */
const WRITING =
  'The API server spends 8 to 10 ms of CPU on one status of a Promotion (its profile: decode, patch, manage fields, validate and encode, then the watchers, none of them most of it; a quarter collects garbage), and shares two cores with etcd and the operator: a thousand verdicts in one interval ask for all of both.';

/** The rows, with the targets that the project has set itself. */
export const ROWS: readonly Row[] = [
  {
    id: 'B1',
    what: 'lateness of a gate sample, p99, interval 5 s',
    unit: 's',
    known: '0.79 s at 100, 20 s at 1,000',
    how: 'How much longer than the interval it took from one query about a promotion to the next, by the arrivals at the stand-in for Prometheus; `drift` is how far the last arrivals are behind a schedule that starts with the first.',
    targets: {
      'N = 100': { atLeast: 0.1, aim: 0.05 },
      'N = 1,000': { atLeast: 0.5, aim: 0.2 },
      'N = 10,000': { atLeast: 2, aim: 1 },
    },
  },
  {
    id: 'B2',
    what: 'breach to verdict, p99, interval 5 s',
    unit: 's',
    known: '25.5 s at 1,000',
    how: 'From the instant at which the metric turns bad for all to the Fail in the status of each, as a watcher sees it. `rollback.onFail: Hold`, since an AnalysisRun alone moves no Rollout either.',
    bound: `The first bad sample itself comes up to an interval after the breach: that p99 is among the details and is not ours to shorten. The rest is writing. ${WRITING}`,
    targets: { 'N = 100': { atLeast: 5.5, aim: 5.2 }, 'N = 1,000': { atLeast: 5.5, aim: 5.2 } },
  },
  {
    id: 'B3',
    what: 'bad sample to Rollout abort, all at once, p99',
    unit: 's',
    known: '0.46 s at 20, 2.25 s at 100',
    how: 'From the first bad answer about each promotion to `status.abort` of its Rollout, as a watcher sees it. Interval 5 s. At 20 and 100 both sides have the Rollouts controller with its own limits; at 1,000 it is stopped, so that what is measured is detecting and commanding.',
    bound: `Two writes for each, the verdict with its intent before the abort. ${WRITING}`,
    targets: {
      'N = 20': { atLeast: 0.3, aim: 0.15 },
      'N = 100': { atLeast: 1, aim: 0.5 },
      'N = 1,000': { atLeast: 4, aim: 2.5 },
    },
  },
  {
    id: 'B5',
    what: 'API writes that a gate of 12 good samples adds',
    unit: 'writes',
    known: '13.4',
    how: 'Statuses that the operator writes while a promotion stands at a pause, and its events about that step, less those of the same promotion without a gate. The anchor: writes on an AnalysisRun after its creation, and its events.',
    targets: { '*': { atLeast: 3, aim: 2 } },
  },
  {
    id: 'B6',
    what: 'API writes per promotion, 5 steps, 2 gates',
    unit: 'writes',
    known: '~42 (derived)',
    how: "What the operator writes of the Promotion, its Rollout and its record from its creation to the end, by the API server's audit log: the target's formula is 2 + S statuses, 1 + S patches of the Rollout and a finalizer, without the record. The Environment, which the anchor does not have, is told beside it, and so are Events. Gates of 3 samples a second apart: steps that last 5 s and longer have one status more each.",
    targets: { '*': { atLeast: 18, aim: 14 } },
  },
  {
    id: 'B7',
    what: 'Prometheus queries per evaluation, shared gates',
    unit: 'queries',
    known: '1.0',
    how: 'Requests that arrived at the stand-in, divided by the samples that the operator took of all gates.',
    targets: { 'N = 1,000': { atLeast: 0.1, aim: 0.03 } },
  },
  {
    id: 'B8',
    what: 'controller CPU per evaluation',
    unit: 'ms',
    known: '2.7-3.6 ms',
    how: 'User and system time of the process in the window of B1, divided by samples.',
    bound:
      'At N = 100 twenty samples a second pay for what runs anyway, its leases and its watches. The same at 1,000 is a third of it for each.',
    targets: { '*': { atLeast: 1, aim: 0.3 } },
  },
  {
    id: 'B9',
    what: 'API server and etcd CPU per evaluation',
    unit: 'ms',
    known: '8.7-10.7 ms',
    how: 'The same of those two processes; what they use without any promotion is in it.',
    targets: { 'N = 1,000': { atLeast: 1, aim: 0.3 }, 'N = 10,000': { atLeast: 1, aim: 0.3 } },
  },
  {
    id: 'B10',
    what: 'cores of the controller in the steady state',
    unit: 'cores',
    known: '0.29 at 138 of 200 samples/s',
    how: 'CPU time of the process divided by the length of the window.',
    targets: {
      'N = 1,000, 5 s': { atLeast: 0.15, aim: 0.06 },
      'N = 10,000, 30 s': { atLeast: 0.3, aim: 0.15 },
    },
  },
  {
    id: 'B11',
    what: 'resident memory of the controller',
    unit: 'MB',
    known: '90 at rest, 112-136 at 1,000',
    how: 'VmRSS at the end of the window; `peak` is VmHWM, start included.',
    bound:
      '57 MB of it are the program file of Node, which is mapped and counts as resident; at rest the heap, its code and what malloc keeps are about as much again. The rest is what is remembered of each promotion in flight, and what garbage collection has not given back.',
    targets: {
      'N = 0': { atLeast: 130, aim: 100 },
      'N = 1,000': { atLeast: 170, aim: 130 },
      'N = 10,000': { atLeast: 350, aim: 220 },
    },
  },
  {
    id: 'B12',
    what: 'process start to ready with 10,000 objects',
    unit: 's',
    known: '0.74 s with 1,000 AnalysisRuns',
    how: 'From the start of the process to the first 200 of `/readyz`: promotions that have ended, each with its Environment, its Rollout and two ReplicaSets. N is promotions: 10,000 of them are 50,000 objects.',
    bound:
      'What the lists bring is unpacked and parsed (the profile: garbage collection 29 %, JSON 13 %, gunzip 10 %), and only then does it count as ready.',
    targets: { '10,000 objects': { atLeast: 3, aim: 1.5 } },
  },
  {
    id: 'B13',
    what: 'leader gone to next evaluation of the other replica',
    unit: 's',
    known: 'lease 15 s',
    how: 'Two replicas; from the signal to the next query that arrives. The lease lasts 15 s.',
    targets: { SIGKILL: { atLeast: 17 }, SIGTERM: { atLeast: 1 } },
  },
  {
    id: 'B14',
    what: 'promotions completed a second, 3 steps, one gate, no bake',
    unit: 'per s',
    biggerIsBetter: true,
    how: 'All created at once; from the first creation to the last end, with the Rollouts controller (its limits raised), the controllers of Kubernetes and a kubelet on the same cores.',
    bound: `Two cores are full: the API server, etcd, the Rollouts controller, the controllers of Kubernetes and the operator share them. ${WRITING}`,
    targets: { '*': { atLeast: 10, aim: 25 } },
  },
  {
    id: 'B15',
    what: 'growth exponent over N',
    unit: '',
    how: 'Of a cost c in c = a N^x, fitted to the medians at 100, 1,000 and 10,000 (cores at equal interval; memory above that at rest).',
    targets: { '*': { atLeast: 1.1, aim: 1 } },
  },
  {
    id: 'B16',
    what: '`/metrics` with 10,000 promotions that have ended',
    unit: 'kB',
    known: '2.8 kB an object',
    how: 'Bytes of one scrape; `ms` is how long it takes, `bytesMore` how much larger it is than with none.',
    targets: { '*': { atLeast: 200, aim: 50 } },
  },
  {
    id: 'B17',
    what: 'connections opened per 1,000 API requests',
    unit: 'connections',
    known: '1,000 (client-node as it comes)',
    how: "The operator's own counters, over the promotions of B14.",
    targets: { '*': { atLeast: 10, aim: 2 } },
  },
  {
    id: 'B18',
    what: 'soak: growth in an hour, beyond its own error',
    unit: 'per h',
    known: '+70 MiB a day reported',
    how: 'Promotions begin and end all the time, at an interval of 1 s instead of minutes. A quarter of an hour and some 3,000 promotions are let pass, in which what has a bound fills up to it: histories and trails of places, series of events, what is remembered of deleted objects. Then 20 minutes, in each of whose ten parts what `/metrics` says every 5 s is one mean; the value is the slope of a line through them less twice its standard error, and 0 where that is negative.',
    bound:
      'The heap is level: nothing is left behind. What is resident follows the highest that the heap has been, page by page, and the code that V8 still compiles (by less than 2 MB in 20 minutes; what malloc holds rose by less than 1). It slows down: of the 14 MB that it rose in 35 minutes, 11 were in the first twelve.',
    targets: {
      'RSS, MB': { atLeast: 0 },
      handles: { atLeast: 0 },
      'open files': { atLeast: 0 },
      timers: { atLeast: 0 },
    },
  },
  {
    id: 'B19',
    what: 'faults around it',
    unit: '',
    known: '30 workers blocked',
    how: '1,000 gates at a Prometheus that takes 2 s and fails 5 % of queries: lateness of 100 others at a healthy one. Then 429 and 500 from the API server for 30 s: the same. Verdicts of Fail in all of that.',
    targets: {
      'lateness of others, Prometheus slow, s': { atLeast: 1 },
      'lateness of others, API refusing, s': { atLeast: 1 },
      'wrong verdicts': { atLeast: 0 },
    },
  },
  {
    id: 'B20',
    what: 'event-loop delay, p99',
    unit: 'ms',
    how: '`nodejs_eventloop_lag_p99_seconds` over the window of B1, which includes its resolution of 10 ms. N is promotions in flight, each of which is five objects: 10,000 of them are 50,000, and 2,000 samples a second, on two cores that etcd, the API server and the stand-in for Prometheus share.',
    targets: { '10,000 objects': { atLeast: 50, aim: 20 } },
  },
];

/** What is wanted of a value; undefined: nothing was set for this size. */
export function targetOf(row: Row, at: string): Target | undefined {
  return row.targets[at] ?? row.targets['*'];
}
