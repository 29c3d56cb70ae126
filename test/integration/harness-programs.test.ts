import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const main = fileURLToPath(new URL('../harness/programs/main.ts', import.meta.url));
const advice =
  /install Go 1\.26\.\d+ or newer from https:\/\/go\.dev\/dl and put it on PATH, then run this again\.\n$/;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-programs-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Puts a program on the PATH of `look` that says `answer` whatever it is asked. */
function put(name: string, answer: string): void {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(path, 0o755);
}

/** Looks for the programs with an empty cache, on a machine that has only what was put. */
function look(): { status: number | null; stderr: string } {
  const env = { PATH: dir, XDG_CACHE_HOME: join(dir, 'cache') };
  return spawnSync(process.execPath, [main], { env, encoding: 'utf8' });
}

test('without Go it says in one sentence what to do', () => {
  const { status, stderr } = look();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^The local control plane is built with Go, which is not here: /);
  expect(stderr).toMatch(advice);
});

test('with an old Go it says in one sentence what to do', () => {
  put('go', 'go1.25.9');
  const { status, stderr } = look();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^The local control plane needs a newer Go than 1\.25\.9: /);
  expect(stderr).toMatch(advice);
});

test('it uses programs of this machine whose version fits, and says so', () => {
  put('etcd', 'etcd Version: 3.6.1');
  put('kube-apiserver', 'Kubernetes v1.34.2');
  put('kubectl', 'Client Version: v1.33.7');
  const { stderr } = look();
  expect(stderr).toContain(`using etcd 3.6.1 found at ${join(dir, 'etcd')}\n`);
  expect(stderr).toContain(`using kube-apiserver 1.34.2 found at ${join(dir, 'kube-apiserver')}\n`);
  expect(stderr).toContain(`using kubectl 1.33.7 found at ${join(dir, 'kubectl')}\n`);
});

test('it leaves programs alone whose version does not fit or is unknown', () => {
  put('etcd', 'etcd Version: 3.4.30');
  put('kube-apiserver', 'Kubernetes v1.33.2');
  put('kubectl', 'Client Version: v1.32.4');
  put('rollouts-controller', 'v99.99.99+unknown');
  expect(look().stderr).not.toContain('using');
});
