import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from './keeper.ts';
import { Program, type ProgramSpec } from './process.ts';

/**
 * One run: a temporary directory and the programs that live in it.
 * Both go when `close` is called or when this process ends, however it ends (see keeper.ts).
 */
export class Run {
  /** Temporary directory for data, certificates and kubeconfigs. */
  readonly dir: string;
  /** Directory of the programs' logs. */
  readonly logDir: string;
  readonly #keeper: ChildProcess;
  readonly #programs = new Map<number, Program>();
  readonly #beforeClose: (() => Promise<void> | void)[] = [];
  #lastId = 0;

  /**
   * @param logDir where to keep the programs' logs, in a directory of the run's own, for no two runs may share
   *   an audit log; without it they go with `dir`.
   */
  constructor(logDir?: string) {
    this.dir = mkdtempSync(join(tmpdir(), 'sluice-run-'));
    this.logDir = logDir === undefined ? join(this.dir, 'logs') : resolve(logDir, basename(this.dir));
    mkdirSync(this.logDir, { recursive: true });
    this.#keeper = fork(fileURLToPath(new URL('./keeper.ts', import.meta.url)), [this.dir], {
      detached: true,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#keeper.on('message', (report: Report) => this.#programs.get(report.id)?.heard(report));
  }

  /**
   * Starts a program and waits until it is ready.
   * @throws Error with the end of its log when it ends, or is not ready in time.
   */
  async start(spec: ProgramSpec): Promise<Program> {
    const id = ++this.#lastId;
    const log = join(this.logDir, `${spec.name}.log`);
    const program = new Program(spec, id, log, (order) => this.#keeper.send(order));
    this.#programs.set(id, program);
    await program.start();
    return program;
  }

  /** Has `work` done when the run is closed, while its programs and its directory are still there. */
  beforeClose(work: () => Promise<void> | void): void {
    this.#beforeClose.push(work);
  }

  /** Ends every program and removes the directory; returns when all of it is gone. */
  async close(): Promise<void> {
    if (this.#keeper.exitCode !== null || this.#keeper.signalCode !== null) return;
    try {
      for (const work of this.#beforeClose.splice(0)) await work();
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    const gone = once(this.#keeper, 'exit');
    if (this.#keeper.connected) this.#keeper.disconnect();
    await gone;
  }
}
