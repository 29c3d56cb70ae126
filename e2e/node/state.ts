import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything of the node that is on disk is below this; one node a machine, so that a later run finds what is left. */
export const STATE = join(tmpdir(), 'sluice-e2e-node');

/** Its name, also of its folder in each cgroup hierarchy. */
export const NODE = 'sluice-e2e-node';

/** Addresses inside the node's own network namespace, from a range that is routed nowhere (RFC 5737). */
export const NODE_IP = '192.0.2.10';
export const POD_CIDR = '10.244.0.0/24';
export const SERVICE_CIDR = '10.96.0.0/16';
export const KUBERNETES_IP = '10.96.0.1';
export const DNS_IP = '10.96.0.10';
export const APISERVER = `https://${NODE_IP}:6443`;

/** A process, told apart from a later one with the same number by when it began. */
export interface Known {
  pid: number;
  /** In ticks since the machine started. */
  began: string;
}

/** A path below the state directory. */
export function at(...parts: string[]): string {
  return join(STATE, ...parts);
}

/** What a process number stands for now; undefined if for none that runs. */
export function known(pid: number): Known | undefined {
  try {
    // The name, in parentheses, may hold anything; the fields after it begin with the state.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [state] = fields;
    return state === 'Z' || fields[19] === undefined ? undefined : { pid, began: fields[19] };
  } catch {
    return undefined;
  }
}

/** Whether that very process still runs. */
export function runs({ pid, began }: Known): boolean {
  return known(pid)?.began === began;
}

/** Writes down a process, for whoever comes later. */
export function remember(role: 'runner' | 'holder', pid: number): void {
  mkdirSync(STATE, { recursive: true });
  const found = known(pid);
  if (!found) throw new Error(`the ${role} has ended before it was written down`);
  writeFileSync(at(`${role}.json`), JSON.stringify(found));
}

/** A process of this or an earlier run that was written down and still runs. */
export function recall(role: 'runner' | 'holder'): Known | undefined {
  const path = at(`${role}.json`);
  if (!existsSync(path)) return undefined;
  const found: Known = JSON.parse(readFileSync(path, 'utf8'));
  return runs(found) ? found : undefined;
}
