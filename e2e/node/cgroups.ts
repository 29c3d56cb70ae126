import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NODE } from './state.ts';

/*
 * The pods' folders are below one of the node's own in each cgroup hierarchy, beside the machine's and not among them.
 * They are no namespace's, so they are the one thing that has to be taken back by hand.
 */

const CGROUPS = '/sys/fs/cgroup';

/** Whether the machine has one hierarchy (version 2) instead of one for each controller. */
export const unified = existsSync(join(CGROUPS, 'cgroup.controllers'));

/** The node's folders, whether they are there or not. */
export function cgroupFolders(): string[] {
  if (unified) return [join(CGROUPS, NODE)];
  // Where both versions are mounted, the folder `unified` of the second gets its pods too.
  return readdirSync(CGROUPS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(CGROUPS, name, NODE));
}

/** Makes the node's folders. */
export function makeCgroups(): void {
  for (const folder of cgroupFolders()) {
    mkdirSync(folder, { recursive: true });
    if (unified) writeFileSync(join(folder, 'cgroup.subtree_control'), enabled());
    // A cpuset takes in nobody before it has cores and memory.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (unified || !existsSync(join(folder, file))) continue;
      writeFileSync(join(folder, file), readFileSync(join(folder, '..', file)));
    }
  }
}

/** What the machine hands down to the folder, handed down to those of the pods. */
function enabled(): string {
  const controllers = readFileSync(join(CGROUPS, NODE, 'cgroup.controllers'), 'utf8').trim();
  return controllers === ''
    ? ''
    : controllers
        .split(' ')
        .map((name) => `+${name}`)
        .join(' ');
}

/** Removes them, and all below; the processes in them have ended, or are about to. */
export async function removeCgroups(): Promise<void> {
  for (const folder of cgroupFolders().filter(existsSync)) {
    for (let tries = 1; ; tries += 1) {
      try {
        removeBottomUp(folder);
        break;
      } catch (error) {
        // Busy for a moment after its last process has gone.
        if (tries === 50) throw error;
        await delay(100);
      }
    }
  }
}

function removeBottomUp(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeBottomUp(join(folder, entry.name));
  rmdirSync(folder);
}
