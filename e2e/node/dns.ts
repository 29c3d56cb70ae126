import type { Recipe } from '../images/archive.ts';
import { rootfs } from '../images/rootfs.ts';
import { DNS_IP } from './state.ts';

const NAME = 'localhost/coredns:local';

/** The image of the cluster's DNS. */
export function dnsImage(program: string): Recipe {
  return { name: NAME, files: rootfs({ coredns: program }), entrypoint: ['/coredns'] };
}

/** Knows the cluster's own names, and asks nobody else for others. */
const COREFILE = `.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa {
    ttl 5
  }
  cache 5
}
`;

/** CoreDNS with what it may read, behind the address that the kubelet writes into pods. */
export function dnsManifests(): object[] {
  const metadata = { name: 'coredns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
  const matchLabels = metadata.labels;
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ];
  const role = { name: 'system:coredns' };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: role,
      rules: [
        { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: role,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', ...role },
      subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system' }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: COREFILE } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels },
        template: {
          metadata: { labels: matchLabels },
          spec: {
            serviceAccountName: 'coredns',
            // It would ask itself for the names of others.
            dnsPolicy: 'Default',
            containers: [
              {
                name: 'coredns',
                image: NAME,
                imagePullPolicy: 'Never',
                args: ['-conf', '/etc/coredns/Corefile'],
                volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
                readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
                securityContext: { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
              },
            ],
            volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: 'kube-dns' },
      spec: { clusterIP: DNS_IP, selector: matchLabels, ports },
    },
  ];
}
