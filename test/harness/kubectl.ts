import { type Ran, ran } from './ran.ts';

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
export function runKubectl(
  args: readonly string[],
  { command, kubeconfig, cacheDir, ...call }: KubectlCall,
): Promise<Ran> {
  return ran(command, ['--kubeconfig', kubeconfig, '--cache-dir', cacheDir, ...args], call);
}
