import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packChart } from '../../release/build.ts';
import { optionsFrom } from '../../release/options.ts';
import { blocks, pageAt } from '../harness/docs.ts';
import { CHART, helm } from '../harness/helm.ts';
import { ensureHelm } from '../harness/programs/ensure.ts';
import { sharedWorld } from '../harness/shared.ts';

/* The chart over time: packed for a release, upgraded as docs/operations.md says, and installed where its CRDs are kept. */

const { cluster } = sharedWorld();
const NAMESPACE = 'chart-life';
const root = join(CHART, '../..');
/** Beside the release of the shared world, whose cluster-wide objects are its own. */
const APART = [`namespaces={${NAMESPACE}}`, 'roles.create=false', 'admission.install=false', 'replicas=0'];
const set = (values: readonly string[]): string[] => values.flatMap((value) => ['--set', value]);

/** Upgrades the release of the older chart to this one. */
const upgrade = (...args: string[]): Promise<string> =>
  helm(cluster, ['upgrade', 'elder', CHART, '--namespace', NAMESPACE, ...args]);
/** Installs another release, as far as the API server can say whether it would. */
const install = (...args: string[]): Promise<string> =>
  helm(cluster, [
    'install',
    'again',
    CHART,
    '--namespace',
    NAMESPACE,
    ...set(APART),
    '--dry-run=server',
    ...args,
  ]);

let dir = '';
beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  dir = mkdtempSync(join(cluster.facts.dir, 'chart-life-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('packed for a release it names the image of that release, and has what its README leads to', async () => {
  const names = { REPOSITORY: 'acme/sluice', IMAGE: 'registry.example/acme/sluice' };
  const more = { CHARTS: 'oci://registry.example/acme/charts', NPM_PACKAGE: '@acme/kubectl-sluice' };
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  packChart(root, optionsFrom({ VERSION: version, ...names, ...more }), await ensureHelm(), dir);
  const file = join(dir, `sluice-${version}.tgz`);
  const rendered = await helm(cluster, ['template', 'sluice', file, '--kube-version', '1.34.0']);
  expect(rendered.match(/^ +image: .*$/gm)?.map((line) => line.trim())).toEqual(
    Array(2).fill(`image: "${names.IMAGE}:${version}"`),
  );
  expect(await helm(cluster, ['show', 'chart', file])).toContain('home: https://github.com/acme/sluice');
  expect(execFileSync('tar', ['-tzf', file], { encoding: 'utf8' })).toContain(
    'sluice/ci/default-values.yaml\n',
  );
});

describe('an upgrade from a chart that had a group of values less', () => {
  const values = [...APART, 'crds.install=false', 'log.level=warn'];
  beforeAll(async () => {
    const elder = join(dir, 'sluice');
    cpSync(CHART, elder, { recursive: true });
    rmSync(join(elder, 'templates/flowschema.yaml'));
    const file = join(elder, 'values.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^flowSchema:\n(?: .*\n)+/m, ''));
    await helm(cluster, ['install', 'elder', elder, '--namespace', NAMESPACE, ...set(values)]);
  });

  test('works as the page says, with the values in a file', async () => {
    const [command = ''] = blocks(pageAt('docs/operations.md'), 'sh').filter((text) =>
      text.startsWith('helm upgrade'),
    );
    const file = join(dir, 'values.yaml');
    writeFileSync(file, `namespaces: [${NAMESPACE}]\nreplicas: 0\nlog: { level: warn }\n`);
    const given = new Map([
      ['sluice', 'elder'],
      ['charts/sluice', CHART],
      ['sluice-system', NAMESPACE],
      ['values.yaml', file],
    ]);
    const [, ...words] = command.trim().split(/\s+/);
    const args = words.map((word) => given.get(word) ?? word);
    const apart = set(['roles.create=false', 'admission.install=false', 'crds.install=false']);
    expect(await helm(cluster, [...args, ...apart, '--dry-run=server'])).toContain('--log-level=warn');
  });

  test('works with --reset-then-reuse-values, which keeps what was set', async () => {
    expect(await upgrade('--reset-then-reuse-values', '--dry-run=server')).toContain('--log-level=warn');
  });

  test('does not work with --reuse-values, which no page says', async () => {
    await expect(upgrade('--reuse-values', '--dry-run=server')).rejects.toThrow(/nil pointer/);
  });
});

describe('installed again under another name, where the CRDs of the first release were kept', () => {
  test('it is refused', async () => {
    await expect(install()).rejects.toThrow(/invalid ownership metadata/);
  });

  test.each([['--take-ownership'], ['--set=crds.install=false']])('it is not with %s', async (flag) => {
    expect(await install(flag)).toContain('name: "again"');
  });
});
