import { readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Gate } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { applyYaml } from '../harness/apply.ts';
import { type LocalServer, send, serve } from '../harness/http.ts';
import { ERROR_RATE, imageFor, Place, reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* Gates with credentials, and gates that compare, asked by the operator itself with the rights of the chart. */

const { cluster, controls, prometheus, operatorUrl } = sharedWorld();
const NAMESPACE = 'kinds';
const TOKEN = 'c2xpY2UtdGVzdA.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJVadQssw5c';
const OLD_TOKEN = 'b2xkLXRva2Vu.0ldT0kenThatIsNotTakenAnyM0re';

/** A front of the real Prometheus that lets in who knows the token, and echoes what it refuses. */
let front: LocalServer;
const arrived = new Set<string>();

/** A front without a door, which counts the queries. */
let through: LocalServer;
let queries = 0;

function forward(incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request(`${prometheus.url}${url}`, { method, headers, agent: false }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  incoming.pipe(onward);
}

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  through = await serve((incoming, answer) => {
    queries++;
    forward(incoming, answer);
  });
  front = await serve((incoming, answer) => {
    const { authorization = '' } = incoming.headers;
    arrived.add(authorization);
    if (authorization === `Bearer ${TOKEN}`) return forward(incoming, answer);
    const error = `nobody knows ${authorization}`;
    answer.writeHead(401, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ status: 'error', errorType: 'unauthorized', error }));
  });
});
afterAll(async () => {
  await front.stop();
  await through.stop();
});

const secretPath = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const secret = (token: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'prom', namespace: NAMESPACE },
  stringData: { token },
});

/** All that anybody can see of this namespace, and what the operator says of itself. */
async function everything(): Promise<string> {
  const kinds = 'promotions,environments,gates,events,rollouts,controllerrevisions';
  const { stdout } = await cluster.kubectl(['get', kinds, '-n', NAMESPACE, '-o', 'yaml']);
  const { body } = await send('GET', `${operatorUrl}/metrics`);
  const logs = dirname(cluster.facts.auditLog);
  const log = readFileSync(join(logs, 'operator.log'), 'utf8');
  expect(log).toContain('token-v2');
  return stdout + body + log;
}

async function may(...verb: string[]): Promise<string> {
  const as = '--as=system:serviceaccount:sluice-system:sluice';
  const { stdout } = await cluster.kubectl(['auth', 'can-i', ...verb, '-n', NAMESPACE, as]);
  return stdout.trim();
}

describe('a Prometheus that wants a token', () => {
  test('is asked with it; without the Secret the promotion waits and says what to apply; nothing of it is seen', async () => {
    const auth = { secretName: 'prom', type: 'Bearer' };
    const gate = { ...ERROR_RATE, prometheus: { ...ERROR_RATE.prometheus, address: front.url, auth } };
    const place = await new Place(cluster.api, NAMESPACE, 'token').prepare({ gate });
    await place.promote('v2');
    const says = (words: string): Promise<unknown> =>
      until(
        `it says ${words}`,
        async (seen) => {
          const { status } = await place.promotion('token-v2');
          const all = JSON.stringify([status?.blockedBy, status?.conditions]);
          seen(all);
          return all.includes(words);
        },
        { timeoutMs: 60_000 },
      );
    await says('Secret prom does not exist: apply it with `token`');
    expect(arrived).toEqual(new Set());

    await cluster.api.create(secretPath, secret(OLD_TOKEN));
    await says('answered 401: nobody knows');
    await cluster.api.patch(`${secretPath}/prom`, { stringData: { token: TOKEN } });
    expect(reasonOf(await place.untilEnded('token-v2'))).toBe('Succeeded');

    expect(arrived).toEqual(new Set([`Bearer ${OLD_TOKEN}`, `Bearer ${TOKEN}`]));
    const seen = await everything();
    expect(seen).toContain('token-v2');
    for (const word of [TOKEN, OLD_TOKEN])
      for (let at = 0; at + 8 <= word.length; at++) expect(seen).not.toContain(word.slice(at, at + 8));
  });

  test('the operator may get a Secret that is named to it, and list none', async () => {
    expect(await may('get', 'secrets/prom')).toBe('yes');
    for (const verb of ['list', 'watch', 'create', 'update', 'patch', 'delete'])
      expect([verb, await may(verb, 'secrets')]).toEqual([verb, 'no']);
  });
});

const counters = (hash: string): object => {
  const series = `http_requests_total{namespace="{{ targetNamespace }}",rollouts_pod_template_hash="{{ ${hash} }}"`;
  return { bad: `sum(${series},code=~"5.."})`, total: `sum(${series}})` };
};
const COMPARE = {
  compare: { canary: counters('canaryHash'), stable: counters('stableHash'), minSamples: { atLeast: 30 } },
  intervalSeconds: 1,
  count: 2,
};

describe('a gate that compares', () => {
  test('passes a revision without failures, and one that fails as often as stable', async () => {
    const place = await new Place(cluster.api, NAMESPACE, 'equal').prepare({ gate: COMPARE });
    await place.promote('v2');
    expect(reasonOf(await place.untilEnded('equal-v2'))).toBe('Succeeded');

    for (const version of ['v2', 'v3']) await controls.behave(imageFor('equal', version), { errorRate: 0.1 });
    await place.promote('v3');
    const ended = await place.untilEnded('equal-v3');
    expect(reasonOf(ended)).toBe('Succeeded');
    expect(ended.status?.gates?.[0]?.message).toContain('one version here, so that nothing is compared');
  });

  test('fails one that fails more often, with the counts as evidence', async () => {
    const place = await new Place(cluster.api, NAMESPACE, 'worsened').prepare({ gate: COMPARE });
    await controls.behave(imageFor('worsened', 'v1'), { errorRate: 0.02 });
    await controls.behave(imageFor('worsened', 'v2'), { errorRate: 0.4 });
    await place.promote('v2');
    const ended = await place.untilEnded('worsened-v2');
    expect(reasonOf(ended)).toBe('RolledBack');
    const [gate] = ended.status?.gates ?? [];
    expect(gate).toMatchObject({ verdict: 'Fail', threshold: 'e-value >= 100', step: 1 });
    expect(gate?.value).toBeGreaterThanOrEqual(100);
    expect(gate?.message).toMatch(/^canary \d+ of \d+ failed \([\d.]+ %\), stable \d+ of \d+ failed/);
  });

  test('keeps in status from where it counts, with one write a step', async () => {
    // Not reached in this test: it stands at the first step and counts.
    const gate = {
      ...COMPARE,
      compare: { ...COMPARE.compare, address: through.url, minSamples: { atLeast: 1_000_000 } },
    };
    const place = await new Place(cluster.api, NAMESPACE, 'counts').prepare({ gate });
    await place.promote('v2');
    const counting = await until('status says from where it counts', async (seen) => {
      const found = await place.promotion('counts-v2');
      seen(found.status?.gates);
      return found.status?.gates?.[0]?.state !== undefined && found;
    });
    expect(counting.status?.gates?.[0]?.state).toMatch(/^\[1,\d+,\[/);
    const before = queries;
    await until('five more looks were taken', () => queries >= before + 20);
    const later = await place.promotion('counts-v2');
    expect(later.metadata.resourceVersion).toBe(counting.metadata.resourceVersion);
  });
});

test('the manifests of the documentation are taken as they stand', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/gates.md'), 'utf8');
  // How series get the canary's hash is tried in canary-series.test.ts.
  const manifests = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, yaml = '']) => yaml)
    .filter((yaml) => yaml.includes('sluice.dev/'));
  expect(manifests).toHaveLength(3);
  const here = manifests.map((yaml) => yaml.replaceAll('namespace: shop', `namespace: ${NAMESPACE}`));
  for (const yaml of here) await applyYaml(cluster.api, yaml);
  for (const name of ['error-rate-by-pod', 'error-rate-of-team-a', 'no-worse-than-before'])
    await until(`Gate ${name} can be evaluated`, async (seen) => {
      const { status } = await cluster.api.get<Gate & KubeObject>(sluicePath(NAMESPACE, 'gates', name));
      seen(status);
      return status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
    });
});
