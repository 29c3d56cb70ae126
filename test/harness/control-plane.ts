import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Api } from './api.ts';
import { AUDIT_POLICY, auditEvents, operatorRequests } from './audit.ts';
import { Cluster, type ClusterFacts } from './cluster.ts';
import { CRDS, installCrds, istioCrds, crdsIn } from './crds.ts';
import * as programs from './kubernetes-programs.ts';
import { freePorts } from './ports.ts';
import type { Program } from './process.ts';
import { ensureKubernetes, type KubernetesPrograms } from './programs/ensure.ts';
import { Run } from './run.ts';
import { record } from './seen.ts';
import { until } from './until.ts';
import { inventTokens, tokenFile, tokenOf } from './users.ts';

/** What `startControlPlane` may be told. */
export interface ControlPlaneOptions {
  /** Keep the programs' logs below this directory; without it they go with the run. */
  logDir?: string;
}

/** The programs of a control plane, to stop, freeze, kill and start again one by one. */
export interface ControlPlanePrograms {
  etcd: Program;
  apiserver: Program;
  controllerManager: Program;
  rollouts: Program;
}

/** A running control plane: real programs, on loopback, in a temporary directory. */
export class ControlPlane extends Cluster {
  readonly programs: ControlPlanePrograms;
  /** Whatever else is started in it ends with the control plane. */
  readonly run: Run;

  constructor(facts: ClusterFacts, run: Run, started: ControlPlanePrograms) {
    super(facts);
    this.run = run;
    this.programs = started;
  }

  /** Ends all programs and removes the directory. */
  stop(): Promise<void> {
    return this.run.close();
  }
}

/**
 * Starts etcd, kube-apiserver, kube-controller-manager and the Argo Rollouts controller, and returns when
 * all of them serve. Builds them first when they are not there yet, which takes minutes and says so.
 * @throws Error with the end of the log of the program that did not come up; nothing is left running then.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await ensureKubernetes();
  const run = new Run(options.logDir);
  try {
    return await startIn(run, binaries);
  } catch (error) {
    await run.close();
    throw error;
  }
}

async function startIn(run: Run, binaries: KubernetesPrograms): Promise<ControlPlane> {
  const [etcdPort = 0, peerPort = 0, apiserverPort = 0, managerPort = 0, metrics = 0, health = 0] =
    await freePorts(6);
  const auditLog = join(run.logDir, 'audit.log');
  const layout = { dir: run.dir, etcdPort, apiserverPort, auditLog };
  const tokens = inventTokens();
  writeFileSync(join(run.dir, 'tokens.csv'), tokenFile(tokens), { mode: 0o600 });
  writeServiceAccountKeys(run.dir);
  writeFileSync(join(run.dir, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
  run.beforeClose(() =>
    record(operatorRequests(auditEvents(auditLog, 'operator')).map((request) => ({ request }))),
  );

  const url = `https://127.0.0.1:${apiserverPort}`;
  // The certificate appears while the API server starts, so what depends on it is read when it is ready.
  const facts = (): ClusterFacts => ({
    url,
    caData: Buffer.from(programs.readCertificate(programs.servingCertificate(layout))).toString('base64'),
    tokens,
    dir: run.dir,
    etcdUrl: `http://127.0.0.1:${etcdPort}`,
    auditLog,
    kubectl: binaries.kubectl,
  });
  const isReady = async (): Promise<boolean> => {
    const { caData } = facts();
    return (await new Api({ url, caData, token: tokenOf(tokens, 'admin') }).get<string>('/readyz')) === 'ok';
  };

  const etcd = await run.start(programs.etcd(binaries.etcd, layout, peerPort));
  const startApiserver = run.start(programs.apiserver(binaries.apiserver, layout, isReady));
  // The API server takes definitions a second and a half before it counts itself ready. The garbage collector
  // learns the kinds when it starts and then every 30 s, so they come before the controllers.
  const installed = (async () => {
    const { api } = new Cluster(await until('the API server has its certificate', facts));
    await until('the API server takes definitions', () => api.list(CRDS));
    await installCrds(api, [...crdsIn(binaries.rolloutsCrds), ...istioCrds()]);
  })();
  const [apiserver] = await Promise.all([startApiserver, installed]);
  const cluster = new Cluster(facts());
  const kubeconfig = cluster.kubeconfigFor('controllers');
  await cluster.createNamespace('argo-rollouts');
  const [controllerManager, rollouts] = await Promise.all([
    run.start(programs.controllerManager(binaries.controllerManager, layout, kubeconfig, managerPort)),
    run.start(programs.rollouts(binaries.rollouts, kubeconfig, { metrics, health })),
  ]);
  return new ControlPlane(cluster.facts, run, { etcd, apiserver, controllerManager, rollouts });
}

/** The key pair with which the API server signs ServiceAccount tokens and checks them. */
function writeServiceAccountKeys(dir: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(join(dir, 'sa.key'), privateKey, { mode: 0o600 });
  writeFileSync(join(dir, 'sa.pub'), publicKey);
}
