import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Somebody the API server knows by a token. */
export interface User {
  /** The name that it authenticates as. */
  username: string;
  groups: readonly string[];
}

/**
 * The cast. People have no rights until a test binds a role to them or to a group of theirs; service
 * accounts get what the chart binds to them; the last three are the control plane's own and may do anything.
 */
export const USERS = {
  alice: { username: 'alice', groups: ['developers'] },
  bob: { username: 'bob', groups: ['release-managers'] },
  carol: { username: 'carol', groups: ['release-managers', 'sre'] },
  eve: { username: 'eve', groups: [] },
  operator: serviceAccount('sluice-system', 'sluice'),
  argocd: serviceAccount('argocd', 'argocd-application-controller'),
  admin: { username: 'admin', groups: ['system:masters'] },
  kubelet: { username: 'system:node:node-0', groups: ['system:masters'] },
  controllers: { username: 'controllers', groups: ['system:masters'] },
} as const satisfies Record<string, User>;

/** Short name of one of the cast. */
export type UserName = keyof typeof USERS;

/** The identity that a ServiceAccount's own token would have, so that bindings to the ServiceAccount apply. */
export function serviceAccount(namespace: string, name: string): User {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return { username: `system:serviceaccount:${namespace}:${name}`, groups };
}

/** Everybody's token. */
export type Tokens = Readonly<Record<string, string>>;

/** Invents a token for each of the cast. */
export function inventTokens(): Tokens {
  return Object.fromEntries(Object.keys(USERS).map((name) => [name, randomBytes(24).toString('hex')]));
}

/** The token of one of the cast. */
export function tokenOf(tokens: Tokens, user: UserName): string {
  const token = tokens[user];
  if (token === undefined) throw new Error(`no token for ${user}`);
  return token;
}

/** The text of kube-apiserver's `--token-auth-file`. */
export function tokenFile(tokens: Tokens): string {
  const line = ([name, { username, groups }]: [string, User]): string =>
    `${tokens[name]},${username},${username},"${groups.join(',')}"\n`;
  return Object.entries<User>(USERS).map(line).join('');
}

/** What a kubeconfig is made of. */
export interface KubeconfigParts {
  url: string;
  /** base64 of the PEM bundle that signs the server's certificate. */
  caData: string;
  user: string;
  token: string;
}

/** Writes a kubeconfig (JSON is YAML) into `dir`, at once for whoever reads it meanwhile, and returns its path. */
export function writeKubeconfig(dir: string, { url, caData, user, token }: KubeconfigParts): string {
  const path = join(dir, `${user}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'harness', cluster: { server: url, 'certificate-authority-data': caData } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: user, context: { cluster: 'harness', user } }],
    'current-context': user,
  };
  const written = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(written, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  renameSync(written, path);
  return path;
}
