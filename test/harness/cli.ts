import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Cluster } from './cluster.ts';
import type { UserName } from './users.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What a command came to. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command of the plugin, as an administrator of the cluster unless said otherwise. */
export function sluice(
  cluster: Cluster,
  args: readonly string[],
  { input = '', user = 'admin' }: { input?: string; user?: UserName } = {},
): Promise<Ran> {
  return ran(process.execPath, [MAIN, ...args], { KUBECONFIG: cluster.kubeconfigFor(user) }, input);
}

/** Runs a program to its end; a code other than 0 is an answer, not an exception. */
export function ran(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
