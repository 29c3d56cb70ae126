import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { selfSigned } from '../../src/kube/testing/self-signed.ts';
import type { LocalServer } from '../harness/http.ts';
import { serveTls } from '../harness/tls.ts';

/* What docs/install.md says of a company's authority: Node believes it by a variable that is read when it starts. */

const run = promisify(execFile);
const http = join(import.meta.dirname, '../../src/runtime/http.ts');
const signed = selfSigned('company');
let server: LocalServer;
let dir: string;

beforeAll(async () => {
  server = await serveTls(signed, (_, response) => response.end('prometheus'));
  dir = mkdtempSync(join(tmpdir(), 'sluice-ca-'));
  writeFileSync(join(dir, 'ca.crt'), signed.cert);
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true });
});

/** What the operator's own client says of the server, in a process with this environment. */
async function asked(env: Record<string, string>): Promise<string> {
  const script = `import { createHttp } from ${JSON.stringify(http)};
    const client = createHttp({ allowLoopback: true });
    try { console.log((await client.request({ url: ${JSON.stringify(server.url)} })).body); }
    catch (error) { console.log(error.message); }
    client.close();`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { env });
  return stdout.trim();
}

test('with NODE_EXTRA_CA_CERTS a server that the authority has signed is asked', async () => {
  expect(await asked({ NODE_EXTRA_CA_CERTS: join(dir, 'ca.crt') })).toBe('prometheus');
});

test('without it is not', async () => {
  expect(await asked({})).toMatch(/TLS failed/);
});
