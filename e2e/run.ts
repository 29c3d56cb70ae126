import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Aborted when the run is to end: by Ctrl-C, for example. Programs that it started end then. */
export const stopping = new AbortController();

/** How a program is run. */
export interface RunOptions {
  input?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** It takes something back, so it runs also when the run is to end. */
  last?: boolean;
}

/**
 * Runs a program to its end; its standard output.
 * @throws Error with what it said on standard error.
 */
export async function run(words: readonly string[], options: RunOptions = {}): Promise<string> {
  const [command = '', ...args] = words;
  const { input, env, cwd, last = false } = options;
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(!last && { signal: stopping.signal }),
    ...(env && { env: { ...process.env, ...env } }),
    ...(cwd !== undefined && { cwd }),
  });
  // It may end without reading its input; that is its affair, told by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const closed = new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve());
    child.once('error', reject);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (child.exitCode !== 0) {
    throw new Error(
      `${words.join(' ').slice(0, 300)}: ${child.exitCode ?? child.signalCode}\n${stderr.trim() || stdout.trim()}`,
    );
  }
  return stdout;
}
