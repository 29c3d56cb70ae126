import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { APISERVER, at, KUBERNETES_IP, NODE, NODE_IP } from './state.ts';

const run = promisify(execFile);

/** Path of a certificate, `<name>.crt`, or of its key, `<name>.key`. */
export function pki(file: string): string {
  return at('pki', file);
}

/** Path of the kubeconfig of one of the programs, or of `admin`. */
export function kubeconfig(who: string): string {
  return at('kubeconfig', who);
}

/** Who speaks to the API server: subject by name. The groups and names are those that Kubernetes' own roles are bound to. */
const CLIENTS: Record<string, string> = {
  admin: '/O=system:masters/CN=admin',
  kubelet: `/O=system:nodes/CN=system:node:${NODE}`,
  proxy: '/CN=system:kube-proxy',
  scheduler: '/CN=system:kube-scheduler',
  'controller-manager': '/CN=system:kube-controller-manager',
};

/** Whom others speak to: alternative names by name. */
const SERVERS: Record<string, string> = {
  apiserver: `IP:${KUBERNETES_IP},IP:${NODE_IP},DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc`,
  'kubelet-server': `IP:${NODE_IP},DNS:${NODE}`,
};

/** Makes one authority, a certificate for each of the above, kubeconfigs, and the keys of service accounts' tokens. */
export async function makePki(): Promise<void> {
  mkdirSync(at('pki'), { recursive: true });
  mkdirSync(at('kubeconfig'), { recursive: true });
  await sign('ca', '/CN=sluice-e2e-node', 'basicConstraints=critical,CA:TRUE', []);
  const by = ['-CA', pki('ca.crt'), '-CAkey', pki('ca.key')];
  await Promise.all([
    ...Object.entries(CLIENTS).map(([name, subject]) =>
      sign(name, subject, 'extendedKeyUsage=clientAuth', by),
    ),
    ...Object.entries(SERVERS).map(([name, names]) =>
      sign(name, `/CN=${name}`, 'extendedKeyUsage=serverAuth', [...by, '-addext', `subjectAltName=${names}`]),
    ),
  ]);
  for (const name of Object.keys(CLIENTS)) writeKubeconfig(name);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(pki('sa.key'), privateKey, { mode: 0o600 });
  writeFileSync(pki('sa.pub'), publicKey);
}

async function sign(
  name: string,
  subject: string,
  extension: string,
  more: readonly string[],
): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  const files = ['-keyout', pki(`${name}.key`), '-out', pki(`${name}.crt`)];
  await run('openssl', [
    'req',
    '-x509',
    '-days',
    '2',
    '-subj',
    subject,
    '-addext',
    extension,
    ...key,
    ...files,
    ...more,
  ]);
}

function writeKubeconfig(who: string): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NODE, cluster: { server: APISERVER, 'certificate-authority': pki('ca.crt') } }],
    users: [
      { name: who, user: { 'client-certificate': pki(`${who}.crt`), 'client-key': pki(`${who}.key`) } },
    ],
    contexts: [{ name: who, context: { cluster: NODE, user: who } }],
    'current-context': who,
  };
  writeFileSync(kubeconfig(who), JSON.stringify(config, undefined, 2), { mode: 0o600 });
}
