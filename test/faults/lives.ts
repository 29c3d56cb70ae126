import type { Program } from '../harness/process.ts';
import type { Down } from './failing.ts';

/** The deaths and restarts of a lane's operator, by whoever may kill it: two deadly requests may come at once. */
export class Lives {
  /** When it was dead, each time to the end of its restart. */
  readonly downs: Down[] = [];
  readonly #program: Pick<Program, 'kill' | 'start'>;
  #deaths = 0;
  /** It was killed, and not started since. */
  #isDown = false;
  /** Settles with the start that comes after the last death; between them it waits. */
  #back = Promise.withResolvers<void>();

  constructor(program: Pick<Program, 'kill' | 'start'>) {
    this.#program = program;
    this.#back.resolve();
  }

  /** How often it was killed. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Kills it (SIGKILL). */
  async die(): Promise<void> {
    this.#deaths += 1;
    // Killed while it starts it has not been up in between.
    this.#isUp();
    this.downs.push({ from: performance.now(), to: Number.POSITIVE_INFINITY });
    if (!this.#isDown) this.#back = Promise.withResolvers<void>();
    this.#isDown = true;
    await this.#program.kill();
  }

  /**
   * Starts it again; resolves when it is ready, or has been killed once more. After two deaths at once there is one
   * start: a second operator in the same lane would never be ended.
   */
  restart(): Promise<void> {
    if (this.#isDown) {
      this.#isDown = false;
      this.#back.resolve(this.#start());
    }
    return this.#back.promise;
  }

  /** Waits for the restart after the last death, if there was one. */
  up(): Promise<void> {
    return this.#back.promise;
  }

  /** Kills it for good. */
  async end(): Promise<void> {
    this.#deaths += 1;
    await this.#program.kill();
  }

  async #start(): Promise<void> {
    const before = this.#deaths;
    try {
      await this.#program.start();
      if (this.#deaths === before) this.#isUp();
    } catch (error) {
      if (this.#deaths === before) throw error;
    }
  }

  #isUp(): void {
    const last = this.downs.at(-1);
    if (last) last.to = Math.min(last.to, performance.now());
  }
}
