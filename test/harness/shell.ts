import { type Ran, ran } from './ran.ts';

/** Runs a script as `sh -e` does; a code other than 0 is an answer, not an exception. */
export function shell(script: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  return ran('sh', ['-e', '-c', script], { env });
}
