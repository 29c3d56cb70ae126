import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a run of kubectl left behind. */
export interface KubectlResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Where kubectl is, and as whom and where from it speaks. */
export interface KubectlCall {
  command: string;
  kubeconfig: string;
  /** Directory for discovery caches, so that nothing is written to the home directory. */
  cacheDir: string;
  /** Standard input, for `apply -f -`. */
  input?: string;
}

/** Runs the real kubectl to its end; a code other than 0 is an answer, not an exception. */
export async function runKubectl(args: readonly string[], call: KubectlCall): Promise<KubectlResult> {
  const child = spawn(
    call.command,
    ['--kubeconfig', call.kubeconfig, '--cache-dir', call.cacheDir, ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  // kubectl may end without reading its input; that is its affair, told by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(call.input ?? '');
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  return { code: child.exitCode ?? -1, stdout, stderr };
}
