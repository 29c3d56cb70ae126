import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Api } from './api.ts';
import { Cluster } from './cluster.ts';
import type { ControlPlane } from './control-plane.ts';
import * as programs from './kubernetes-programs.ts';
import { freePorts } from './ports.ts';
import { ensureKubernetes } from './programs/ensure.ts';
import { tokenOf } from './users.ts';

/** What one API server of a control plane shares with another. */
const SHARED = ['tokens.csv', 'sa.key', 'sa.pub', 'audit-policy.json'];

/**
 * Starts another API server at the same etcd, as a control plane of high availability has; it ends with the first.
 * Each watches policies and rights by itself, so what one refuses already the other may still take.
 */
export async function startSecondApiserver({ facts, run }: ControlPlane): Promise<Cluster> {
  const { apiserver } = await ensureKubernetes();
  const [apiserverPort = 0] = await freePorts(1);
  const dir = join(facts.dir, 'second');
  mkdirSync(dir);
  for (const file of SHARED) copyFileSync(join(facts.dir, file), join(dir, file));
  const layout = {
    dir,
    etcdPort: Number(new URL(facts.etcdUrl).port),
    apiserverPort,
    auditLog: join(run.logDir, 'second-audit.log'),
  };
  const factsOf = (): Cluster['facts'] => ({
    ...facts,
    url: `https://127.0.0.1:${apiserverPort}`,
    caData: Buffer.from(programs.readCertificate(programs.servingCertificate(layout))).toString('base64'),
    dir,
    auditLog: layout.auditLog,
  });
  const isReady = async (): Promise<boolean> => {
    const { url, caData, tokens } = factsOf();
    return (await new Api({ url, caData, token: tokenOf(tokens, 'admin') }).get<string>('/readyz')) === 'ok';
  };
  const spec = programs.apiserver(apiserver, layout, isReady);
  await run.start({ ...spec, name: 'second-kube-apiserver' });
  return new Cluster(factsOf());
}
