import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import dotI from '@dot-i/k8s-operator';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PooledKubeConfig } from './kube/config.ts';
import { ManualClock } from './kube/testing/manual-clock.ts';
import { settle, until } from './kube/testing/until.ts';
import { type OperatorOptions, type Part, SluiceOperator } from './operator.ts';
import { silentLog } from './runtime/log.ts';

const config = new PooledKubeConfig();
config.loadFromClusterAndUser(
  { name: 'c', server: 'https://api.example:6443', skipTLSVerify: false },
  { name: 'u' },
);

let clock: ManualClock;
let told: string[];
const { KUBECONFIG } = process.env;

beforeEach(() => {
  clock = new ManualClock();
  told = [];
});

afterEach(() => {
  if (KUBECONFIG === undefined) delete process.env['KUBECONFIG'];
  else process.env['KUBECONFIG'] = KUBECONFIG;
});

const operator = (parts: Part[], options: Partial<OperatorOptions> = {}): SluiceOperator =>
  new SluiceOperator({ parts, log: silentLog, clock, config, ...options });

const part = (name: string, more: Partial<Part> = {}): Part => ({
  name,
  start: () => void told.push(`start ${name}`),
  stop: () => void told.push(`stop ${name}`),
  ...more,
});

/** What the base class has and we leave as it is, and why that cannot dial. */
const HARMLESS: Record<string, string> = {
  constructor: 'reads the default kubeconfig and makes an API client, which sends nothing by itself',
  start: 'awaits init()',
  errorToJson: 'turns an error into text',
};

test('every method of the base class is ours, or harmless for a reason', () => {
  const { prototype } = SluiceOperator;
  const inherited = Object.getOwnPropertyNames(dotI.default.prototype).filter(
    (name) => !Object.hasOwn(prototype, name) || name === 'constructor',
  );
  expect(inherited.toSorted()).toEqual(Object.keys(HARMLESS).toSorted());
});

test.each([
  'getCustomResourceApiUri',
  'registerCustomResourceDefinition',
  'watchResource',
  'setResourceStatus',
  'patchResourceStatus',
  'resourceStatusRequest',
  'handleResourceFinalizer',
  'setResourceFinalizers',
  'applyAxiosKubeConfigAuth',
  'applyGaxiosKubeConfigAuth',
])('%s of the base class is refused in words', (name) => {
  const method: unknown = Reflect.get(operator([]), name);
  if (typeof method !== 'function') throw new Error(`${name} is no method`);
  expect(() => method.call(operator([]), 'g', 'v', 'p', () => {})).toThrow(
    expect.objectContaining({ reason: 'Unsupported', message: expect.stringContaining(name) }),
  );
});

test('nothing of the base class keeps a client or a configuration of its own', () => {
  const one = operator([]);
  expect(Reflect.get(one, 'kubeConfig')).toBe(config);
  expect(one).not.toHaveProperty('k8sApi');
});

test('parts start in order and stop in the reverse one, once', async () => {
  const one = operator([part('a'), part('b'), part('c')]);
  await one.start();
  await Promise.all([one.stop(), one.stop()]);
  expect(told).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  expect(clock.timers).toBe(0);
});

test('a part that cannot start stops those before it, and its error comes out', async () => {
  const broken = part('b', { start: () => Promise.reject(new Error('port in use')) });
  const one = operator([part('a'), broken, part('c')]);
  await expect(one.start()).rejects.toThrow('port in use');
  expect(told).toEqual(['start a', 'stop a']);
});

test('a stop that comes while parts start begins no further one', async () => {
  const held = Promise.withResolvers<void>();
  const one = operator([part('a'), part('slow', { start: () => held.promise }), part('c')]);
  const started = one.start();
  await settle();
  const stopped = one.stop();
  held.resolve();
  await Promise.all([started, stopped]);
  expect(told).toEqual(['start a', 'stop slow', 'stop a']);
});

test('a part that does not stop is left behind, and those before it still get a second', async () => {
  const waits = part('lease', {
    stop: async () => {
      await Promise.resolve();
      told.push('stop lease');
    },
  });
  const one = operator([waits, part('stuck', { stop: () => new Promise(() => {}) })], { stopMs: 5_000 });
  await one.start();
  const stopped = one.stop();
  await settle();
  clock.advance(5_000);
  await stopped;
  expect(told).toEqual(['start lease', 'start stuck', 'stop lease']);
});

test('a part that fails to stop does not keep the others from it', async () => {
  const one = operator([part('a'), part('b', { stop: () => Promise.reject(new Error('torn')) })]);
  await one.start();
  await one.stop();
  expect(told).toEqual(['start a', 'start b', 'stop a']);
});

test('a default kubeconfig that is broken is an error in words, which quotes nothing of it', () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'kubeconfig-')), 'config');
  fs.writeFileSync(file, 'users: [{token: s3cret');
  process.env['KUBECONFIG'] = file;
  expect(() => operator([])).toThrow(expect.objectContaining({ reason: 'InvalidKubeConfig' }));
  expect(() => operator([])).not.toThrow('s3cret');
});

test('a real process starts, stops on SIGTERM and ends with code 0: the base class would exit with 1', async () => {
  const script = `
    import { PooledKubeConfig } from './src/kube/config.ts';
    import { SluiceOperator } from './src/operator.ts';
    import { systemClock } from './src/runtime/clock.ts';
    import { silentLog } from './src/runtime/log.ts';
    const config = new PooledKubeConfig();
    config.loadFromClusterAndUser({ name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: false }, { name: 'u' });
    let beat;
    const parts = [{ name: 'p', start: () => { beat = setInterval(() => {}, 1000); }, stop: () => clearInterval(beat) }];
    const operator = new SluiceOperator({ parts, log: silentLog, clock: systemClock, config });
    process.once('SIGTERM', () => operator.stop().then(() => console.log('stopped')));
    await operator.start();
    console.log('started');
  `;
  const root = path.resolve(import.meta.dirname, '..');
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: root });
  let out = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (out += String(chunk)));
  const exited = new Promise((resolve) => child.on('exit', resolve));
  await until(() => out.includes('started'), 'the start');
  child.kill('SIGTERM');
  expect([await exited, out]).toEqual([0, 'started\nstopped\n']);
}, 30_000);
