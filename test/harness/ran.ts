import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a command came to. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end; a code other than 0 is an answer, not an exception.
 * @param env all of its environment; absent: this process's
 * @throws Error when it cannot be started
 */
export async function ran(
  command: string,
  args: readonly string[],
  { env, input = '' }: { env?: Readonly<Record<string, string | undefined>>; input?: string } = {},
): Promise<Ran> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(env && { env }) });
  // It may end without reading its input; that is its affair, told by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode ?? -1, stdout, stderr };
}
