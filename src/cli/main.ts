#!/usr/bin/env node
import { basename } from 'node:path';
import { systemClock } from '../runtime/clock.ts';
import { completionsFor } from './complete.ts';
import { EXIT, type Io } from './io.ts';
import { runCli } from './program.ts';

/* kubectl-sluice: what kubectl runs for `kubectl sluice`, and for its completion (`kubectl_complete-sluice`). */

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
// A pager that was left early wants no more of it.
process.stdout.on('error', () => process.exit(EXIT.Done));

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  input: process.stdin,
  isTerminal: process.stdout.isTTY,
  columns: process.stdout.columns || 80,
  clock: systemClock,
  signal: interrupted.signal,
};
const [, program = '', ...argv] = process.argv;
const isAsked = basename(program).startsWith('kubectl_complete');
const ended = isAsked
  ? await completionsFor(argv, io)
  : argv[0] === '__complete'
    ? await completionsFor(argv.slice(1), io)
    : await runCli(argv, io);
// Connections that are kept would keep the process as well.
process.stdout.write('', () => process.exit(ended));
