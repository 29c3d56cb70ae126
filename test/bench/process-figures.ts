import { readFileSync } from 'node:fs';
import type { Program } from '../harness/process.ts';

/** Ticks a second in /proc: fixed at 100 in Linux' interface to user space. */
const TICKS = 100;

function pidOf(program: Program): number {
  if (program.pid === undefined) throw new Error(`${program.name} does not run`);
  return program.pid;
}

/** CPU seconds that a program has used since it started, user and system together. */
export function cpuSeconds(program: Program): number {
  const stat = readFileSync(`/proc/${pidOf(program)}/stat`, 'utf8');
  // The name in parentheses may contain anything; utime and stime are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Resident memory of a program in MB (10^6 bytes), now and at its highest. */
export function memory(program: Program): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pidOf(program)}/status`, 'utf8');
  const of = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** CPU seconds of several programs by name, and how long ago the count began. */
export class CpuWindow {
  readonly #programs: Readonly<Record<string, Program>>;
  readonly #began = performance.now();
  readonly #before = new Map<string, number>();

  constructor(programs: Readonly<Record<string, Program>>) {
    this.#programs = programs;
    for (const [name, program] of Object.entries(programs)) this.#before.set(name, cpuSeconds(program));
  }

  /** Seconds since the window was opened. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** CPU seconds of these programs together since the window was opened. */
  used(...names: string[]): number {
    return names.reduce((sum, name) => {
      const program = this.#programs[name];
      if (!program) throw new Error(`no program ${name} in this window`);
      return sum + cpuSeconds(program) - (this.#before.get(name) ?? 0);
    }, 0);
  }
}
