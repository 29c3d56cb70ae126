import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type LocalServer, send, serve } from '../harness/http.ts';
import { MetricsProxy } from '../faults/metrics-proxy.ts';

/* What the front of Prometheus counts as a query that something has happened to. */

let behind: LocalServer;
let proxy: MetricsProxy;
/** What the server behind waits for before it answers. */
let held = Promise.withResolvers<void>();

beforeEach(async () => {
  held = Promise.withResolvers();
  behind = await serve(async (_, answer) => {
    await held.promise;
    answer.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  proxy = await new MetricsProxy(behind.url).up();
});
afterEach(async () => {
  await proxy.down();
  await behind.stop();
});

const ask = (): Promise<unknown> => send('POST', `${proxy.url}/api/v1/query`, 'query=up');

test('a query that is spared after all counts at no time', async () => {
  proxy.arm(
    async ({ ask: honest, give, spared }) => {
      const reply = await honest();
      spared();
      give(reply);
    },
    () => true,
  );
  const asked = ask();
  while (proxy.queries.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(proxy.injected).toBe(0);
  held.resolve();
  await asked;
  expect(proxy.injected).toBe(0);
});

test('a query that is played with counts, and one that the rule is not for does not', async () => {
  held.resolve();
  proxy.arm(
    ({ give }) => give({ status: 500, headers: {}, body: '' }),
    (query) => query === 'up',
  );
  await ask();
  expect(proxy.injected).toBe(1);
  await send('POST', `${proxy.url}/api/v1/query`, 'query=down');
  expect(proxy.injected).toBe(1);
});
