import { readFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { join } from 'node:path';
import type { ProgramSpec } from './process.ts';

/** Where the programs of one control plane keep their files, and the ports they share. */
export interface Layout {
  dir: string;
  etcdPort: number;
  apiserverPort: number;
  /** Where the API server writes down what the operator asks of it. */
  auditLog: string;
}

const LOOPBACK = '127.0.0.1';

/** etcd, which forgets durability for speed: the run is thrown away after a crash of the machine. */
export function etcd(command: string, { dir, etcdPort }: Layout, peerPort: number): ProgramSpec {
  const client = `http://${LOOPBACK}:${etcdPort}`;
  const peer = `http://${LOOPBACK}:${peerPort}`;
  return {
    name: 'etcd',
    command,
    args: [
      `--data-dir=${join(dir, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    ready: () => answers(`${client}/health`),
  };
}

/** Where kube-apiserver puts the certificate that it signs for itself. */
export function servingCertificate({ dir }: Layout): string {
  return join(dir, 'apiserver', 'apiserver.crt');
}

/**
 * The certificate at `path` and whatever signed it, as PEM.
 * @throws Error while it is not there, or not whole: the API server creates the file before it fills it.
 */
export function readCertificate(path: string): string {
  const pem = readFileSync(path, 'utf8');
  if (!pem.trimEnd().endsWith('-----END CERTIFICATE-----')) throw new Error(`${path} is not whole yet`);
  return pem;
}

/**
 * kube-apiserver: loopback only, RBAC, tokens from `tokens.csv`, service-account keys from `sa.key` and `sa.pub`,
 * the audit policy from `audit-policy.json`.
 */
export function apiserver(command: string, layout: Layout, isReady: () => Promise<boolean>): ProgramSpec {
  const { dir, etcdPort, apiserverPort, auditLog } = layout;
  return {
    name: 'kube-apiserver',
    command,
    args: [
      `--etcd-servers=http://${LOOPBACK}:${etcdPort}`,
      `--bind-address=${LOOPBACK}`,
      // Not a loopback address, because the endpoints of the service `kubernetes` must not be one; nobody dials it.
      '--advertise-address=10.99.0.1',
      `--secure-port=${apiserverPort}`,
      `--cert-dir=${join(dir, 'apiserver')}`,
      `--token-auth-file=${join(dir, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      // Off by default before 1.36; nothing uses it but who applies policies/fill-in-v1beta1.yaml.
      '--feature-gates=MutatingAdmissionPolicy=true',
      '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
      // Pods need no token mounted, so namespaces need not wait for their default ServiceAccount.
      '--disable-admission-plugins=ServiceAccount',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(dir, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      `--audit-policy-file=${join(dir, 'audit-policy.json')}`,
      `--audit-log-path=${auditLog}`,
      // Megabytes; a log that is rotated away would be evidence lost.
      '--audit-log-maxsize=4096',
      '--profiling=false',
    ],
    ready: isReady,
    // Asked to end, it waits a minute for watches, which do not end by themselves.
    graceMs: 1000,
  };
}

/** The controllers that Deployments, Jobs, namespaces, owner references, Services and aggregated roles need. */
const CONTROLLERS = [
  'replicaset-controller',
  'deployment-controller',
  'job-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'endpointslice-controller',
  'serviceaccount-token-controller',
  'clusterrole-aggregation-controller',
];

/** kube-controller-manager, with a rate limit that does not slow tests down. */
export function controllerManager(
  command: string,
  layout: Layout,
  kubeconfig: string,
  port: number,
): ProgramSpec {
  return {
    name: 'kube-controller-manager',
    command,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      `--bind-address=${LOOPBACK}`,
      `--secure-port=${port}`,
      `--service-account-private-key-file=${join(layout.dir, 'sa.key')}`,
      // As kubeadm and the hosted ones run it: each controller has an account of its own, with its own rights.
      '--use-service-account-credentials=true',
      `--root-ca-file=${servingCertificate(layout)}`,
      '--leader-elect=false',
      '--kube-api-qps=400',
      '--kube-api-burst=800',
    ],
    // It makes a certificate of its own in memory; asking for its health needs no proof of who answers.
    ready: () => answers(`https://${LOOPBACK}:${port}/healthz`),
  };
}

/**
 * The Argo Rollouts controller. Its two ports listen on every address, and it has no flag against that
 * (`listenAddr = "0.0.0.0:%d"` in controller/controller.go); they serve metrics and health, nothing else.
 */
export function rollouts(
  command: string,
  kubeconfig: string,
  ports: { metrics: number; health: number },
): ProgramSpec {
  return {
    name: 'rollouts-controller',
    command,
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--namespace=argo-rollouts',
      '--leader-elect=false',
      `--metricsPort=${ports.metrics}`,
      `--healthzPort=${ports.health}`,
      '--qps=400',
      '--burst=800',
    ],
    ready: () => answers(`http://${LOOPBACK}:${ports.health}/healthz`),
  };
}

/** Whether a GET of the URL is answered with 200. */
export function answers(url: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? httpsGet : httpGet;
    const sent = get(url, { rejectUnauthorized: false, timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    sent.once('error', reject);
    sent.once('timeout', () => sent.destroy(new Error(`${url} does not answer`)));
  });
}
