import { copyFileSync, cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { KubeObject } from '../harness/api.ts';
import { parseYaml } from '../harness/apply.ts';
import { blocks, pageAt } from '../harness/docs.ts';
import { CHART, helm } from '../harness/helm.ts';
import { sharedWorld } from '../harness/shared.ts';

/* What the values of the chart decide, one by one, as the real Helm renders it. */

const { cluster } = sharedWorld();

interface PodSpec {
  serviceAccountName?: string;
  volumes?: object[];
  containers: { image: string; volumeMounts?: object[] }[];
}

interface Rendered extends KubeObject {
  spec?: PodSpec & {
    ingress?: { from?: object[]; ports: object[] }[];
    template?: { spec: PodSpec };
  };
}

/** The objects that `helm template` makes of values, as in `--set-json`. */
async function rendered(values: object = {}, release = 'sluice'): Promise<Rendered[]> {
  const set = Object.entries(values).flatMap(([key, value]) => [
    '--set-json',
    `${key}=${JSON.stringify(value)}`,
  ]);
  const args = ['template', release, CHART, '--namespace', 'ops', '--kube-version', '1.34.0'];
  return parseYaml(await helm(cluster, [...args, ...set]));
}

const found = (objects: Rendered[], kind: string): Rendered | undefined =>
  objects.find((o) => o.kind === kind);
const podOf = (objects: Rendered[]): PodSpec | undefined =>
  found(objects, 'Deployment')?.spec?.template?.spec;

describe('who reads metrics', () => {
  const http = [{ protocol: 'TCP', port: 'http' }];
  const monitoring = { namespaceSelector: { matchLabels: { team: 'monitoring' } } };

  test('is everybody, where nobody is named', async () => {
    expect(found(await rendered(), 'NetworkPolicy')?.spec?.ingress).toEqual([{ ports: http }]);
  });

  test('is who is named, and the pod of `helm test` besides', async () => {
    const objects = await rendered({ 'networkPolicy.metricsFrom': [monitoring] });
    const labels = found(objects, 'Pod')?.metadata.labels;
    expect(Object.keys(labels ?? {})).toHaveLength(2);
    expect(found(objects, 'NetworkPolicy')?.spec?.ingress).toEqual([
      { ports: http, from: [monitoring] },
      { ports: http, from: [{ podSelector: { matchLabels: labels } }] },
    ]);
  });
});

describe('the service account', () => {
  test('is one that is there already, if the chart is to make none', async () => {
    const objects = await rendered({ serviceAccount: { create: false, name: 'given' } });
    expect(found(objects, 'ServiceAccount')).toBeUndefined();
    expect(podOf(objects)?.serviceAccountName).toBe('given');
    expect(JSON.stringify(objects)).toContain('system:serviceaccount:ops:given');
  });

  test('has a name then', async () => {
    await expect(rendered({ 'serviceAccount.create': false })).rejects.toThrow(/serviceAccount/);
  });
});

describe('the image', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  test('is one by its digest, whatever its tag', async () => {
    const objects = await rendered({ image: { repository: 'registry.example/sluice', tag: 'v1', digest } });
    const images = [podOf(objects), found(objects, 'Pod')?.spec].map((pod) => pod?.containers[0]?.image);
    expect(images).toEqual(Array(2).fill(`registry.example/sluice@${digest}`));
  });
});

test('policies that somebody else installs are rendered as their header says, and name the account of the release', async () => {
  const header = readFileSync(join(CHART, '../../policies/decisions.yaml'), 'utf8');
  const [, words = ''] = /^#   helm (template [^]*?\.yaml)$/m.exec(header.replaceAll('\\\n#', '')) ?? [];
  const values = join(mkdtempSync(join(cluster.facts.dir, 'values-')), 'values.yaml');
  writeFileSync(values, 'admission: { install: false, bots: [ci] }\nserviceAccount: { name: promoter }\n');
  const given = new Map([
    ['<release>', 'other'],
    ['<namespace>', 'delivery'],
    ['charts/sluice', CHART],
    ['values.yaml', values],
  ]);
  const args = words.split(/\s+/).map((word) => given.get(word) ?? word);
  const text = await helm(cluster, [...args, '--kube-version', '1.34.0']);
  expect(parseYaml(text)).toHaveLength(8);
  expect(text.match(/system:serviceaccount:delivery:promoter/g)).toHaveLength(3);
  expect(text).toContain("['ci']");
});

test('volumes are mounted, such as one with the authority that signs Prometheus', async () => {
  const volume = { name: 'ca', configMap: { name: 'company-ca' } };
  const mount = { name: 'ca', mountPath: '/etc/company-ca', readOnly: true };
  const pod = podOf(await rendered({ extraVolumes: [volume], extraVolumeMounts: [mount] }));
  expect([pod?.volumes, pod?.containers[0]?.volumeMounts]).toEqual([[volume], [mount]]);
  const plain = podOf(await rendered());
  expect([plain?.volumes, plain?.containers[0]?.volumeMounts]).toEqual([undefined, undefined]);
});

test('a dashboard may have no label at all', async () => {
  const objects = await rendered({ 'dashboard.install': true, 'dashboard.labels.grafana_dashboard': null });
  const dashboard = objects.find((o) => o.metadata.name === 'sluice-dashboard');
  expect(Object.keys(dashboard?.metadata.labels ?? {})).toHaveLength(5);
});

test('a release may be named by a number: names and labels are strings all the same', async () => {
  const everything = { alerts: { install: true }, metrics: { serviceMonitor: { install: true } } };
  const more = { 'dashboard.install': true, 'flowSchema.install': true, 'argocd.healthCustomizations': true };
  for (const scope of [[], ['1']])
    for (const { kind, metadata } of await rendered({ ...everything, ...more, namespaces: scope }, '1234')) {
      const words = [metadata.name, metadata.namespace ?? '', ...Object.values(metadata.labels ?? {})];
      expect([kind, words.filter((word) => typeof word !== 'string')]).toEqual([kind, []]);
    }
  const pod = podOf(await rendered({}, '1234'));
  expect(pod?.serviceAccountName).toBe('1234');
});

/** The notes of the release: `helm template` shows none, so a copy of the chart has them as an object. */
async function notes(...args: string[]): Promise<string> {
  const copy = join(mkdtempSync(join(cluster.facts.dir, 'noted-')), 'sluice');
  cpSync(CHART, copy, { recursive: true });
  copyFileSync(join(copy, 'templates/NOTES.txt'), join(copy, 'notes.txt'));
  writeFileSync(
    join(copy, 'templates/said.yaml'),
    'kind: Notes\nsaid: {{ tpl (.Files.Get "notes.txt") . | quote }}\n',
  );
  const only = ['--show-only', 'templates/said.yaml', '--set', 'admission.fillIn=true'];
  return helm(cluster, ['template', 'sluice', copy, '--kube-version', '1.34.0', ...only, ...args]);
}

describe('whoever wants authors filled in', () => {
  test('is told where the cluster cannot do it', async () => {
    expect(await notes()).toContain('are not filled in');
  });

  test.each(['v1', 'v1beta1'])('is told nothing where it can, by %s', async (version) => {
    const served = `admissionregistration.k8s.io/${version}/MutatingAdmissionPolicy`;
    expect(await notes('--api-versions', served)).not.toContain('are not filled in');
  });

  test('and does not, is told nothing', async () => {
    expect(await notes('--set', 'admission.fillIn=false')).not.toContain('are not filled in');
  });
});

test.each<[string, unknown]>([
  ['podLabels', { 'app.kubernetes.io/name': 'mine' }],
  ['alerts.labels', { 'helm.sh/chart': 'mine' }],
  ['podDisruptionBudget.maxUnavailable', '0%'],
  ['podDisruptionBudget.maxUnavailable', '101%'],
  ['namespaces', ['shop', 'shop']],
  ['admission.bots', ['system:serviceaccount:ci:bot', 'system:serviceaccount:ci:bot']],
  ['topologySpread', ['kubernetes.io/hostname', 'kubernetes.io/hostname']],
  ['image.digest', 'latest'],
])('%s: %j is refused', async (key, value) => {
  await expect(rendered({ [key]: value })).rejects.toThrow(/values don't meet the specifications/);
});

test('values that docs/install.md shows are values', async () => {
  const shown = blocks(pageAt('docs/install.md'), 'yaml').filter((text) => !text.startsWith('apiVersion:'));
  expect(shown).toHaveLength(2);
  for (const values of shown) {
    const defaults = JSON.stringify(await rendered());
    expect(JSON.stringify(await rendered(parse(values) as object))).not.toBe(defaults);
  }
});
