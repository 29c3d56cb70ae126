import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How to ask a program its version, and which answers fit what the tests expect of it. */
const VERSIONS: Record<string, { args: string[]; fits: RegExp }> = {
  etcd: { args: ['--version'], fits: /etcd Version: (3\.[56]\.\d+)/ },
  'kube-apiserver': { args: ['--version'], fits: /Kubernetes v(1\.34\.\S+)/ },
  'kube-controller-manager': { args: ['--version'], fits: /Kubernetes v(1\.34\.\S+)/ },
  kubectl: { args: ['version', '--client'], fits: /Client Version: v(1\.3[345]\.\S+)/ },
  'rollouts-controller': { args: ['--version'], fits: /v(1\.10\.\d+)/ },
  prometheus: { args: ['--version'], fits: /prometheus, version ((?:2\.[4-9]\d|[3-9]\.\d+)\.\S+)/ },
  promtool: { args: ['--version'], fits: /promtool, version ((?:2\.[4-9]\d|[3-9]\.\d+)\.\S+)/ },
  helm: { args: ['version', '--short'], fits: /v(3\.(?:1[7-9]|[2-9]\d)\.\S+)/ },
};

/** A program found on this machine. */
export interface Found {
  path: string;
  version: string;
}

/** Looks for a program in KUBEBUILDER_ASSETS and then on PATH; the first one whose version fits, if any. */
export async function findExisting(name: string): Promise<Found | undefined> {
  const { KUBEBUILDER_ASSETS: assets, PATH = '' } = process.env;
  const directories = [...(assets ? [assets] : []), ...PATH.split(delimiter)];
  for (const directory of new Set(directories)) {
    const path = join(directory, name);
    const version = isExecutable(path) ? await versionOf(path, name) : undefined;
    if (version) return { path, version };
  }
  return undefined;
}

async function versionOf(path: string, name: string): Promise<string | undefined> {
  const question = VERSIONS[name];
  if (!question) return undefined;
  // Some print the version and then fail, some print it on standard error.
  const answer: { stdout?: string; stderr?: string } = await run(path, question.args, {
    timeout: 10_000,
  }).catch((error: object) => error);
  const { stdout = '', stderr = '' } = answer;
  return question.fits.exec(`${stdout}\n${stderr}`)?.[1];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
