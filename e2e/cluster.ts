import type { Image } from './images/archive.ts';

/** A cluster with real pods, as the scenario needs it: that of kind and the one of e2e/node are played alike. */
export interface RealCluster {
  /** For the timeline. */
  name: string;
  /** Runs kubectl as an administrator; its standard output. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Runs helm as an administrator; its standard output. */
  helm(args: readonly string[]): Promise<string>;
  /** Makes an image known to the node, by tag and by digest. */
  load(image: Image): Promise<void>;
  /** Sends a signal to the first process of a pod's containers; absent where the node cannot be reached like that. */
  signal?(uid: string, signal: NodeJS.Signals): Promise<void>;
  /** What the node's programs and pods have resident, in MB; absent likewise. */
  memory?(): Record<string, number>;
}
