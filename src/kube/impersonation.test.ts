import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from '@jest/globals';
import { systemClock } from '../runtime/clock.ts';
import { KubeClient } from './client.ts';
import type { Impersonation } from './impersonation.ts';
import { Loopback } from './testing/loopback.ts';

/** What a server is told with a request, as raw header lines. */
async function told(impersonation: Impersonation): Promise<[string, string][]> {
  const lines: [string, string][] = [];
  const server = await Loopback.start((request, response) => {
    const raw: readonly string[] = request.rawHeaders;
    for (let i = 0; i < raw.length; i += 2)
      if (/^impersonate-/i.test(raw[i] ?? '')) lines.push([(raw[i] ?? '').toLowerCase(), raw[i + 1] ?? '']);
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  const config = server.config();
  config.impersonation = impersonation;
  try {
    await new KubeClient({ config, clock: systemClock }).get<IncomingHttpHeaders>('/whoami');
    return lines;
  } finally {
    await config.close();
    await server.stop();
  }
}

test('each group is a header line of its own', async () => {
  expect(await told({ user: 'bob', groups: ['sre', 'cab'], uid: '7' })).toEqual([
    ['impersonate-user', 'bob'],
    ['impersonate-group', 'sre'],
    ['impersonate-group', 'cab'],
    ['impersonate-uid', '7'],
  ]);
});

test('a user without groups is told as just that', async () => {
  expect(await told({ user: 'bob', groups: [] })).toEqual([['impersonate-user', 'bob']]);
});
