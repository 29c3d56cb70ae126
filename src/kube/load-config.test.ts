import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type KubeConfigSource, loadKubeConfig } from './load-config.ts';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kubeconfig-'));
afterAll(() => fs.rmSync(dir, { recursive: true }));

function file(name: string, options: { server?: string; user?: boolean; context?: string } = {}): string {
  const config = {
    'current-context': name,
    clusters: [{ name, cluster: { server: options.server ?? `https://${name}.example` } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-ns` } }],
    users: options.user === false ? [] : [{ name, user: { token: `token-of-${name}` } }],
  };
  fs.writeFileSync(path.join(dir, name), JSON.stringify(config));
  return path.join(dir, name);
}

/** A pod's service account, as the kubelet mounts it. */
const mounted = path.join(dir, 'pod');
const account = path.join(mounted, 'var/run/secrets/kubernetes.io/serviceaccount');
fs.mkdirSync(account, { recursive: true });
for (const [name, text] of [
  ['token', 't'],
  ['namespace', 'pod-ns'],
])
  fs.writeFileSync(path.join(account, name ?? ''), text ?? '');
// client-node reads these two where it finds them.
const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
Object.assign(process.env, POD);

const server = (source: KubeConfigSource): string | undefined =>
  loadKubeConfig({ env: { HOME: dir }, ...source }).getCurrentCluster()?.server;

test('the file named on the command line wins over KUBECONFIG, and that over the home directory', () => {
  const [flag, variable] = [file('flag'), file('variable')];
  fs.mkdirSync(path.join(dir, '.kube'), { recursive: true });
  fs.copyFileSync(file('home'), path.join(dir, '.kube', 'config'));
  expect(server({ kubeconfig: flag, env: { KUBECONFIG: variable, HOME: dir } })).toBe('https://flag.example');
  expect(server({ env: { KUBECONFIG: variable, HOME: dir } })).toBe('https://variable.example');
  expect(server({})).toBe('https://home.example');
});

test('in a pod its service account wins over the home directory; for the plugin it is the last resort, as for kubectl', () => {
  const home = path.join(dir, 'home-of-pod');
  fs.mkdirSync(path.join(home, '.kube'), { recursive: true });
  fs.copyFileSync(file('own'), path.join(home, '.kube', 'config'));
  const inPod = { env: { ...POD, HOME: home }, mounted };
  expect(server(inPod)).toBe('https://10.0.0.1:443');
  expect(server({ ...inPod, asKubectl: true })).toBe('https://own.example');
  const bare = { env: { ...POD, HOME: '/nowhere' }, mounted, asKubectl: true };
  expect(server(bare)).toBe('https://10.0.0.1:443');
  const variable = { KUBECONFIG: file('variable'), ...bare.env };
  expect(server({ ...bare, env: variable })).toBe('https://variable.example');
});

test('of several files the first that names a thing wins, and missing ones are skipped, as kubectl does', () => {
  const list = [path.join(dir, 'absent'), file('one'), file('two')].join(path.delimiter);
  const config = loadKubeConfig({ env: { KUBECONFIG: list } });
  expect(config.getCurrentContext()).toBe('one');
  expect(config.getContexts().map(({ name }) => name)).toEqual(['one', 'two']);
  expect(loadKubeConfig({ env: { KUBECONFIG: list }, context: 'two' }).namespace).toBe('two-ns');
});

test('with nothing to go by there is an error that says what to set, not localhost:8080', () => {
  expect(() => loadKubeConfig({ env: { HOME: path.join(dir, 'nowhere') } })).toThrow(
    expect.objectContaining({ reason: 'NoKubeConfig', message: expect.stringContaining('--kubeconfig') }),
  );
});

test.each([
  ['a file that is not there', path.join(dir, 'absent'), 'ENOENT'],
  ['an empty file', 'empty', 'not valid'],
  ['a file that is not YAML', 'broken', 'not valid'],
  ['a context that is not there', 'unknown-context', "'missing'"],
])('%s is refused in plain words', (_, name, says) => {
  fs.writeFileSync(path.join(dir, 'empty'), '');
  fs.writeFileSync(path.join(dir, 'broken'), 'users: [{token: s3cret');
  file('unknown-context');
  const context = name === 'unknown-context' ? { context: 'missing' } : {};
  const load = (): unknown => loadKubeConfig({ kubeconfig: path.resolve(dir, name), ...context });
  expect(load).toThrow(
    expect.objectContaining({ reason: 'InvalidKubeConfig', message: expect.stringContaining(says) }),
  );
  expect(load).not.toThrow('s3cret');
});

test('plain http is for loopback only: elsewhere it would carry the token in the clear', () => {
  const config = loadKubeConfig({ kubeconfig: file('local', { server: 'http://127.0.0.1:8001' }) });
  expect(config.getCurrentCluster()?.skipTLSVerify).toBe(true);
  expect(() => loadKubeConfig({ kubeconfig: file('far', { server: 'http://far.example' }) })).toThrow(
    expect.objectContaining({ reason: 'InvalidKubeConfig' }),
  );
});

test('a context without a user keeps its CA: client-node would ignore both', () => {
  const config = loadKubeConfig({ kubeconfig: file('anonymous', { user: false }) });
  expect(config.getCurrentUser()).toMatchObject({ name: 'anonymous' });
});
