import { connect } from 'node:net';
import { join } from 'node:path';
import { answers } from '../harness/kubernetes-programs.ts';
import type { ProgramSpec } from '../harness/process.ts';

/** Where the programs of one Argo CD keep their files, and the ports at which they find each other. */
export interface Layout {
  dir: string;
  /** Speaks as Argo CD's own ServiceAccount. */
  kubeconfig: string;
  redis: number;
  repo: number;
  repoMetrics: number;
  controllerMetrics: number;
}

const LOOPBACK = '127.0.0.1';

/** Below it the repo server keeps what it has cloned, in directories that nobody may read. */
export function scratch({ dir }: Layout): string {
  return join(dir, 'argocd');
}

/** What both need of an environment: nothing of this machine's Git, home or temporary files. */
function environment(layout: Layout, name: string): Record<string, string> {
  return {
    // One program is all of Argo CD's; this says which of them.
    ARGOCD_BINARY_NAME: name,
    HOME: layout.dir,
    TMPDIR: scratch(layout),
    GIT_CONFIG_NOSYSTEM: '1',
    ARGOCD_ASK_PASS_SOCK: join(layout.dir, 'askpass.sock'),
    // Signatures are not verified, and no gpg is needed for that.
    ARGOCD_GPG_ENABLED: 'false',
  };
}

/** The cache of both. */
export function redis(command: string, { redis }: Layout): ProgramSpec {
  return {
    name: 'argocd-redis',
    command,
    args: [`${LOOPBACK}:${redis}`],
    ready: () => accepts(redis),
  };
}

/** The repo server, which reads Git; without TLS, which nobody listens to on loopback. */
export function repoServer(command: string, layout: Layout): ProgramSpec {
  return {
    name: 'argocd-repo-server',
    command,
    env: environment(layout, 'argocd-repo-server'),
    args: [
      `--address=${LOOPBACK}`,
      `--port=${layout.repo}`,
      `--metrics-address=${LOOPBACK}`,
      `--metrics-port=${layout.repoMetrics}`,
      '--disable-tls',
      `--redis=${LOOPBACK}:${layout.redis}`,
      '--logformat=text',
    ],
    // With `full` it asks itself over gRPC.
    ready: () => answers(`http://${LOOPBACK}:${layout.repoMetrics}/healthz?full=true`),
  };
}

/**
 * The application controller, with its own times of self-heal. Its metrics listen on every address, and it has no flag
 * against that (`metricsAddr` in controller/appcontroller.go).
 */
export function applicationController(command: string, layout: Layout): ProgramSpec {
  return {
    name: 'argocd-application-controller',
    command,
    env: {
      ...environment(layout, 'argocd-application-controller'),
      KUBECONFIG: layout.kubeconfig,
      // https://kubernetes.default.svc, the cluster that it runs in, is the one of the kubeconfig.
      ARGOCD_FAKE_IN_CLUSTER: 'true',
    },
    args: [
      '--namespace=argocd',
      `--repo-server=${LOOPBACK}:${layout.repo}`,
      '--repo-server-plaintext',
      `--redis=${LOOPBACK}:${layout.redis}`,
      `--metrics-port=${layout.controllerMetrics}`,
      // Else the health of each object is in Redis only, where argocd-server looks for it.
      '--persist-resource-health',
      // Compares everything so often besides what it does when something changes; by default every two to three minutes.
      '--app-resync=10',
      '--app-resync-jitter=0',
      '--logformat=text',
    ],
    ready: () => answers(`http://${LOOPBACK}:${layout.controllerMetrics}/healthz`),
  };
}

/** Whether somebody listens at the port. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, LOOPBACK, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', reject);
  });
}
