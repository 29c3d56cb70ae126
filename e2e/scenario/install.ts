import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHOP } from '../images/shop.ts';
import { type Digests, digestOf } from './digests.ts';
import type { Stage } from './stage.ts';
import { SYSTEM } from './stage.ts';

const root = join(import.meta.dirname, '../..');

/** The chart as it stands in the repository. */
const CHART = join(root, 'charts/sluice');

/** What installs Argo Rollouts, out of the module that pins it, with the image that was loaded. */
function rolloutsManifests(): string {
  const args = ['list', '-m', '-f', '{{.Dir}}', 'github.com/argoproj/argo-rollouts'];
  const module = join(root, 'test/controlplane/kubernetes');
  const dir = execFileSync('go', ['-C', module, ...args], { encoding: 'utf8' }).trim();
  return readFileSync(join(dir, 'manifests/install.yaml'), 'utf8')
    .replaceAll(/image: quay\.io\/argoproj\/argo-rollouts:\S+/g, 'image: localhost/argo-rollouts:local')
    .replaceAll('imagePullPolicy: Always', 'imagePullPolicy: IfNotPresent');
}

/** Installs what the operator works with: Argo Rollouts and Prometheus. */
export async function installOthers({ cluster }: Stage): Promise<void> {
  await cluster.kubectl(['create', 'namespace', 'argo-rollouts']);
  await cluster.kubectl(['apply', '--server-side', '-n', 'argo-rollouts', '-f', '-'], rolloutsManifests());
  await cluster.kubectl(
    ['apply', '-f', '-'],
    readFileSync(join(root, 'e2e/manifests/prometheus.yaml'), 'utf8'),
  );
  for (const [namespace, name] of [
    ['argo-rollouts', 'argo-rollouts'],
    ['monitoring', 'prometheus'],
  ] as const)
    await cluster.kubectl(['rollout', 'status', '-n', namespace, `deployment/${name}`, '--timeout=120s']);
}

/** Installs the chart, or upgrades it, and waits for it; `values` besides those of the scenario. */
export async function installChart({ cluster }: Stage, ...values: string[]): Promise<void> {
  const set = ['prometheusAddress=http://prometheus.monitoring.svc:9090', ...values];
  await cluster.helm([
    'upgrade',
    '--install',
    'sluice',
    CHART,
    '--namespace',
    SYSTEM,
    '--create-namespace',
    ...set.flatMap((value) => ['--set', value]),
    '--wait',
    '--timeout',
    '180s',
  ]);
}

/** Opens the shop, at v1. */
export async function openShop(stage: Stage, digests: Digests): Promise<void> {
  const { cluster } = stage;
  const image = `${SHOP}:v1@${digestOf(digests, 'v1')}`;
  const manifests = readFileSync(join(root, 'e2e/manifests/shop.yaml'), 'utf8').replaceAll('SHOP_V1', image);
  await cluster.kubectl(['create', 'namespace', 'shop']);
  await cluster.kubectl(['apply', '-f', '-'], manifests);
  await cluster.kubectl([
    'wait',
    '-n',
    'shop',
    '--for=condition=Ready',
    'environment/prod',
    '--timeout=120s',
  ]);
  await cluster.kubectl(['rollout', 'status', '-n', 'shop', 'deployment/customers', '--timeout=60s']);
  await cluster.kubectl([
    'wait',
    '-n',
    'shop',
    '--for=jsonpath={.status.phase}=Healthy',
    'rollout/shop',
    '--timeout=120s',
  ]);
  await stage.untilServed('v1');
}
