import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ServerSpec } from '../api/v1alpha1/types.ts';
import { isForbidden, isNotFound } from '../kube/errors.ts';
import type { HttpRequest } from '../runtime/http.ts';
import type { Secrets } from './gate.ts';

/** Credentials that cannot be had or used; `message` says what to apply, and nothing of what is in the Secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly code = 'CredentialsError';
}

/** What a request needs to be let in. */
export interface Credentials {
  headers: Readonly<Record<string, string>>;
  tls?: NonNullable<HttpRequest['tls']>;
  /** What must not come back in anything that is shown. */
  confidential: readonly string[];
}

type Auth = NonNullable<ServerSpec['auth']>;
type Data = Readonly<Record<string, string>>;

const KEYS: Record<Auth['type'], readonly string[]> = {
  Bearer: ['token'],
  Basic: ['username', 'password'],
  MTLS: ['tls.crt', 'tls.key'],
};

/** Longer than any token; servers refuse larger headers anyway. */
const LONGEST = 8192;

/** Kept as long as the Secret is: reading certificates takes a millisecond. */
const known = new WeakMap<object, Partial<Record<Auth['type'], Credentials>>>();

/** Reads the Secret of `auth`. @throws CredentialsError */
export async function credentialsFor(auth: Auth, secrets: Secrets): Promise<Credentials> {
  const { secretName, type } = auth;
  const keys = KEYS[type].map((key) => `\`${key}\``).join(' and ');
  const secret = await secrets.read(secretName).catch((error: unknown) => {
    throw new CredentialsError(unread(error, secretName, keys));
  });
  // A ServiceAccount token has a key `token`, too: who may write Gates would get that account's rights.
  if (secret.type === 'kubernetes.io/service-account-token')
    throw new CredentialsError(
      `Secret ${secretName} is the token of a ServiceAccount, which is not sent to servers: apply one of type Opaque`,
    );
  for (const key of KEYS[type])
    if (!secret.data[key]?.trim())
      throw new CredentialsError(`Secret ${secretName} has no \`${key}\`: apply it with ${keys}`);
  const made = known.get(secret) ?? {};
  known.set(secret, made);
  return (made[type] ??= {
    ...USE[type](secretName, secret.data),
    ...authority(secretName, type, secret.data),
  });
}

function unread(error: unknown, name: string, keys: string): string {
  if (isNotFound(error)) return `Secret ${name} does not exist: apply it with ${keys}`;
  if (isForbidden(error))
    return `Secret ${name} may not be read: give the operator the right to get secrets in this namespace`;
  return `Secret ${name} could not be read: ${error instanceof Error ? error.message : 'no answer'}`;
}

const USE: Record<Auth['type'], (name: string, data: Data) => Credentials> = {
  Bearer(name, data) {
    const token = sendable(name, 'token', data);
    return { headers: { authorization: `Bearer ${token}` }, confidential: [token] };
  },
  Basic(name, data) {
    const [username, password] = [line(data['username']), line(data['password'])];
    if (username.includes(':'))
      throw new CredentialsError(
        `Secret ${name}: \`username\` has a colon, which no server can read: correct it`,
      );
    const pair = Buffer.from(`${username}:${password}`).toString('base64');
    return { headers: { authorization: `Basic ${pair}` }, confidential: [username, password, pair] };
  },
  MTLS(name, data) {
    const { 'tls.crt': cert = '', 'tls.key': key = '' } = data;
    check(name, '`tls.crt` and `tls.key` are no certificate and its key', () =>
      createSecureContext({ cert, key }),
    );
    return { headers: {}, tls: { cert, key }, confidential: [cert, key] };
  },
};

/** With `ca.crt` only that authority is believed. */
function authority(name: string, type: Auth['type'], data: Data): Pick<Credentials, 'tls'> {
  const { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca } = data;
  if (!ca?.trim()) return {};
  check(name, '`ca.crt` is no certificate', () => new X509Certificate(ca));
  return { tls: type === 'MTLS' ? { cert, key, ca } : { ca } };
}

/** OpenSSL's own words may quote what it could not read. */
function check(name: string, what: string, read: () => unknown): void {
  try {
    read();
  } catch {
    throw new CredentialsError(`Secret ${name}: ${what}: apply it with PEM`);
  }
}

function sendable(name: string, key: string, data: Data): string {
  const text = line(data[key]);
  if (text.length <= LONGEST && /^[!-~]+$/.test(text)) return text;
  throw new CredentialsError(
    `Secret ${name}: \`${key}\` cannot be sent in a header: write the ${key} alone, in one line`,
  );
}

/** Files end with a newline, and so do Secrets that are made from them. */
function line(text = ''): string {
  return text.replace(/\r?\n$/, '').trim();
}
