import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { NODE } from './state.ts';

/** A process of the node or of its pods, by the machine's numbers. */
export interface NodeProcess {
  pid: number;
  name: string;
  /** Its folder in each cgroup hierarchy, as /proc tells it; a pod's has its uid in it. */
  cgroup: string;
  /** Resident memory. */
  mb: number;
}

/** What runs in the process namespace of `holder`, and in those of the pods. */
export function nodeProcesses(holder: number): NodeProcess[] {
  const space = namespaceOf(holder);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .flatMap((pid) => {
      try {
        const cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
        if (namespaceOf(pid) !== space && !cgroup.includes(`/${NODE}/`)) return [];
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const kb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
        return [{ pid, cgroup, name: /^Name:\s+(.*)$/m.exec(status)?.[1] ?? '', mb: kb / 1024 }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

function namespaceOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/pid`);
}
