import { afterEach, describe, expect, test } from '@jest/globals';
import { silentLog } from '../runtime/log.ts';
import { type Health, HealthServer } from './server.ts';

let server: HealthServer | undefined;
afterEach(() => server?.stop());

async function ask(path: string, health: Partial<Health> = {}): Promise<[number, string]> {
  server = new HealthServer({
    at: { host: '127.0.0.1', port: 0 },
    log: silentLog,
    health: { ready: () => undefined, wedged: () => undefined, metrics: async () => 'up 1\n', ...health },
  });
  await server.start();
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return [response.status, await response.text()];
}

describe('what the process says about itself', () => {
  test.each([
    ['/healthz', {}, 200, 'ok\n'],
    ['/readyz?verbose', {}, 200, 'ok\n'],
    ['/readyz', { ready: () => 'the caches are not read yet' }, 503, 'the caches are not read yet\n'],
    ['/healthz', { wedged: () => 'silent' }, 503, 'silent\n'],
    ['/metrics', {}, 200, 'up 1\n'],
    ['/metrics', { metrics: () => Promise.reject(new Error('no')) }, 500, 'metrics could not be written\n'],
    ['/', {}, 404, 'there are /healthz, /readyz and /metrics\n'],
  ] satisfies [string, Partial<Health>, number, string][])('%s', async (path, health, code, body) => {
    expect(await ask(path, health)).toEqual([code, body]);
  });

  test.each([
    [
      'application/openmetrics-text;version=1.0.0',
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'up 1\n# EOF\n',
    ],
    ['text/plain', 'text/plain; version=0.0.4; charset=utf-8', 'up 1\n'],
  ])('figures come in the form that is asked for: %s', async (accept, type, text) => {
    await ask('/metrics');
    const response = await fetch(`http://127.0.0.1:${server?.port ?? 0}/metrics`, { headers: { accept } });
    expect([response.headers.get('content-type'), await response.text()]).toEqual([type, text]);
  });

  test('a port that is taken is an error, not silence', async () => {
    await ask('/healthz');
    const second = new HealthServer({
      at: { host: '127.0.0.1', port: server?.port ?? 0 },
      log: silentLog,
      health: { ready: () => undefined, wedged: () => undefined, metrics: async () => '' },
    });
    await expect(second.start()).rejects.toThrow(/EADDRINUSE/);
  });
});
