import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../harness/cluster.ts';

const PLUGIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function executable(path: string, lines: readonly string[]): void {
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
}

/** Writes kubectl and its plugin into a folder for the PATH. */
export function writePrograms({ facts }: Cluster, bin: string): void {
  mkdirSync(bin, { recursive: true });
  symlinkSync(facts.kubectl, join(bin, 'kubectl'));
  // From the sources, by the Node that runs this: the one of the system may be too old.
  executable(join(bin, 'kubectl-sluice'), [`exec ${quoted(process.execPath)} ${quoted(PLUGIN)} "$@"`]);
}

/**
 * Writes what a shell needs to work in a cluster of these programs into `dir`: `. dir/env` gives it kubectl, its plugin
 * `kubectl sluice`, and a kubeconfig of an administrator for this namespace.
 * @returns path of the file to read in
 */
export async function writeEnvironment(cluster: Cluster, namespace: string, dir: string): Promise<string> {
  rmSync(dir, { recursive: true, force: true });
  const bin = join(dir, 'bin');
  writePrograms(cluster, bin);
  const kubeconfig = join(dir, 'kubeconfig');
  copyFileSync(cluster.kubeconfigFor('admin'), kubeconfig);
  await cluster.kubectl([
    `--kubeconfig=${kubeconfig}`,
    'config',
    'set-context',
    '--current',
    `--namespace=${namespace}`,
  ]);
  const file = join(dir, 'env');
  writeFileSync(file, `export KUBECONFIG=${quoted(kubeconfig)}\nexport PATH=${quoted(bin)}:"$PATH"\n`);
  return file;
}
