import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseYaml } from '../harness/apply.ts';
import { installMonitoringCrds } from '../harness/crds.ts';
import { CHART, helm } from '../harness/helm.ts';
import { sharedWorld } from '../harness/shared.ts';

/*
 * Six sets of values (charts/sluice/ci), each linted, rendered as it is on record, and taken by the real API server.
 * GOLDEN=write puts what is rendered on record.
 */

const { cluster } = sharedWorld();
const SETS = readdirSync(join(CHART, 'ci')).map((name) => name.replace('-values.yaml', ''));
const GOLDEN = join(import.meta.dirname, '../golden/chart');

const valuesOf = (set: string): string => join(CHART, 'ci', `${set}-values.yaml`);
/** What `helm template` makes of these arguments, for the Kubernetes that runs here. */
const template = (...args: string[]): Promise<string> =>
  helm(cluster, [
    'template',
    'sluice',
    CHART,
    '--namespace',
    'chart-values',
    '--kube-version',
    '1.34.0',
    ...args,
  ]);
const render = (set: string, ...more: string[]): Promise<string> =>
  template('--values', valuesOf(set), ...more);

beforeAll(async () => {
  for (const name of ['chart-values', 'shop', 'cart']) await cluster.createNamespace(name);
  await installMonitoringCrds(cluster.api);
});

describe.each(SETS)('values of %s', (set) => {
  test('pass helm lint', async () => {
    expect(await helm(cluster, ['lint', CHART, '--strict', '--values', valuesOf(set)])).toContain(
      '0 chart(s) failed',
    );
  });

  test('render what is on record', async () => {
    // The CRDs are held against the code by a test of their own.
    const text = await render(set, '--set', 'crds.install=false');
    const path = join(GOLDEN, `${set}.yaml`);
    if (process.env['GOLDEN'] === 'write') {
      mkdirSync(GOLDEN, { recursive: true });
      writeFileSync(path, text);
    }
    expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `nothing: run it with GOLDEN=write`);
  });

  test('are taken by the API server, with those that the Prometheus Operator is to take', async () => {
    const objects = parseYaml(await render(set));
    const args = 'apply --server-side --force-conflicts --dry-run=server -f -';
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const { code, stdout, stderr } = await cluster.kubectl(args.split(' '), { input });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toHaveLength(objects.length);
  });
});

/** The ports that a NetworkPolicy lets out to Prometheus. */
async function prometheusPorts(...set: string[]): Promise<number[]> {
  const policy = parseYaml(await template(...set.flatMap((v) => ['--set', v]))).find(
    (o) => o.kind === 'NetworkPolicy',
  ) as { spec?: { egress?: { ports: { port: number }[] }[] } } | undefined;
  return policy?.spec?.egress?.[2]?.ports.map((p) => p.port) ?? [];
}

describe('defaults', () => {
  test.each<[string, number[]]>([
    ['', [9090]],
    ['http://prometheus.monitoring.svc:9090', [9090]],
    ['http://prometheus-server.monitoring', [9090, 80]],
    ['https://mimir.example.com/prometheus', [9090, 443]],
    ['https://mimir.example.com:8443/prometheus', [9090, 8443]],
    // A host that ends in a digit has no port by that.
    ['http://10.0.0.5', [9090, 80]],
    ['http://thanos2/', [9090, 80]],
    ['https://thanos2/api/v2', [9090, 443]],
    ['http://[fd00::5]/', [9090, 80]],
    ['http://[fd00::5]:10902', [9090, 10902]],
  ])('let the operator out to a Prometheus at %j', async (address, ports) => {
    expect(await prometheusPorts(`prometheusAddress=${address}`)).toEqual(ports);
  });

  test('have a budget for disruptions only where another replica can take over', async () => {
    expect(await render('default')).toContain('kind: PodDisruptionBudget');
    expect(await render('default', '--set', 'replicas=1')).not.toContain('kind: PodDisruptionBudget');
  });
});
