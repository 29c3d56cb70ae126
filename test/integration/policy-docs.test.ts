import { mkdtempSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Decision, Promotion } from '../../src/api/v1alpha1/types.ts';
import { writePrograms } from '../demo/around.ts';
import type { KubeObject } from '../harness/api.ts';
import { applyYaml } from '../harness/apply.ts';
import { sluice } from '../harness/cli.ts';
import { createRollout, untilHealthy } from '../harness/fixtures.ts';
import { entitle } from '../harness/people.ts';
import { digestFor, reasonOf, sluicePath } from '../harness/promotions.ts';
import type { Ran } from '../harness/ran.ts';
import { sharedWorld } from '../harness/shared.ts';
import { shell as runScript } from '../harness/shell.ts';
import { until } from '../harness/until.ts';
import type { UserName } from '../harness/users.ts';

/* What docs/policy.md shows works as it stands, in a namespace of the test's own. */

const { cluster } = sharedWorld();
const NAMESPACE = 'policy-docs';
const text = readFileSync(join(import.meta.dirname, '../../docs/policy.md'), 'utf8')
  .replaceAll('namespace: shop', `namespace: ${NAMESPACE}`)
  .replaceAll('-n shop', `-n ${NAMESPACE}`)
  // Nobody else's places are to stand still.
  .replaceAll('get environments -A', `get environments -n ${NAMESPACE}`);
const blocks = (language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, body = '']) => body);

const bin = mkdtempSync(join(cluster.facts.dir, 'policy-docs-'));

/** Runs a script as somebody of the cast, with the real kubectl and its plugin. */
function shell(script: string, user: UserName): Promise<Ran> {
  return runScript(script, {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: cluster.facts.dir,
    KUBECONFIG: cluster.kubeconfigFor(user),
  });
}

const decided = async (verdict: string): Promise<(Decision & KubeObject)[]> =>
  (await cluster.api.list<Decision & KubeObject>(sluicePath(NAMESPACE, 'decisions'))).items.filter(
    (d) => d.spec.verdict === verdict,
  );

const PROMOTION = 'checkout-1.4.2-prod';

beforeAll(async () => {
  writePrograms(cluster, bin);
  await cluster.createNamespace(NAMESPACE);
  await entitle(cluster, NAMESPACE, 'alice', 'editor', 'viewer', 'approver', 'release-operator');
  await entitle(cluster, NAMESPACE, 'bob', 'viewer', 'approver', 'release-operator');
  const image = 'ghcr.io/acme/checkout';
  await createRollout(cluster.api, NAMESPACE, 'checkout', { image: `${image}:1.4.1` });
  await untilHealthy(cluster.api, NAMESPACE, 'checkout');
  for (const block of blocks('yaml')) await applyYaml(cluster.api, block);
  await applyYaml(
    cluster.api,
    JSON.stringify({
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Environment',
      metadata: { name: 'prod', namespace: NAMESPACE },
      spec: {
        targets: [{ name: 'checkout', rollout: { name: 'checkout' } }],
        gates: [{ gate: 'cab', when: 'Before' }],
      },
    }),
  );
  await cluster.apiAs('alice').create(sluicePath(NAMESPACE, 'promotions'), {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name: PROMOTION },
    spec: {
      environment: 'prod',
      requestedBy: 'alice',
      revision: { images: [{ image, tag: '1.4.2', digest: digestFor('checkout-v2') }] },
    },
  });
  await until('it awaits approval', async (seen) => {
    const found = await cluster.api.get<Promotion & KubeObject>(
      sluicePath(NAMESPACE, 'promotions', PROMOTION),
    );
    seen(found.status?.conditions);
    return reasonOf(found) === 'AwaitingApproval';
  });
});

test('an approval is made as the page says, and counts', async () => {
  const [approve = ''] = blocks('sh');
  const { code, stderr, stdout } = await shell(approve, 'bob');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/decision.sluice.dev\/approve-\S+ created/);
  const waiting = await until('one of two has approved', async (seen) => {
    const found = await cluster.api.get<Promotion & KubeObject>(
      sluicePath(NAMESPACE, 'promotions', PROMOTION),
    );
    const message = found.status?.blockedBy?.[0]?.message;
    seen(message);
    return message?.includes('bob') && message;
  });
  expect(waiting).toContain('awaits 1 more, after bob, but not by alice, who asked for it');
});

test('the Role of the page gives the right to approve, and kubectl says so', async () => {
  await entitle(cluster, NAMESPACE, 'carol', 'viewer');
  await applyYaml(
    cluster.api,
    JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'carol-board', namespace: NAMESPACE },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'change-board' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'carol' }],
    }),
  );
  const command = /`(kubectl auth can-i [^`]+)`/.exec(text)?.[1] ?? '';
  await until('carol may', async () => (await shell(command, 'carol')).stdout === 'yes\n');
  expect((await shell(command, 'eve')).stdout).toBe('no\n');
});

test('the line is stopped everywhere by one command', async () => {
  const stop = blocks('sh').find((b) => b.includes('sluice freeze')) ?? '';
  const { code, stderr } = await shell(stop, 'bob');
  expect([code, stderr]).toEqual([0, '']);
  expect((await decided('Freeze')).map((d) => d.spec.environment).toSorted()).toEqual([
    'prod',
    'prod-by-day',
  ]);
  await until('prod stands', async (seen) => {
    const { stdout } = await cluster.kubectl(['get', 'environment', 'prod', '-n', NAMESPACE, '-o', 'json']);
    const { status } = JSON.parse(stdout);
    seen(status);
    return status.freeze?.reason === 'incident 7';
  });
});

test('the trail is verified and told, from the cluster and from the log', async () => {
  const commands = (blocks('sh').find((b) => b.includes('audit verify')) ?? '')
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''));
  const ran: Ran[] = [];
  for (const command of commands) {
    const words = (command.split('sluice ').at(-1) ?? '').split(' ');
    const log = readFileSync(join(dirname(cluster.facts.auditLog), 'operator.log'), 'utf8');
    ran.push(await sluice(cluster, words, command.startsWith('kubectl logs') ? { input: log } : {}));
  }
  expect(ran.map(({ code, stderr, stdout }) => [code, stderr, code === 0 ? '' : stdout])).toEqual(
    commands.map(() => [0, '', '']),
  );
  expect(ran[0]?.stdout).toContain(`${PROMOTION}: `);
  expect(ran[1]?.stdout).toContain('0 broken');
  expect(ran[2]?.stdout).toContain('AwaitingApproval');
});
