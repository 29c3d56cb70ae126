import type { Clock, Timer } from '../runtime/clock.ts';
import { type Due, DueHeap } from './due-heap.ts';
import { type JudgeRules, type Judgement, judge, movePassFrom, newJudgement } from './judge.ts';
import { Lanes, type Waiter } from './lanes.ts';
import type { Sample, Verdict } from './sample.ts';
import { nextOnGrid, phaseOf } from './schedule.ts';
import { takeSample } from './take-sample.ts';

/** One gate to be sampled for one owner, as the owner's last reconcile wants it. */
export interface Probe {
  /** Unique over all owners. */
  key: string;
  /** Who is told of changes. */
  owner: string;
  rules: JudgeRules;
  /** One step of one rollout; a change starts the judgement anew, with a sample at once. */
  epoch: string;
  /** When passes begin to count, milliseconds since the epoch; undefined: never, it only guards. */
  passFrom: number | undefined;
  /** What was known before a restart; used once, when the key is new and the epoch is the same. */
  seed?: Judgement;
  /** Fingerprint of what `evaluate` asks; a change starts the judgement anew. */
  spec: string;
  /** The backend asked; a slow one takes only its own share of what may be in flight. */
  lane?: string;
  /** Takes one sample, going on from the judgement's `state`. What it throws becomes an Error sample. */
  evaluate(signal: AbortSignal, state?: string): Promise<Sample>;
}

/** One sample taken, for metrics. */
export interface SamplerEvent {
  key: string;
  lane: string;
  verdict: Verdict;
  /** Milliseconds from due to started. */
  latenessMs: number;
  tookMs: number;
  /** Points of the grid missed since the sample before. */
  skipped: number;
}

export interface SamplerStats {
  probes: number;
  inFlight: number;
  /** Due, but their lane is full. */
  waiting: number;
  samples: Record<Verdict, number>;
  skipped: number;
  /** Samples thrown away because the epoch or the gate had changed meanwhile. */
  discarded: number;
}

export interface SamplerOptions {
  clock: Clock;
  /** The verdict, epoch or number of failures changed by a sample, or it left a first state; never called from within `sync`. */
  onChange(owner: string, judgement: Judgement, key: string): void;
  /**
   * Most samples in flight; default 1024. A sample in flight is not a request: what is due together is asked
   * together, and who asks limits the requests to each server.
   */
  concurrency?: number;
  /** Most samples in flight in one lane; default 256: enough for what shares a few queries. */
  laneConcurrency?: number;
  /** Milliseconds after which a sample is cut and counts as an Error; default 30 s. */
  evaluateTimeoutMs?: number;
  observe?(event: SamplerEvent): void;
}

/** After a restart all known probes are due again: they are spread over this much time, or their interval. */
const RESTART_SPREAD_MS = 1000;

interface Run {
  controller: AbortController;
  settled: Promise<void>;
}

interface Entry extends Due, Waiter {
  probe: Probe;
  judgement: Judgement;
  /** Counts the times that the judgement was started anew. */
  generation: number;
  /** What onChange was last told. */
  told: string;
  phaseMs: number;
  /** Whether `due` is on the grid, at once, or the instant `passFrom`. */
  aim: 'grid' | 'now' | 'passFrom';
  /** When the last sample started; monotonic, and by the wall clock. */
  startedMs: number;
  startedAt: number;
  skipped: number;
  run: Run | undefined;
}

/**
 * Takes the samples of all gates, apart from reconciling: a sample writes nothing and wakes nobody unless the
 * verdict changes (law 8). Due times are absolute, one sample of a probe runs at a time, and at most
 * `concurrency` of all.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #concurrency: number;
  readonly #timeoutMs: number;
  readonly #lanes: Lanes<Entry>;
  readonly #heap = new DueHeap<Entry>();
  readonly #entries = new Map<string, Entry>();
  readonly #owners = new Map<string, Set<string>>();
  readonly #runs = new Set<Run>();
  readonly #samples: Record<Verdict, number> = { Pass: 0, Fail: 0, Inconclusive: 0, Error: 0 };
  #skipped = 0;
  #discarded = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 1024;
    this.#timeoutMs = options.evaluateTimeoutMs ?? 30_000;
    this.#lanes = new Lanes(options.laneConcurrency ?? 256);
  }

  /** Makes the owner's probes exactly these. Level-triggered: the same call again changes nothing. */
  sync(owner: string, probes: readonly Probe[]): void {
    if (this.#stopped) return;
    const keys = new Set(probes.map((probe) => probe.key));
    for (const key of this.#owners.get(owner) ?? []) if (!keys.has(key)) this.#drop(key);
    for (const probe of probes) {
      const entry = this.#entries.get(probe.key);
      if (entry === undefined) this.#add(probe);
      else if (entry.probe.owner !== owner)
        throw new Error(`probe ${probe.key} belongs to ${entry.probe.owner}`);
      else this.#update(entry, probe);
    }
    if (keys.size > 0) this.#owners.set(owner, keys);
    else this.#owners.delete(owner);
    this.#pump();
  }

  judgement(key: string): Judgement | undefined {
    return this.#entries.get(key)?.judgement;
  }

  /** The owner is gone: its probes are taken away, and what is in flight is cut. */
  forget(owner: string): void {
    this.sync(owner, []);
  }

  stats(): SamplerStats {
    return {
      probes: this.#entries.size,
      inFlight: this.#runs.size,
      waiting: this.#lanes.waiting,
      samples: { ...this.#samples },
      skipped: this.#skipped,
      discarded: this.#discarded,
    };
  }

  /** Takes no sample any more; resolves when none is in flight. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const run of this.#runs) run.controller.abort();
    await Promise.all([...this.#runs].map(async (run) => run.settled));
  }

  #add(probe: Probe): void {
    const { clock } = this.#options;
    const seed = probe.seed?.epoch === probe.epoch ? probe.seed : undefined;
    const judgement = seed
      ? movePassFrom(seed, probe.passFrom, clock.now())
      : newJudgement(probe.epoch, clock.now());
    const phaseMs = phaseOf(probe.key, probe.rules.intervalMs, probe.lane);
    const spreadMs = seed
      ? phaseOf(probe.key, Math.min(RESTART_SPREAD_MS, probe.rules.intervalMs), probe.lane)
      : 0;
    const entry: Entry = {
      probe,
      judgement,
      generation: 0,
      told: seed ? gist(judgement) : '',
      phaseMs,
      aim: 'now',
      startedMs: Number.NEGATIVE_INFINITY,
      startedAt: Number.NEGATIVE_INFINITY,
      skipped: 0,
      run: undefined,
      due: clock.monotonic() + spreadMs,
      heapIndex: -1,
      waitsIn: undefined,
    };
    this.#entries.set(probe.key, entry);
    if (judgement.verdict !== 'Fail') this.#heap.push(entry);
  }

  #update(entry: Entry, probe: Probe): void {
    const { clock } = this.#options;
    const before = entry.probe;
    entry.probe = probe;
    entry.phaseMs = phaseOf(probe.key, probe.rules.intervalMs, probe.lane);
    if (before.epoch !== probe.epoch || before.spec !== probe.spec) {
      entry.judgement = newJudgement(probe.epoch, clock.now());
      entry.generation++;
      // What is in flight asks for the step before; the new one is asked as soon as that has let go.
      if (entry.run) return entry.run.controller.abort();
      this.#schedule(entry, clock.monotonic(), 'now');
      return;
    }
    if (before.passFrom === probe.passFrom && before.rules.intervalMs === probe.rules.intervalMs) return;
    entry.judgement = movePassFrom(entry.judgement, probe.passFrom, clock.now());
    // One that is overdue and waits for its turn keeps it.
    if (!entry.run && entry.due > clock.monotonic() && entry.aim !== 'now') this.#scheduleNext(entry);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#unschedule(entry);
    entry.run?.controller.abort();
  }

  #unschedule(entry: Entry): void {
    this.#heap.remove(entry);
    this.#lanes.forget(entry);
  }

  #schedule(entry: Entry, due: number, aim: Entry['aim']): void {
    this.#unschedule(entry);
    entry.due = due;
    entry.aim = aim;
    this.#heap.push(entry);
  }

  /** The next point of the grid, or the instant from which passes count when that comes first. */
  #scheduleNext(entry: Entry): void {
    const { clock } = this.#options;
    // A failed gate stays failed in its epoch: nothing that it could be asked would be used.
    if (entry.judgement.verdict === 'Fail') return this.#unschedule(entry);
    const { passFrom, rules } = entry.probe;
    const now = clock.monotonic();
    const tick = nextOnGrid(entry.phaseMs, rules.intervalMs, entry.startedMs, now);
    const opens = now + Math.max(0, (passFrom ?? 0) - clock.now());
    if (passFrom !== undefined && passFrom > entry.startedAt && opens <= tick)
      this.#schedule(entry, opens, 'passFrom');
    else this.#schedule(entry, tick, 'grid');
  }

  /** Starts what is due and may start, then sleeps until the next one is due. */
  #pump(): void {
    const { clock } = this.#options;
    while (!this.#stopped && this.#runs.size < this.#concurrency) {
      const entry = this.#heap.peek();
      if (entry === undefined || entry.due > clock.monotonic()) break;
      this.#heap.remove(entry);
      // Timers and the wall clock do not agree to the millisecond: a sample taken before passFrom would be lost.
      if (entry.aim === 'passFrom' && clock.now() < (entry.probe.passFrom ?? 0)) this.#scheduleNext(entry);
      else if (this.#lanes.enter(entry.probe.lane ?? '', entry)) this.#start(entry);
    }
    this.#timer?.cancel();
    const next = this.#heap.peek();
    if (this.#stopped || next === undefined || this.#runs.size >= this.#concurrency) return;
    this.#timer = clock.after(Math.max(0, Math.ceil(next.due - clock.monotonic())), () => this.#pump());
  }

  #start(entry: Entry): void {
    const { clock } = this.#options;
    const { due, generation, skipped, probe } = entry;
    const { state } = entry.judgement;
    const lane = probe.lane ?? '';
    entry.startedMs = clock.monotonic();
    entry.startedAt = clock.now();
    const latenessMs = Math.max(0, entry.startedMs - due);
    const controller = new AbortController();
    const evaluate = async (signal: AbortSignal): Promise<Sample> => probe.evaluate(signal, state);
    const settled = takeSample(evaluate, controller, clock, this.#timeoutMs).then((sample) => {
      const tookMs = clock.monotonic() - entry.startedMs;
      this.#runs.delete(run);
      entry.run = undefined;
      const next = this.#lanes.leave(lane);
      if (next !== undefined) this.#heap.push(next);
      const isWanted = !this.#stopped && this.#entries.get(probe.key) === entry;
      const isCurrent = isWanted && entry.generation === generation;
      if (isCurrent) this.#take(entry, sample);
      else this.#discarded++;
      if (isCurrent) this.#scheduleAfter(entry, due);
      else if (isWanted) this.#schedule(entry, clock.monotonic(), 'now');
      this.#pump();
      if (!isCurrent) return;
      this.#options.observe?.({ key: probe.key, lane, verdict: sample.verdict, latenessMs, tookMs, skipped });
      this.#tell(entry);
    });
    const run: Run = { controller, settled };
    entry.run = run;
    this.#runs.add(run);
  }

  #take(entry: Entry, sample: Sample): void {
    this.#samples[sample.verdict]++;
    entry.judgement = judge(entry.judgement, sample, entry.probe.rules, entry.probe.passFrom);
  }

  #scheduleAfter(entry: Entry, due: number): void {
    const aimed = entry.aim;
    this.#scheduleNext(entry);
    const missed = Math.round((entry.due - due) / entry.probe.rules.intervalMs) - 1;
    entry.skipped = aimed === 'grid' && entry.aim === 'grid' ? Math.max(0, missed) : 0;
    this.#skipped += entry.skipped;
  }

  #tell(entry: Entry): void {
    const now = gist(entry.judgement);
    if (now === entry.told) return;
    entry.told = now;
    this.#options.onChange(entry.probe.owner, entry.judgement, entry.probe.key);
  }
}

/** A first state is told, too, so that a restart goes on from it; later ones ride along with other changes. */
function gist({ epoch, verdict, failures, state }: Judgement): string {
  return `${epoch}|${verdict}|${failures}|${state === undefined ? '' : 'counting'}`;
}
