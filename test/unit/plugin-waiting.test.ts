import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { runCli } from '../../src/cli/program.ts';
import type { Io } from '../../src/cli/io.ts';
import { type KeptIo, keptIo } from '../../src/cli/testing/io.ts';
import { type LocalServer, serve } from '../harness/http.ts';

/* What the plugin waits for, at an API server that is not well all the time. */

const dir = mkdtempSync(join(tmpdir(), 'sluice-waiting-'));
afterAll(() => rmSync(dir, { recursive: true }));
let server: LocalServer | undefined;
afterEach(() => server?.stop());

type Answering = (answer: ServerResponse) => void;
const refuse =
  (code: number, reason: string): Answering =>
  (answer) => {
    answer.statusCode = code;
    answer.end(JSON.stringify({ kind: 'Status', reason, message: `the server says ${code}` }));
  };
const slow: Answering = (answer) => void setTimeout(() => said('Succeeded', 'True')(answer), 300);
const list: Answering = (answer) => void answer.end(JSON.stringify({ metadata: {}, items: [] }));
const reset: Answering = (answer) => void answer.socket?.destroy();
const promotion = (status?: object): object => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: { name: 'p', namespace: 'shop', uid: 'u' },
  spec: { environment: 'prod', from: { environment: 'staging' } },
  ...(status && { status }),
});
const said = (reason: string, end?: 'True' | 'False'): Answering => {
  const conditions = [{ type: 'Succeeded', status: end ?? 'Unknown', reason, message: 'm' }];
  return (answer) => {
    answer.end(
      JSON.stringify(promotion({ conditions, ...(end && { completedAt: '2026-01-01T00:00:00Z' }) })),
    );
  };
};

/** A kubeconfig of a server that answers each GET by the next of these, and at last always by the last one. */
async function kubeconfig(...gets: Answering[]): Promise<string> {
  let next = 0;
  server = await serve((request, answer) => {
    if (request.method === 'GET') return gets[Math.min(next++, gets.length - 1)]?.(answer);
    const isWho = request.url?.includes('selfsubjectreviews');
    answer.end(JSON.stringify(isWho ? { status: { userInfo: { username: 'alice' } } } : promotion()));
  });
  const path = join(dir, 'kubeconfig');
  const config = {
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: server.url } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    users: [{ name: 'u', user: {} }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

async function promoted(path: string, ...flags: string[]): Promise<KeptIo & { exit: number }> {
  const io = keptIo();
  const argv = ['promote', 'prod', '--from', 'staging', '--wait', '--kubeconfig', path, ...flags];
  return Object.assign(io, { exit: await runCli(argv, io) });
}

describe('promote --wait', () => {
  test('passes over what passes, and says so once', async () => {
    const path = await kubeconfig(
      said('Analysing'),
      refuse(503, 'ServiceUnavailable'),
      refuse(503, 'ServiceUnavailable'),
      reset,
      refuse(429, 'TooManyRequests'),
      said('Succeeded', 'True'),
    );
    const { exit, printed, complained } = await promoted(path);
    expect([exit, printed]).toEqual([0, 'promotion.sluice.dev/p created\nAnalysing: m\nSucceeded: m\n']);
    expect(complained.split('\n')).toEqual([
      'warning: Error from server (ServiceUnavailable): the server says 503; looking again',
      expect.stringMatching(/^warning: Unable to connect to the server: .*; looking again$/),
      'warning: Error from server (TooManyRequests): the server says 429; looking again',
      '',
    ]);
  }, 30_000);

  test('ends with 2 when the time is over, and says where it stands', async () => {
    const { exit, complained } = await promoted(
      await kubeconfig(said('AwaitingApproval')),
      '--timeout',
      '1s',
    );
    expect([exit, complained]).toEqual([
      2,
      'error: timed out waiting for promotion.sluice.dev/p, which goes on: AwaitingApproval: m\n',
    ]);
  });

  test('the same while there is no answer', async () => {
    const path = await kubeconfig(refuse(500, 'InternalError'));
    const { exit, complained } = await promoted(path, '--timeout=1s');
    expect([exit, complained]).toEqual([2, expect.stringContaining('timed out waiting for promotion')]);
  });

  test('what does not pass ends it at once', async () => {
    const { exit, complained } = await promoted(await kubeconfig(refuse(403, 'Forbidden')));
    expect([exit, complained]).toEqual([2, 'Error from server (Forbidden): the server says 403\n']);
  });

  test('--timeout is a time to wait', async () => {
    const io = keptIo();
    const argv = ['promote', 'prod', '--from', 'staging', '--timeout', '5m', '--kubeconfig=/nowhere'];
    expect(await runCli(argv, io)).toBe(2);
    expect(io.complained).toBe('error: --timeout says how long to wait: set --wait as well\n');
  });
});

test.each(['0', '0s'])('--request-timeout=%s is no limit', async (none) => {
  const { exit, complained } = await promoted(await kubeconfig(slow), `--request-timeout=${none}`);
  expect([exit, complained]).toEqual([0, '']);
});

test('status --watch goes on after a look that failed', async () => {
  const path = await kubeconfig(list, list, reset, reset, list);
  const enough = new AbortController();
  let complained = '';
  const io: Io = {
    ...keptIo(),
    signal: enough.signal,
    err: (text) => {
      complained += text;
      enough.abort();
    },
  };
  expect(await runCli(['status', '--watch', '--kubeconfig', path], io)).toBe(0);
  expect(complained).toMatch(/^warning: Unable to connect to the server: .*; looking again\n$/);
}, 30_000);
