import { beforeAll, describe, expect, test } from '@jest/globals';
import { send } from '../harness/http.ts';
import { imageFor, Place } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* kubectl, events and metrics tell the story without the logs. */

const { cluster, controls, operatorUrl } = sharedWorld();
const NAMESPACE = 'seen';
const kubectl = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await cluster.kubectl([...args, '-n', NAMESPACE]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

/** Requests that the operator has made to the API server, and connections that it has opened for them. */
const figures = async (): Promise<{ requests: number; opened: number }> => {
  const { body } = await send('GET', `${operatorUrl}/metrics`);
  const requests = [...body.matchAll(/^rest_client_requests_total\{.*\} (\d+)$/gm)];
  return {
    requests: requests.reduce((sum, [, n]) => sum + Number(n), 0),
    opened: Number(/^sluice_api_connections_opened_total (\d+)$/m.exec(body)?.[1]),
  };
};

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  const place = await new Place(cluster.api, NAMESPACE, 'cart').prepare();
  await place.promote('v2');
  await place.untilEnded('cart-v2');
  await controls.behave(imageFor('cart', 'v3'), { errorRate: 0.3 });
  await place.promote('v3');
  await place.untilEnded('cart-v3');
});

describe('kubectl get', () => {
  test('promotions: where to, what, how it stands, how far', async () => {
    const [head, ...rows] = (await kubectl('get', 'promotions'))
      .trimEnd()
      .split('\n')
      .map((l) => l.split(/\s{2,}/));
    expect(head).toEqual(['NAME', 'ENVIRONMENT', 'REVISION', 'STATUS', 'STEP', 'WEIGHT', 'AGE']);
    expect(rows[0]?.slice(0, 6)).toEqual(['cart-v2', 'cart', 'cart:v2', 'Succeeded', '4/4', '100']);
    expect(rows[1]?.slice(0, 6)).toEqual(['cart-v3', 'cart', 'cart:v3', 'RolledBack', '1/4', '0']);
  });

  test('promotions -o wide: why', async () => {
    const wide = await kubectl('get', 'promotions', '-o', 'wide');
    expect(wide).toContain('gate cart failed at step 2 of 4, 20 %');
    expect(wide).toContain('the previous revision is back');
  });

  test('environments: what runs, and what was last good', async () => {
    const row = await until('the Environment has settled', async (seen) => {
      const [, line = ''] = (await kubectl('get', 'environments')).trimEnd().split('\n');
      seen(line);
      return line.includes('cart-v2') && line;
    });
    expect(row).toMatch(/^cart\s+True\s+cart-v2\s+cart-v2\s+\d+/);
  });

  test('gates: whether they can be evaluated', async () => {
    const [, row = ''] = (await kubectl('get', 'gates')).trimEnd().split('\n');
    expect(row).toMatch(/^cart\s+True\s+value <= 0\.05\s+1/);
  });
});

describe('kubectl describe promotion', () => {
  test('has the evidence, the times and the events', async () => {
    const described = await until('the events have arrived', async () => {
      const text = await kubectl('describe', 'promotion', 'cart-v3');
      return text.includes('RolledBack') && /Warning\s+RolledBack/.test(text) && text;
    });
    for (const word of [
      'Sampled At',
      'Detected At',
      'Commanded At',
      'Traffic Restored At',
      'Intent Restored At',
    ])
      expect(described).toContain(word);
    for (const event of ['GateFailed', 'Reverting', 'RolledBack'])
      expect(described).toMatch(new RegExp(`Warning\\s+${event}`));
    expect(described).toMatch(/Normal\s+Applying/);
    // What keeps nothing from beginning is told all the same, here that the way back would walk the steps.
    expect(described).toMatch(/Warning\s+PreflightWarning.*rollbackWindow/);
    expect(described).toContain('Threshold:');
  });
});

describe('kubectl wait', () => {
  test('for=condition=Succeeded holds for the good one, and Completed for both', async () => {
    await kubectl('wait', '--for=condition=Succeeded', 'promotion/cart-v2', '--timeout=10s');
    await kubectl(
      'wait',
      '--for=condition=Completed',
      'promotion/cart-v2',
      'promotion/cart-v3',
      '--timeout=10s',
    );
    const { code } = await cluster.kubectl([
      'wait',
      '--for=condition=Succeeded',
      'promotion/cart-v3',
      '--timeout=1s',
      '-n',
      NAMESPACE,
    ]);
    expect(code).not.toBe(0);
  });
});

describe('a Gate that cannot be evaluated', () => {
  test.each([
    ['syntax', { query: 'sum(', pass: 'value > 0.0' }, /query/i],
    ['variable', { query: 'up{a="{{ nothing }}"}', pass: 'value > 0.0' }, /nothing/],
    ['condition', { query: 'up', pass: 'valu > 0.0' }, /valu/],
    ['no-bool', { query: 'up', pass: 'value + 1.0' }, /true or false/],
  ])('says so in its Ready condition: %s', async (name, prometheus, says) => {
    const place = new Place(cluster.api, NAMESPACE, `gate-${name}`);
    await place.apply('Gate', `gate-${name}`, { prometheus });
    await cluster.kubectl([
      'wait',
      '--for=condition=Ready=false',
      `gate/gate-${name}`,
      '--timeout=20s',
      '-n',
      NAMESPACE,
    ]);
    const message = await kubectl(
      'get',
      'gate',
      `gate-${name}`,
      '-o',
      'jsonpath={.status.conditions[0].message}',
    );
    expect(message).toMatch(says);
  });
});

describe('what the operator serves', () => {
  test('it is well and ready', async () => {
    expect((await send('GET', `${operatorUrl}/healthz`)).body).toBe('ok\n');
    expect((await send('GET', `${operatorUrl}/readyz`)).body).toBe('ok\n');
    expect((await send('GET', `${operatorUrl}/`)).status).toBe(404);
  });

  test("its metrics have controller-runtime's names and its own, and no object's name in a label at rest", async () => {
    const { body } = await send('GET', `${operatorUrl}/metrics`);
    for (const name of [
      'workqueue_depth{',
      'workqueue_adds_total{',
      'workqueue_queue_duration_seconds_bucket{',
      'workqueue_unfinished_work_seconds{',
      'controller_runtime_reconcile_total{',
      'controller_runtime_reconcile_time_seconds_bucket{',
      'rest_client_requests_total{',
      'leader_election_master_status{name="sluice"} 1',
      'sluice_promotions_total{outcome="Succeeded"}',
      'sluice_promotions_total{outcome="RolledBack"}',
      'sluice_revert_seconds_bucket{le="0.05",stage="command"}',
      'sluice_gate_samples_total{verdict="Pass"}',
    ])
      expect(body).toContain(name);
    expect(body).not.toContain('cart-v3');
    expect(body.length).toBeLessThan(200_000);
  });

  test('over a thousand API requests it opens ten connections at the most', async () => {
    const before = await figures();
    // Every new Gate makes the operator write a status.
    const place = new Place(cluster.api, NAMESPACE, 'load');
    for (let batch = 0; batch < 40; batch += 1)
      await Promise.all(
        Array.from({ length: 25 }, (_, i) =>
          place.apply('Gate', `load-${batch}-${i}`, { prometheus: { query: 'up', pass: 'value > 0.0' } }),
        ),
      );
    const after = await until('a thousand requests were made', async (seen) => {
      const now = await figures();
      seen(now);
      return now.requests - before.requests >= 1000 && now;
    });
    expect(after.opened).toBeGreaterThan(0);
    expect(after.opened).toBeLessThanOrEqual(10);
  });
});
