// Runs as a process of its own, in its own session, and owns every program of one run.
// It is the programs' parent, so there is no moment at which a program exists and nobody would end it:
// when the pipe to the harness closes, for whatever reason (end, crash, Ctrl-C, SIGKILL), it ends all
// process groups that it started and removes the directory of the run.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';

/** What the harness asks of the keeper. */
export type Order =
  | { do: 'start'; id: number; command: string; args: string[]; env: Record<string, string>; log: string }
  | { do: 'signal'; id: number; signal: NodeJS.Signals };

/** What the keeper tells the harness about the program `id`. */
export type Report =
  | { did: 'start'; id: number; pid: number }
  | { did: 'signal'; id: number }
  | { did: 'fail'; id: number; message: string }
  | { did: 'exit'; id: number; code: number | null; signal: NodeJS.Signals | null };

/** How long programs get between SIGTERM and SIGKILL once the harness is gone. Nothing of the run is kept. */
const GRACE_MS = 500;

const [directory] = process.argv.slice(2);
const running = new Map<number, ChildProcess>();

function tell(report: Report): void {
  if (process.connected) process.send?.(report);
}

function start(order: Extract<Order, { do: 'start' }>): void {
  const log = openSync(order.log, 'a');
  // A group of its own for each program, so that whatever it starts goes down with it.
  const child = spawn(order.command, order.args, {
    env: order.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  child.once('error', (error) => tell({ did: 'fail', id: order.id, message: error.message }));
  if (child.pid === undefined) return;
  running.set(order.id, child);
  tell({ did: 'start', id: order.id, pid: child.pid });
  child.once('exit', (code, signal) => {
    // Whoever outlives its leader must not outlive the run.
    signalGroup(child, 'SIGKILL');
    running.delete(order.id);
    tell({ did: 'exit', id: order.id, code, signal });
    if (!process.connected) leaveWhenEmpty();
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the group has ended by itself, which is what was wanted.
  }
}

function signalAll(signal: NodeJS.Signals): void {
  for (const child of running.values()) signalGroup(child, signal);
}

function leaveWhenEmpty(): void {
  if (running.size > 0) return;
  if (directory) rmSync(directory, { recursive: true, force: true });
  process.exit(0);
}

process.on('message', (order: Order) => {
  if (order.do === 'start') return start(order);
  const child = running.get(order.id);
  if (child) signalGroup(child, order.signal);
  tell({ did: 'signal', id: order.id });
});
process.on('disconnect', () => {
  signalAll('SIGTERM');
  setTimeout(() => signalAll('SIGKILL'), GRACE_MS);
  leaveWhenEmpty();
});
// The keeper outlives a Ctrl-C or a `kill` of the harness's whole session; the closed pipe is what ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
