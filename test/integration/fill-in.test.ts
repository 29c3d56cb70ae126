import { beforeAll, expect, test } from '@jest/globals';
import type { Decision, Promotion } from '../../src/api/v1alpha1/types.ts';
import { fillIns } from '../../src/policy/fill-in.ts';
import type { KubeObject } from '../harness/api.ts';
import { applyYaml } from '../harness/apply.ts';
import { decisionOf, entitle } from '../harness/people.ts';
import { sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import type { UserName } from '../harness/users.ts';

/* Where the API server serves MutatingAdmissionPolicy, it writes down itself who asks. */

const { cluster } = sharedWorld();
const NAMESPACE = 'fill-in';

interface Installed {
  spec: { matchConstraints?: object };
}

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await entitle(cluster, NAMESPACE, 'alice', 'editor', 'release-operator');
  await entitle(cluster, NAMESPACE, 'argocd', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
  // As shipped, but for this namespace only: the other tests of this API server are to see none of it.
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } };
  for (const manifest of structuredClone(fillIns('v1beta1')) as (Installed & object)[]) {
    const { matchConstraints } = manifest.spec;
    if (matchConstraints) Object.assign(matchConstraints, { namespaceSelector });
    await applyYaml(cluster.api, JSON.stringify(manifest));
  }
  let n = 0;
  await until('they are in force', async () => {
    const name = `probe-${(n += 1)}`;
    await promote('alice', name, {});
    return (await promotion(name)).spec.requestedBy !== undefined;
  });
});

const promotion = (name: string): Promise<Promotion & KubeObject> =>
  cluster.api.get(sluicePath(NAMESPACE, 'promotions', name));

function promote(user: UserName, name: string, spec: object): Promise<KubeObject> {
  return cluster.apiAs(user).create(sluicePath(NAMESPACE, 'promotions'), {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name },
    spec: { environment: 'prod', revision: { images: [{ image: 'app', tag: 'v2' }] }, ...spec },
  });
}

const thaw = (user: UserName, name: string, spec: object): Promise<Decision & KubeObject> =>
  cluster
    .apiAs(user)
    .create<Decision & KubeObject>(
      sluicePath(NAMESPACE, 'decisions'),
      decisionOf(name, { verdict: 'Thaw', environment: 'prod', ...spec }),
    );

test('a person need not say who they are', async () => {
  expect((await thaw('alice', 'mine', {})).spec.by).toBe('alice');
  await promote('alice', 'asked', {});
  expect((await promotion('asked')).spec.requestedBy).toBe('alice');
});

test('whoever says it is somebody else is refused as ever, and a machine is no requester', async () => {
  await expect(thaw('alice', 'forged', { by: 'bob' })).rejects.toThrow('spec.by must be you');
  await expect(promote('alice', 'forged', { requestedBy: 'bob' })).rejects.toThrow('requestedBy must be you');
  await promote('argocd', 'by-machine', {});
  expect((await promotion('by-machine')).spec.requestedBy).toBeUndefined();
});

test('who fills in their own name still needs the right', async () => {
  await expect(thaw('bob', 'no-right', {})).rejects.toThrow(/forbidden/i);
});
