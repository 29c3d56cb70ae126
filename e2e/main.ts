import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * `make e2e`: the image and the chart in real pods, on a kind cluster of its own, which is deleted at
 * the end. Needs Docker; not part of `make test`.
 */

const root = join(import.meta.dirname, '..');
const cluster = 'sluice-e2e';
const scratch = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
const kubeconfig = join(scratch, 'kubeconfig');
const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const image = `sluice:${version}`;

/** Runs a program of this machine and shows what it says. */
function run(command: string, args: readonly string[], input?: string): void {
  process.stdout.write(`\n$ ${command} ${args.join(' ')}\n`);
  execFileSync(command, [...args], {
    cwd: root,
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
    ...(input !== undefined && { input }),
  });
}

const kind = (...args: string[]): void => run('go', ['-C', 'e2e', 'tool', 'kind', ...args]);
const helm = (...args: string[]): void =>
  run('go', ['-C', 'test/controlplane/helm', 'tool', 'helm', ...args]);
const kubectl = (args: readonly string[], input?: string): void =>
  run('go', ['-C', 'test/controlplane/kubernetes', 'tool', 'kubectl', ...args], input);

/** What installs Argo Rollouts, out of the module that pins it. */
function rolloutsManifests(): string {
  const args = [
    '-C',
    'test/controlplane/kubernetes',
    'list',
    '-m',
    '-f',
    '{{.Dir}}',
    'github.com/argoproj/argo-rollouts',
  ];
  const dir = execFileSync('go', args, { cwd: root, encoding: 'utf8' }).trim();
  return readFileSync(join(dir, 'manifests/install.yaml'), 'utf8');
}

const NAMESPACE = 'shop';

/** What is promoted runs the operator's own image, so that nothing has to be pulled. */
const checkout = readFileSync(join(root, 'e2e/checkout.yaml'), 'utf8').replaceAll('IMAGE', image);

try {
  run('docker', ['build', '--tag', image, '.']);
  kind('create', 'cluster', '--name', cluster, '--wait', '120s', '--kubeconfig', kubeconfig);
  kind('load', 'docker-image', image, '--name', cluster);
  kubectl(['create', 'namespace', 'argo-rollouts']);
  kubectl(['apply', '--server-side', '-n', 'argo-rollouts', '-f', '-'], rolloutsManifests());
  kubectl(['rollout', 'status', '-n', 'argo-rollouts', 'deployment/argo-rollouts', '--timeout=180s']);
  helm(
    'upgrade',
    '--install',
    'sluice',
    join(root, 'charts/sluice'),
    '-n',
    'sluice-system',
    '--create-namespace',
    '--wait',
    '--timeout',
    '180s',
  );
  kubectl(['create', 'namespace', NAMESPACE]);
  kubectl(['apply', '-f', '-'], checkout);
  kubectl(['wait', '-n', NAMESPACE, '--for=condition=Ready', 'environment/prod', '--timeout=120s']);
  // The digest is of no image that exists, so its pods cannot come up: a real failure of real pods.
  kubectl([
    'wait',
    '-n',
    NAMESPACE,
    '--for=condition=RolledBack',
    'promotion/missing-image',
    '--timeout=300s',
  ]);
  kubectl(['get', '-n', NAMESPACE, 'promotions', '-o', 'wide']);
  process.stdout.write('\nas it should be, end to end\n');
} finally {
  kind('delete', 'cluster', '--name', cluster, '--kubeconfig', kubeconfig);
  rmSync(scratch, { recursive: true, force: true });
}
