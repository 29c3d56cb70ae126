import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TerminalError } from '../runtime/errors.ts';
import { PooledKubeConfig } from './config.ts';
import { proxyFor } from './env-proxy.ts';
import { errorCode } from './errors.ts';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

export interface KubeConfigSource {
  /** File given on the command line: wins over everything. */
  kubeconfig?: string;
  /** Context to use instead of the file's current one. */
  context?: string;
  /** Cluster and user of the file in the place of those of the context. */
  cluster?: string;
  user?: string;
  /** Environment, `process.env` by default. */
  env?: Record<string, string | undefined>;
  /** As kubectl: the pod's service account only where there is no kubeconfig, and a proxy that the environment names. */
  asKubectl?: boolean;
  /** Where the service account is mounted, for tests. */
  mounted?: string;
}

/**
 * Finds the way to the API server, in controller-runtime's order: the given file, KUBECONFIG (several files:
 * the first that names a thing wins, as in kubectl), the pod's service account, `~/.kube/config`. The last two change
 * places with `asKubectl`, which is client-go's order (tools/clientcmd/merged_client_builder.go): in a pod with both,
 * the plugin acts on the cluster that kubectl acts on.
 * client-node's own default ends at http://localhost:8080 when it finds nothing; here that is an error.
 * @throws TerminalError `NoKubeConfig` or `InvalidKubeConfig`; the message never quotes the file, which may
 * hold tokens
 */
export function loadKubeConfig(source: KubeConfigSource = {}): PooledKubeConfig {
  const env = source.env ?? process.env;
  const config = new PooledKubeConfig();
  const listed = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
  const home = path.join(env['HOME'] ?? os.homedir(), '.kube', 'config');
  const { mounted = '', asKubectl = false } = source;
  const isInCluster = env['KUBERNETES_SERVICE_HOST'] && fs.existsSync(mounted + SERVICE_ACCOUNT_TOKEN);
  if (source.kubeconfig !== undefined) {
    readInto(config, source.kubeconfig);
  } else if (listed.length > 0) {
    // kubectl skips files of the list that do not exist, as long as one does.
    const present = listed.filter((file) => fs.existsSync(file));
    for (const file of present.length > 0 ? present : listed) readInto(config, file);
  } else if (isInCluster && !(asKubectl && fs.existsSync(home))) {
    config.loadFromCluster(mounted);
  } else if (fs.existsSync(home)) {
    readInto(config, home);
  } else {
    throw new TerminalError(
      'NoKubeConfig',
      'No Kubernetes API server is configured: run in a cluster, or set --kubeconfig or KUBECONFIG',
    );
  }
  if (source.context !== undefined) config.setCurrentContext(source.context);
  const { cluster, user } = source;
  if (cluster !== undefined || user !== undefined) override(config, cluster, user);
  check(config);
  if (asKubectl) viaProxy(config, env);
  return config;
}

function readInto(config: PooledKubeConfig, file: string): void {
  const read = new PooledKubeConfig();
  try {
    read.loadFromFile(file);
  } catch (error) {
    // A YAML error quotes the line it stopped at, which may be a token: neither text nor cause go further.
    const code = errorCode(error);
    const why = /^E[A-Z]+$/.test(code) ? `cannot be read (${code})` : 'is not valid';
    throw new TerminalError('InvalidKubeConfig', `The kubeconfig ${file} ${why}`);
  }
  config.currentContext ||= read.currentContext;
  for (const cluster of read.clusters) if (!config.getCluster(cluster.name)) config.addCluster(cluster);
  for (const user of read.users) if (!config.getUser(user.name)) config.addUser(user);
  for (const context of read.contexts) if (!config.getContextObject(context.name)) config.addContext(context);
}

/** A context of its own, of parts of the file that are named one by one. */
function override(config: PooledKubeConfig, cluster: string | undefined, user: string | undefined): void {
  const name = '(flags)';
  const current = config.getContextObject(config.getCurrentContext());
  for (const [what, wanted, found] of [
    ['cluster', cluster, cluster === undefined || config.getCluster(cluster)],
    ['user', user, user === undefined || config.getUser(user)],
  ] as const)
    if (!found) throw new TerminalError('InvalidKubeConfig', `The kubeconfig has no ${what} '${wanted}'`);
  config.addContext({
    name,
    cluster: cluster ?? current?.cluster ?? '',
    user: user ?? current?.user ?? '',
    ...(current?.namespace !== undefined && { namespace: current.namespace }),
  });
  config.setCurrentContext(name);
}

function check(config: PooledKubeConfig): void {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new TerminalError(
      'InvalidKubeConfig',
      `The kubeconfig has no context '${config.getCurrentContext() ?? ''}' with a cluster`,
    );
  }
  const url = URL.parse(cluster.server);
  if (url?.protocol === 'http:' && !cluster.skipTLSVerify) {
    if (!['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
      throw new TerminalError(
        'InvalidKubeConfig',
        `The API server ${url.origin} would get credentials in the clear: use https, or set insecure-skip-tls-verify`,
      );
    }
    // Nothing to verify on loopback; client-node refuses plain http unless told so.
    replaceCluster(config, { ...cluster, skipTLSVerify: true });
  }
  // Without a user client-node ignores the CA as well: an anonymous one keeps it.
  const context = config.getContextObject(config.getCurrentContext());
  if (config.getCurrentUser() === null) config.addUser({ name: context?.user ?? '' });
}

/** `proxy-url` of the file, which client-node knows, comes first. */
function viaProxy(config: PooledKubeConfig, env: Record<string, string | undefined>): void {
  const cluster = config.getCurrentCluster();
  const proxyUrl = cluster && (cluster.proxyUrl ?? proxyFor(cluster.server, env));
  if (cluster && proxyUrl) replaceCluster(config, { ...cluster, proxyUrl });
}

function replaceCluster(config: PooledKubeConfig, cluster: PooledKubeConfig['clusters'][number]): void {
  config.clusters = config.clusters.map((one) => (one.name === cluster.name ? cluster : one));
}
