import { rmSync } from 'node:fs';
import { ensureHelm, ensureKubernetes, ensureNode } from '../../test/harness/programs/ensure.ts';
import type { ProgramSpec } from '../../test/harness/process.ts';
import type { Run } from '../../test/harness/run.ts';
import { until } from '../../test/harness/until.ts';
import { writeImage } from '../images/archive.ts';
import { buildOwn } from '../images/own.ts';
import { makeCgroups } from './cgroups.ts';
import { containerd, PAUSE } from './containerd.ts';
import { dnsImage, dnsManifests } from './dns.ts';
import { holder, holderPid, inNode } from './holder.ts';
import { kubelet } from './kubelet.ts';
import { RealNode } from './real-node.ts';
import { makePki } from './pki.ts';
import * as programs from './programs.ts';
import { at, NODE, remember } from './state.ts';

/** Says what has come true. */
export type Tell = (what: string) => void;

/** A node that does not do what nodes do here, for a reason that lies in the machine. */
export class Unfit extends Error {
  override name = 'Unfit';
}

/** Starts a node: its namespaces, the control plane, containerd, kubelet and kube-proxy in them, and the cluster's DNS. `run` ends them. */
export async function up(run: Run, tell: Tell): Promise<RealNode> {
  const binaries = { ...(await ensureKubernetes()), ...(await ensureNode()) };
  const helm = await ensureHelm();
  const pause = await buildOwn('pause', at('bin'));
  const node = new RealNode({ kubectl: binaries.kubectl, helm });
  tell('programs are there');
  await run.start(holder(pause));
  remember('holder', holderPid() ?? 0);
  makeCgroups();
  await makePki();
  tell('namespaces, cgroup folders and certificates are made');

  const start = (spec: ProgramSpec): Promise<unknown> => run.start(inNode(spec));
  await Promise.all([
    start(programs.etcd(binaries)).then(() => start(programs.apiserver(binaries))),
    start(containerd()),
  ]);
  await node.load(
    writeImage(
      { name: PAUSE, files: [{ path: 'pause', from: pause, mode: 0o755 }], entrypoint: ['/pause'] },
      at('images'),
    ),
  );
  await until('the API server is ready', () => node.kubectl(['get', '--raw', '/readyz']));
  tell('API server and containerd serve');
  await Promise.all([
    start(programs.controllerManager(binaries)),
    start(programs.scheduler(binaries)),
    start(programs.proxy(binaries)),
    start(kubelet(binaries)),
  ]);
  await until(`node ${NODE} is registered`, () => node.kubectl(['get', 'node', NODE]));
  await node.kubectl(['wait', '--for=condition=Ready', `node/${NODE}`, '--timeout=60s']);
  tell('the node is Ready');
  await probe(node);
  tell('a pod runs');
  await startDns(node, binaries.coredns);
  tell('the cluster has DNS');
  return node;
}

/** Whether this machine lets a pod start at all. */
async function probe(node: RealNode): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace: 'default' },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: 'pause', image: PAUSE, imagePullPolicy: 'Never' }],
    },
  };
  // The namespace gets its account from the controllers, a moment after they have started.
  await until('namespace default has its account', () => node.kubectl(['get', 'serviceaccount', 'default']));
  await node.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
  try {
    await node.kubectl(['wait', '--for=condition=Ready', 'pod/probe', '--timeout=20s']);
  } catch {
    const events = await node.kubectl([
      'get',
      'events',
      '-o',
      'jsonpath={range .items[*]}{.message}{"\\n"}{end}',
    ]);
    throw new Unfit(`a pod does not start within 20 s on this machine: ${events.trim().split('\n').at(-1)}`);
  }
  await node.kubectl(['delete', 'pod', 'probe', '--grace-period=1']);
}

async function startDns(node: RealNode, program: string): Promise<void> {
  await node.load(writeImage(dnsImage(program), at('images')));
  const list = { apiVersion: 'v1', kind: 'List', items: dnsManifests() };
  await node.kubectl(['apply', '-f', '-'], JSON.stringify(list));
  await node.kubectl(['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=60s']);
  rmSync(at('images'), { recursive: true, force: true });
}
