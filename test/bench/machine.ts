import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where and on what figures were taken. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  kernel: string;
  /** Versions of the programs, by name. */
  versions: Record<string, string>;
  /** Of the sources that were measured; `+` where the tree had changes. */
  commit: string;
}

const root = join(import.meta.dirname, '../..');

/** The version of a module as the control plane's go.mod pins it. */
function pinned(module: 'kubernetes' | 'prometheus', path: string): string {
  const text = readFileSync(join(root, 'test/controlplane', module, 'go.mod'), 'utf8');
  const versions = [...text.matchAll(new RegExp(`${path.replaceAll('.', '\\.')} (v\\S+)`, 'g'))];
  // A replacement comes after what it replaces.
  return versions.at(-1)?.[1] ?? 'unknown';
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function commit(): string {
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

export function machine(): Machine {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    versions: {
      Node: process.version,
      Kubernetes: pinned('kubernetes', 'k8s.io/kubernetes'),
      etcd: pinned('kubernetes', 'go.etcd.io/etcd/server/v3'),
      'Argo Rollouts': pinned('kubernetes', 'github.com/argoproj/argo-rollouts'),
    },
    commit: commit(),
  };
}

/** Processes that wanted to run, on average over the last minute. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}
