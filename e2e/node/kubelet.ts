import { writeFileSync } from 'node:fs';
import type { ProgramSpec } from '../../test/harness/process.ts';
import type { NodePrograms } from '../../test/harness/programs/ensure.ts';
import { SOCKET } from './containerd.ts';
import { kubeconfig, pki } from './pki.ts';
import { at, DNS_IP, NODE, NODE_IP } from './state.ts';

/** The kubelet, with its files below the state directory and its pods below the node's cgroup folders. */
export function kubelet({ kubelet: command }: NodePrograms): ProgramSpec {
  const config = at('kubelet.json');
  writeFileSync(config, JSON.stringify(configuration(), undefined, 2));
  // Pods that take the node's own resolver find none: nothing here asks for names outside the cluster.
  writeFileSync(at('resolv.conf'), '');
  return {
    name: 'kubelet',
    command,
    args: [
      `--config=${config}`,
      `--kubeconfig=${kubeconfig('kubelet')}`,
      `--root-dir=${at('kubelet')}`,
      `--cert-dir=${at('kubelet', 'pki')}`,
      `--hostname-override=${NODE}`,
      `--node-ip=${NODE_IP}`,
    ],
  };
}

function configuration(): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: NODE_IP,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: pki('kubelet-server.crt'),
    tlsPrivateKeyFile: pki('kubelet-server.key'),
    containerRuntimeEndpoint: `unix://${SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${NODE}`,
    // Until 1.34 the default; a machine with version 1 is told no more than that it is old.
    failCgroupV1: false,
    failSwapOn: false,
    // The kernel's settings are as it wants them, by holder.ts, and it may not write them.
    protectKernelDefaults: true,
    clusterDomain: 'cluster.local',
    clusterDNS: [DNS_IP],
    resolvConf: at('resolv.conf'),
    volumePluginDir: at('kubelet', 'volume-plugins'),
    // The disk is the machine's and whatever else fills it; an image that was thrown away cannot be pulled again.
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    maxPods: 60,
  };
}
