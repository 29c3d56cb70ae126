import type { Clock } from '../runtime/clock.ts';

/** What a command prints to and reads from; a terminal, or a test. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Lines of standard input. */
  input: NodeJS.ReadableStream;
  /** Whether people look at it: then it may be drawn over, and in colour. */
  isTerminal: boolean;
  /** Width in characters. */
  columns: number;
  clock: Clock;
  /** Fires when the user has had enough (Ctrl-C). */
  signal: AbortSignal;
}

/**
 * How a command ended. Documented in docs/kubectl-plugin.md.
 * `No`: it could look, and the answer is no (a chain is broken, a promotion has failed, something would change).
 * `Failed`: it could not do what was asked.
 */
export const EXIT = { Done: 0, No: 1, Failed: 2 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];
