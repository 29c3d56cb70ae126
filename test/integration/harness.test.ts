import { beforeAll, describe, expect, test } from '@jest/globals';
import { applyYaml } from '../harness/apply.ts';
import { ApiError } from '../harness/api.ts';
import {
  createRollout,
  rolloutOf,
  rolloutPath,
  setImage,
  untilHealthy,
  untilPaused,
} from '../harness/fixtures.ts';
import type { Pod } from '../harness/kinds.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

const namespace = 'harness';
const { cluster, prometheus, controls } = sharedWorld();
const { api } = cluster;

/** Requests per second by code that Prometheus sees for one version of a Rollout. */
async function rates(rollout: string, hash: string): Promise<Record<string, number>> {
  const labels = `namespace="${namespace}",rollout="${rollout}",rollouts_pod_template_hash="${hash}"`;
  const samples = await prometheus.query(`rate(http_requests_total{${labels}}[5s])`);
  return Object.fromEntries(samples.map(({ metric, value }) => [metric['code'] ?? '', value]));
}

function pods(app: string): Promise<Pod[]> {
  return api
    .list<Pod>(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`)
    .then(({ items }) => items);
}

function job(name: string, image: string): string {
  return `
apiVersion: batch/v1
kind: Job
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  backoffLimit: 0
  template:
    spec: { nodeName: node-0, restartPolicy: Never, containers: [{ name: main, image: "${image}" }] }
`;
}

beforeAll(() => cluster.createNamespace(namespace));

describe('the control plane', () => {
  test('serves with a certificate that clients verify, and knows its users', async () => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = await cluster
      .apiAs('operator')
      .create<{ status: { userInfo: { username: string; groups: string[] } } }>(path, review);
    expect(answer.status.userInfo.username).toBe('system:serviceaccount:sluice-system:sluice');
    expect(answer.status.userInfo.groups).toContain('system:serviceaccounts:sluice-system');
  });

  test('refuses alice what nobody has granted her, through the real kubectl', async () => {
    const refused = await cluster.kubectl(['get', 'rollouts', '-n', namespace], { user: 'alice' });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('User "alice" cannot list resource "rollouts"');
  });

  test('grants a ServiceAccount what is bound to it', async () => {
    await applyYaml(
      api,
      `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: argocd-views, namespace: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: argocd-application-controller, namespace: argocd }]
`,
    );
    const seen = await until('the binding holds', async (saw) => {
      const { code, stdout, stderr } = await cluster.kubectl(['get', 'pods', '-n', namespace, '-o', 'name'], {
        user: 'argocd',
      });
      saw(stderr);
      return code === 0 && { stdout };
    });
    expect(seen.stdout).not.toContain('Forbidden');
  });

  test('answers a bad object with its reason', async () => {
    const bad = {
      ...rolloutOf(namespace, 'bad', { image: 'registry.test/bad:v1' }),
      spec: { replicas: 'many' },
    };
    const refusal = await api.create(rolloutPath(namespace), bad).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiError);
    expect(refusal).toMatchObject({ status: 422, reason: 'Invalid' });
  });

  test('runs Jobs to their end, good or bad', async () => {
    await controls.exits('registry.test/smoke:bad', 3);
    await applyYaml(
      api,
      `${job('good', 'registry.test/smoke:good')}---${job('bad', 'registry.test/smoke:bad')}`,
    );
    const ended = (name: string): Promise<{ succeeded?: number; failed?: number }> =>
      until(`Job ${name} ends`, async (saw) => {
        const { status } = await api.get<{
          status: { conditions?: unknown[]; succeeded?: number; failed?: number };
        }>(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
        saw(status);
        return ((status.succeeded ?? 0) > 0 || (status.failed ?? 0) > 0) && status;
      });
    expect(await ended('good')).toMatchObject({ succeeded: 1 });
    expect(await ended('bad')).toMatchObject({ failed: 1 });
  });

  test('keeps pods of an image unready for as long as it is told to', async () => {
    const image = 'registry.test/slow:v1';
    await controls.ready(image, false);
    await createRollout(api, namespace, 'slow', { image, replicas: 1 });
    const [pod] = await until('its pod runs', async () => {
      const found = await pods('slow');
      return found[0]?.status?.phase === 'Running' && found;
    });
    expect(pod?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False' }),
    );
    await controls.ready(image, true);
    await untilHealthy(api, namespace, 'slow');
  });
});

describe('a Rollout under traffic', () => {
  const name = 'checkout';
  const v1 = 'registry.test/checkout:v1';
  const v2 = 'registry.test/checkout:v2';
  const v3 = 'registry.test/checkout:v3';

  test('rolls from v1 to v2, seen by Prometheus by pod template hash, without any error series', async () => {
    await createRollout(api, namespace, name, { image: v1, sidecar: 'registry.test/proxy:v1' });
    const before = await untilHealthy(api, namespace, name);
    await setImage(api, namespace, name, v2);
    const paused = await untilPaused(api, namespace, name, 1);
    const [stable = '', canary = ''] = [before.status?.currentPodHash, paused.status?.currentPodHash];
    expect(canary).not.toBe(stable);
    expect((await pods(name)).filter((pod) => pod.spec.containers[0]?.image === v2)).toHaveLength(1);

    // 50 requests a second over 4 stable pods and 1 of the canary.
    const seen = await until('a fifth of the requests goes to the canary', async (saw) => {
      const [old, fresh] = [await rates(name, stable), await rates(name, canary)];
      saw([old, fresh]);
      return Math.abs((old['200'] ?? 0) - 40) < 4 && Math.abs((fresh['200'] ?? 0) - 10) < 2 && [old, fresh];
    });
    for (const version of seen) expect(Object.keys(version)).toEqual(['200']);

    await api.patch(`${rolloutPath(namespace, name)}/status`, {
      status: { pauseConditions: null, currentStepIndex: 4 },
    });
    await untilHealthy(api, namespace, name);
    await until('the series of v1 end with its pods', async (saw) => {
      const old = await rates(name, stable);
      saw(old);
      return Object.keys(old).length === 0;
    });
  });

  test('shows errors of a version that has them, and none when metrics are silenced', async () => {
    await controls.behave(v3, { errorRate: 0.2 });
    await setImage(api, namespace, name, v3);
    const { status } = await untilPaused(api, namespace, name, 1);
    const hash = status?.currentPodHash ?? '';
    await until('a fifth of the requests to v3 fails', async (saw) => {
      const { 200: ok = 0, 500: failed = 0 } = await rates(name, hash);
      saw({ ok, failed });
      return failed > 0 && Math.abs(failed / (ok + failed) - 0.2) < 0.03;
    });

    const scope = { namespace, rollout: name, hash };
    await controls.silence(true, scope);
    await until('v3 has no series', async () => Object.keys(await rates(name, hash)).length === 0);
    expect(Object.keys(await rates(name, status?.stableRS ?? ''))).toEqual(['200']);
    await controls.silence(false, scope);
    await until('v3 has its series again', async () => Object.keys(await rates(name, hash)).length === 2);
  });
});
