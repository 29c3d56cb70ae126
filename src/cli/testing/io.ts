import { PassThrough } from 'node:stream';
import { systemClock } from '../../runtime/clock.ts';
import type { Io } from '../io.ts';

/** An Io that keeps what was printed. */
export interface KeptIo extends Io {
  printed: string;
  complained: string;
}

/** A terminal of 80 columns that nobody looks at. */
export function keptIo(input = ''): KeptIo {
  const stream = new PassThrough();
  stream.end(input);
  const io: KeptIo = {
    printed: '',
    complained: '',
    out: (text) => {
      io.printed += text;
    },
    err: (text) => {
      io.complained += text;
    },
    input: stream,
    isTerminal: false,
    columns: 80,
    clock: systemClock,
    signal: new AbortController().signal,
  };
  return io;
}
