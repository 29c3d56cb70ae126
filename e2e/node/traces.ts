import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupFolders } from './cgroups.ts';
import { NODE, STATE } from './state.ts';

/** Settings that kubelet, kube-proxy and containerd would like to change, by file or by folder below /proc/sys. */
const SETTINGS = [
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys',
  'vm',
  'fs/inotify',
  'net/core',
  'net/bridge',
  'net/ipv4',
  'net/netfilter',
];

/** Counters among them, which change by themselves. */
const COUNTS = /conntrack_count$|\/stat_refresh$|compact_memory$|drop_caches$/;

/** What a node could leave on the machine: by what it is, how it is now. */
export type Traces = ReadonlyMap<string, string>;

/** Looks at the machine. */
export function traces(): Traces {
  const found = new Map<string, string>();
  for (const setting of SETTINGS) for (const [name, value] of settings(setting)) found.set(name, value);
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n'))
    found.set(`mount ${line.split(' ')[4]}`, line.split(' - ')[1] ?? '');
  for (const name of readdirSync('/sys/class/net')) found.set(`device ${name}`, 'there');
  for (const folder of [STATE, ...cgroupFolders()]) if (existsSync(folder)) found.set(folder, 'there');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) !== process.pid && isOfNode(pid)) found.set(`process ${pid}`, 'runs');
  }
  return found;
}

/** A sentence for each difference between the machine before and after. */
export function left(before: Traces, after: Traces): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((what) => before.get(what) !== after.get(what))
    .map(
      (what) => `${what}: ${before.get(what) ?? 'not there'} before, ${after.get(what) ?? 'not there'} now`,
    );
}

function settings(path: string): [string, string][] {
  const file = join('/proc/sys', path);
  if (!existsSync(file) || COUNTS.test(file)) return [];
  try {
    return [[file, readFileSync(file, 'utf8').trim()]];
  } catch (error) {
    // A folder, or one that is there to be written only.
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EISDIR') return [];
    return readdirSync(file).flatMap((name) => settings(join(path, name)));
  }
}

/** By the files that it was started with, or by its cgroup. */
function isOfNode(pid: string): boolean {
  try {
    const about = ['cmdline', 'cgroup']
      .map((file) => readFileSync(join('/proc', pid, file), 'utf8'))
      .join('\n');
    return about.includes(STATE) || about.includes(`/${NODE}/`);
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
