import { performance } from 'node:perf_hooks';

/** How often a line is written where lines cannot be rewritten, as in the log of a build server. */
const QUIET_MS = 15_000;
const LIVELY_MS = 500;

/** Tells how far a long task is: one line rewritten on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #title: string;
  readonly #out: NodeJS.WriteStream;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  #state = 'reading modules';

  constructor(title: string, out: NodeJS.WriteStream = process.stderr) {
    this.#title = title;
    this.#out = out;
    this.#timer = setInterval(() => this.#show(), out.isTTY ? LIVELY_MS : QUIET_MS);
  }

  /** What it is doing now; shown at the next beat. */
  set state(state: string) {
    this.#state = state;
  }

  /** Says something that stays. */
  note(text: string): void {
    this.#out.write(`${this.#clear()}${this.#title}: ${text}\n`);
  }

  /** The last line. */
  done(text: string): void {
    clearInterval(this.#timer);
    this.note(`${text} (${this.#elapsed()})`);
  }

  #show(): void {
    const line = `${this.#title}: ${this.#state}, ${this.#elapsed()}`;
    this.#out.write(
      this.#out.isTTY ? `${this.#clear()}${line.slice(0, (this.#out.columns || 80) - 1)}` : `${line}\n`,
    );
  }

  #clear(): string {
    return this.#out.isTTY ? '\r\u001b[K' : '';
  }

  #elapsed(): string {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
}
