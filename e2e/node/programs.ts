import type { ProgramSpec } from '../../test/harness/process.ts';
import type { KubernetesPrograms, NodePrograms } from '../../test/harness/programs/ensure.ts';
import { kubeconfig, pki } from './pki.ts';
import { at, NODE, NODE_IP, POD_CIDR, SERVICE_CIDR } from './state.ts';

/*
 * The control plane of the node, inside its namespaces. It differs from that of test/harness in what a real node
 * needs: certificates, the Node authorizer, every controller, a scheduler.
 */

const ETCD = 'http://127.0.0.1:2379';

/** etcd, which forgets durability for speed. */
export function etcd({ etcd: command }: KubernetesPrograms): ProgramSpec {
  const peer = 'http://127.0.0.1:2380';
  return {
    name: 'etcd',
    command,
    args: [
      `--data-dir=${at('etcd')}`,
      `--listen-client-urls=${ETCD}`,
      `--advertise-client-urls=${ETCD}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  };
}

/** kube-apiserver, with the authorizers that clusters have. */
export function apiserver({ apiserver: command }: KubernetesPrograms): ProgramSpec {
  return {
    name: 'kube-apiserver',
    command,
    args: [
      `--etcd-servers=${ETCD}`,
      `--bind-address=${NODE_IP}`,
      // Loopback is refused as an endpoint of the service `kubernetes`.
      `--advertise-address=${NODE_IP}`,
      '--secure-port=6443',
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      `--kubelet-client-certificate=${pki('admin.crt')}`,
      `--kubelet-client-key=${pki('admin.key')}`,
      `--kubelet-certificate-authority=${pki('ca.crt')}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki('sa.pub')}`,
      `--service-account-signing-key-file=${pki('sa.key')}`,
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
    ],
  };
}

/** kube-controller-manager with every controller but the one that hands out ranges of pod addresses. */
export function controllerManager({ controllerManager: command }: KubernetesPrograms): ProgramSpec {
  return {
    name: 'kube-controller-manager',
    command,
    args: [
      `--kubeconfig=${kubeconfig('controller-manager')}`,
      '--controllers=*,-node-ipam-controller',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${pki('sa.key')}`,
      `--root-ca-file=${pki('ca.crt')}`,
      '--leader-elect=false',
    ],
  };
}

/** kube-scheduler. */
export function scheduler({ scheduler: command }: NodePrograms): ProgramSpec {
  return {
    name: 'kube-scheduler',
    command,
    args: [`--kubeconfig=${kubeconfig('scheduler')}`, '--leader-elect=false'],
  };
}

/** kube-proxy; its conntrack settings are no network namespace's own, so it is told to leave them. */
export function proxy({ proxy: command }: NodePrograms): ProgramSpec {
  return {
    name: 'kube-proxy',
    command,
    args: [
      `--kubeconfig=${kubeconfig('proxy')}`,
      // Without it, it waits half a minute for a node of the machine's name.
      `--hostname-override=${NODE}`,
      '--proxy-mode=iptables',
      `--cluster-cidr=${POD_CIDR}`,
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
    ],
  };
}
