import type { Clock, Timer } from '../../runtime/clock.ts';
import { until } from './until.ts';

/** A clock that stands still until told. Wall time and monotonic time can be moved apart, as on a real machine. */
export class ManualClock implements Clock {
  #wall = Date.UTC(2026, 0, 1);
  #monotonic = 1_000;
  #timers: { due: number; fn: () => void }[] = [];

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, fn: () => void): Timer {
    const timer = { due: this.#monotonic + Math.max(ms, 0), fn };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** Timers armed now. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer, undefined without one. */
  get next(): number | undefined {
    const due = Math.min(...this.#timers.map((timer) => timer.due));
    return Number.isFinite(due) ? due - this.#monotonic : undefined;
  }

  /** Moves both clocks on and runs what becomes due, in order, each at its own time. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const timer = this.#timers.filter(({ due }) => due <= end).toSorted((a, b) => a.due - b.due)[0];
      if (timer === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== timer);
      this.#move(timer.due - this.#monotonic);
      timer.fn();
    }
    this.#move(end - this.#monotonic);
  }

  /** Moves wall time alone: somebody set the machine's clock. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Waits (in real time) until a timer is armed that is due within `ms`, then moves past it. */
  async pass(ms: number): Promise<void> {
    await until(() => (this.next ?? Number.POSITIVE_INFINITY) <= ms, `a timer due within ${ms} ms`);
    this.advance(ms);
  }

  #move(ms: number): void {
    this.#wall += ms;
    this.#monotonic += ms;
  }
}
