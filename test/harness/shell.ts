import { execFile } from 'node:child_process';
import type { Ran } from './cli.ts';

/** Runs a script as `sh -e` does; a code other than 0 is an answer, not an exception. */
export function shell(script: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve) => {
    execFile('sh', ['-e', '-c', script], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}
