import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Order, Report } from './keeper.ts';

/** A program to run. */
export interface ProgramSpec {
  /** Short name: of the log file, and in messages. */
  name: string;
  /** Absolute path, or a name on PATH. */
  command: string;
  args: string[];
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Whether the program serves: polled until true; an exception counts as not yet. */
  ready?: (program: Program) => Promise<boolean>;
  /** Limit for `ready`; 60 s unless given. */
  readyTimeoutMs?: number;
  /** What `stop` leaves it between SIGTERM and SIGKILL; 10 s unless given. */
  graceMs?: number;
}

/** How a program ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program of a run; it can be ended and started again with the same arguments. */
export class Program {
  readonly name: string;
  /** File that takes standard output and standard error of every start. */
  readonly logFile: string;
  readonly #spec: ProgramSpec;
  readonly #id: number;
  readonly #order: (order: Order) => void;
  #pid: number | undefined;
  /** Whether a start was ordered whose end was not reported yet. */
  #isStarted = false;
  #ended = Promise.withResolvers<Exit>();
  /** Signals ordered and not yet sent, oldest first. */
  readonly #signals: (() => void)[] = [];

  /** Made by `Run.start`. */
  constructor(spec: ProgramSpec, id: number, logFile: string, order: (order: Order) => void) {
    this.name = spec.name;
    this.logFile = logFile;
    this.#spec = spec;
    this.#id = id;
    this.#order = order;
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Resolves when the program that was started last has ended. */
  get exited(): Promise<Exit> {
    return this.#ended.promise;
  }

  /** Takes in what the keeper reports. */
  heard(report: Report): void {
    if (report.did === 'start') this.#pid = report.pid;
    if (report.did === 'fail' || report.did === 'exit') this.#isStarted = false;
    if (report.did === 'fail') this.#ended.reject(new Error(`${this.name} did not start: ${report.message}`));
    if (report.did === 'signal') this.#signals.shift()?.();
    if (report.did === 'exit') {
      this.#pid = undefined;
      this.#ended.resolve({ code: report.code, signal: report.signal });
    }
  }

  /**
   * Starts it again after `stop` or `kill`, and waits until it is ready.
   * @throws Error while it runs: the keeper knows one process of a program, and would never end the other.
   */
  async start(): Promise<void> {
    if (this.#isStarted) throw new Error(`${this.name} runs already`);
    this.#isStarted = true;
    const { command, args, env, ready, readyTimeoutMs = 60_000 } = this.#spec;
    this.#ended = Promise.withResolvers<Exit>();
    const log = this.logFile;
    this.#order({ do: 'start', id: this.#id, command, args, env: { ...inherited(), ...env }, log });
    let deadline: number | undefined;
    for (;;) {
      const exit = await Promise.race([delay(25), this.exited]);
      if (exit) throw this.#failure(`ended (${exit.signal ?? exit.code}) before it was ready`);
      // The keeper may still be starting itself: the limit counts from when the program runs.
      if (this.#pid === undefined) continue;
      deadline ??= performance.now() + readyTimeoutMs;
      if (!ready || (await ready(this).catch(() => false))) return;
      if (performance.now() > deadline)
        throw this.#failure(`was not ready within ${readyTimeoutMs / 1000} s`);
    }
  }

  /** Asks it to end (SIGTERM), and ends it by force (SIGKILL) when its grace is over. */
  async stop(): Promise<Exit | undefined> {
    const { graceMs = 10_000 } = this.#spec;
    if (this.#pid === undefined) return undefined;
    await this.signal('SIGTERM');
    const stopped = new AbortController();
    const force = delay(graceMs, undefined, { signal: stopped.signal }).then(
      () => this.signal('SIGKILL'),
      () => {},
    );
    const exit = await this.exited;
    stopped.abort();
    await force;
    return exit;
  }

  /** Ends it as a crash would: SIGKILL, nothing flushed. */
  async kill(): Promise<Exit | undefined> {
    if (this.#pid === undefined) return undefined;
    await this.signal('SIGKILL');
    return this.exited;
  }

  /** Sends a signal to its process group, for example SIGSTOP to freeze it; resolves when it was sent. */
  signal(signal: NodeJS.Signals): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#signals.push(resolve);
    this.#order({ do: 'signal', id: this.#id, signal });
    return promise;
  }

  #failure(what: string): Error {
    return new Error(`${this.name} ${what}; the end of its log:\n${this.logTail()}`);
  }

  /** The last lines of its log. */
  logTail(lines = 20): string {
    if (!existsSync(this.logFile)) return '(no log)';
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined),
  );
}
