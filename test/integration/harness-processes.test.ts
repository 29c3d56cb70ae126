import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { readCertificate } from '../harness/kubernetes-programs.ts';
import { Run } from '../harness/run.ts';
import { until } from '../harness/until.ts';

const victim = fileURLToPath(new URL('./programs/victim.ts', import.meta.url));
let run: Run | undefined;

afterEach(() => run?.close());

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.each([
  ['stubborn', 'SIGINT'],
  ['stubborn', 'SIGTERM'],
  ['stubborn', 'SIGKILL'],
  ['control-plane', 'SIGKILL'],
] as const)(
  '%s programs are gone, and their directory too, after %s of their parent',
  async (kind, signal) => {
    const parent = spawn(process.execPath, [victim, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(parent.stdout);
    // A victim that ends without a word would otherwise be waited for until the test's own limit.
    const [line]: string[] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
    const { dir, pids }: { dir: string; pids: number[] } = JSON.parse(line ?? '');
    expect(pids.length).toBeGreaterThan(1);
    expect(pids.filter((pid) => !isAlive(pid))).toEqual([]);

    parent.kill(signal);
    await once(parent, 'exit');
    await until('all of it is gone', (saw) => {
      const left = { dir: existsSync(dir), pids: pids.filter(isAlive) };
      saw(left);
      return !left.dir && left.pids.length === 0;
    });
    expect(pids.filter(isAlive)).toEqual([]);
  },
);

test('a program that runs is not started a second time, since nobody would end the first', async () => {
  run = new Run();
  const program = await run.start({ name: 'sleeper', command: 'sleep', args: ['60'] });
  const { pid } = program;
  await expect(program.start()).rejects.toThrow('sleeper runs already');
  await program.kill();

  const starts = await Promise.allSettled([program.start(), program.start()]);
  expect(starts.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(program.pid).not.toBe(pid);
});

test('a certificate that is still being written is not taken for one', () => {
  run = new Run();
  const path = join(run.dir, 'apiserver.crt');
  const whole = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  for (const part of ['', whole.slice(0, 40)]) {
    writeFileSync(path, part);
    expect(() => readCertificate(path)).toThrow('is not whole yet');
  }
  writeFileSync(path, whole);
  expect(readCertificate(path)).toBe(whole);
});

test('a program that ends before it is ready is reported with the end of its log', async () => {
  run = new Run();
  const start = run.start({
    name: 'short',
    command: 'sh',
    args: ['-c', 'echo no such flag; exit 3'],
    ready: async () => false,
  });
  await expect(start).rejects.toThrow(
    'short ended (3) before it was ready; the end of its log:\nno such flag',
  );
});

test('a program that is never ready is reported with the end of its log', async () => {
  run = new Run();
  const start = run.start({
    name: 'slow',
    command: 'sh',
    args: ['-c', 'echo thinking; sleep 1000'],
    // Its limit is over by the time that it has said something, however busy the machine is.
    ready: async (started) => {
      await until('it has said something', async () => started.logTail().includes('thinking'));
      return false;
    },
    readyTimeoutMs: 0,
  });
  await expect(start).rejects.toThrow('slow was not ready within 0 s; the end of its log:\nthinking');
});

test('a program that is not there is reported', async () => {
  run = new Run();
  const start = run.start({ name: 'absent', command: '/no/such/program', args: [] });
  await expect(start).rejects.toThrow('absent did not start: spawn /no/such/program ENOENT');
});

test('a program can be stopped, killed and started again', async () => {
  run = new Run();
  const program = await run.start({ name: 'sleeper', command: 'sleep', args: ['1000'] });
  const first = program.pid;
  expect(await program.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(program.pid).toBeUndefined();
  await program.start();
  expect(program.pid).not.toBe(first);
  expect(await program.kill()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a program that ignores SIGTERM is ended by force', async () => {
  run = new Run();
  const program = await run.start({
    name: 'stubborn',
    command: 'sh',
    args: ['-c', 'trap "" TERM; echo deaf; while :; do sleep 1; done'],
    ready: async (started) => started.logTail().includes('deaf'),
    graceMs: 100,
  });
  expect(await program.stop()).toEqual({ code: null, signal: 'SIGKILL' });
});
