import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../harness/api.ts';
import { parseYaml } from '../harness/apply.ts';
import { CHART, helm } from '../harness/helm.ts';
import { sharedWorld } from '../harness/shared.ts';

/* The chart as the real Helm renders it; that it installs is shown by every other test here. */

const { cluster } = sharedWorld();

interface PodSpec {
  securityContext?: object;
  containers?: { args?: string[]; image?: string; securityContext?: object }[];
}

interface Rendered extends KubeObject {
  rules?: unknown;
  /** Of a Pod itself, or of what has a template of one. */
  spec?: PodSpec & { template?: { spec?: PodSpec } };
}

async function rendered(...values: string[]): Promise<Rendered[]> {
  const args = ['template', 'sluice', CHART, '--namespace', 'ops', '--kube-version', '1.30.0'];
  return parseYaml(await helm(cluster, [...args, ...values.flatMap((v) => ['--set', v])]));
}

const kinds = (objects: Rendered[]): string[] =>
  objects.map((o) => `${o.kind} ${o.metadata.namespace ?? '-'}/${o.metadata.name}`);

/** Rules of the (Cluster)Role that works on objects. */
const rules = (objects: Rendered[], kind: string): unknown =>
  objects.find((o) => o.kind === kind && o.metadata.name === 'sluice')?.rules;

/** The pods that are made of objects, that of `helm test` last. */
const podsIn = (objects: Rendered[]): PodSpec[] =>
  ['Deployment', 'Pod'].flatMap((kind) => {
    const { spec } = objects.find((o) => o.kind === kind) ?? {};
    return spec ? [spec.template?.spec ?? spec] : [];
  });

const contextsIn = (objects: Rendered[]): object[] =>
  podsIn(objects).map(({ securityContext: pod, containers = [] }) => ({
    pod,
    containers: containers.map((c) => c.securityContext),
  }));

describe('the chart', () => {
  test('passes helm lint', async () => {
    expect(await helm(cluster, ['lint', CHART, '--strict'])).toContain('0 chart(s) failed');
  });

  test('gives rights in the whole cluster, or in the namespaces named and no others', async () => {
    const whole = await rendered('crds.install=false');
    expect(kinds(whole)).toContain('ClusterRole -/sluice');
    const some = await rendered('crds.install=false', 'namespaces={shop,cart}');
    expect(kinds(some)).toEqual(
      expect.arrayContaining(['Role shop/sluice', 'Role cart/sluice', 'RoleBinding cart/sluice']),
    );
    // Admission policies know no namespaces, and the roles for people are there to be bound in any.
    expect(
      kinds(some)
        .filter((k) => k.startsWith('Cluster'))
        .toSorted(),
    ).toEqual([
      'ClusterRole -/sluice-admission',
      'ClusterRole -/sluice-approver',
      'ClusterRole -/sluice-bypasser',
      'ClusterRole -/sluice-editor',
      'ClusterRole -/sluice-policy-owner',
      'ClusterRole -/sluice-release-operator',
      'ClusterRole -/sluice-viewer',
      'ClusterRoleBinding -/sluice-admission',
    ]);
    const least = [
      'crds.install=false',
      'namespaces={shop}',
      'roles.create=false',
      'admission.install=false',
    ];
    expect(kinds(await rendered(...least)).filter((k) => k.startsWith('Cluster'))).toEqual([
      'ClusterRole -/sluice-admission',
      'ClusterRoleBinding -/sluice-admission',
    ]);
    expect(rules(some, 'Role')).toEqual(rules(whole, 'ClusterRole'));
    const args = some.find((o) => o.kind === 'Deployment')?.spec?.template?.spec?.containers?.[0]?.args;
    expect(args).toContain('--namespaces=shop,cart');
  });

  test('installs the CRDs so that they outlive the release, unless it is told not to', async () => {
    const crds = (await rendered()).filter((o) => o.kind === 'CustomResourceDefinition');
    expect(crds).toHaveLength(4);
    for (const { metadata } of crds)
      expect(metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
  });

  test('fills in authors, and has alerts, only on demand', async () => {
    const plain = (await rendered()).map((o) => o.kind);
    expect(plain.filter((k) => ['MutatingAdmissionPolicy', 'PrometheusRule'].includes(k))).toEqual([]);
    const args = `template sluice ${CHART} --namespace ops --kube-version 1.36.0 --set alerts.install=true,admission.fillIn=true`;
    const served = ['--api-versions', 'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy'];
    const more = parseYaml(await helm(cluster, [...args.split(' '), ...served]));
    const filled = more.filter((o) => o.kind === 'MutatingAdmissionPolicy');
    expect(filled.map((o) => o.apiVersion)).toEqual(Array(2).fill('admissionregistration.k8s.io/v1'));
    const rule = more.find((o) => o.kind === 'PrometheusRule') as {
      spec?: { groups?: { rules: object[] }[] };
    };
    expect(rule.spec?.groups?.[0]?.rules).toHaveLength(10);
    expect(JSON.stringify(rule)).toContain('{{ $labels.name }}');
  });

  test('has the health scripts for Argo CD only on demand, as the patch beside them has them', async () => {
    expect(kinds(await rendered()).join()).not.toContain('argocd');
    const objects = await rendered('argocd.healthCustomizations=true');
    const shown = objects.find((o) => o.metadata.name === 'sluice-argocd-health') as
      | { data?: object }
      | undefined;
    const [patch] = parseYaml(readFileSync(join(CHART, 'argocd/argocd-cm.yaml'), 'utf8')) as {
      data?: object;
    }[];
    expect(Object.keys(shown?.data ?? {})).toHaveLength(4);
    expect(shown?.data).toEqual(patch?.data);
  });

  test('never lets Gates ask loopback', async () => {
    const [operator] = podsIn(await rendered());
    expect(operator?.containers?.[0]?.args?.join(' ')).not.toContain('loopback');
  });

  test('runs without any privilege, and as a user that the platform picks where none is named', async () => {
    const container = {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    };
    const pod = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
    const own = { ...pod, runAsUser: 65532, runAsGroup: 65532 };
    // The operator's pods and that of `helm test` alike.
    const named = { pod: own, containers: [container] };
    expect(contextsIn(await rendered())).toEqual([named, named]);
    const unnamed = ['runAsUser', 'runAsGroup'].map((key) => `podSecurityContext.${key}=null`);
    const picked = contextsIn(await rendered(...unnamed, 'securityContext.runAsNonRoot=true'));
    const open = { pod, containers: [{ ...container, runAsNonRoot: true }] };
    expect(picked).toEqual([open, open]);
  });

  test.each([
    ['replicas=-1'],
    ['log.level=loud'],
    ['prometheusAddress=prometheus:9090'],
    ['argocd.health=true'],
    ['podSecurityContext.runAsUser=nobody'],
    ['unknown=1'],
  ])('refuses a value that cannot be right: %s', async (value) => {
    await expect(rendered(value)).rejects.toThrow(/values don't meet the specifications of the schema/);
  });
});
