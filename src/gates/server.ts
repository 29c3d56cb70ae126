import { RESERVED_HEADERS } from '../api/v1alpha1/server.ts';
import type { ServerSpec } from '../api/v1alpha1/types.ts';
import { canonicalJson } from '../runtime/hash.ts';
import { credentialsFor } from './credentials.ts';
import type { Ask, GateContext } from './gate.ts';
import { type Answer, type Endpoint, instantQuery, QueryError } from './prometheus/client.ts';
import { redactor } from './redact.ts';

/** A Prometheus API that one sample asks, with its headers and credentials. */
export interface Server {
  /** One instant query; `time` in seconds since the epoch, absent: the server's now. @throws QueryError */
  ask(query: string, signal: AbortSignal, time?: number): Promise<Answer>;
}

/** What is wrong with where and how to ask, as far as that is known without asking. */
export function serverObjection({ address, auth, headers = [] }: ServerSpec): string | undefined {
  const url = URL.parse(address ?? 'http://default');
  if (url === null || !/^https?:$/.test(url.protocol))
    return 'address: it is no http or https URL; write for example http://prometheus.monitoring.svc:9090';
  if (url.username !== '' || url.password !== '')
    return 'address: credentials do not belong there, everyone who may read the Gate could read them';
  // The CRD says these two, too, but an older one may be installed.
  if (auth && address === undefined)
    return "auth: credentials are never sent to the operator's default address; set address, too";
  if (auth?.type === 'MTLS' && url.protocol !== 'https:') return 'auth: MTLS needs an address with https://';
  const reserved = headers.find(({ name }) => RESERVED_HEADERS.some((known) => known === name.toLowerCase()));
  if (reserved) return `headers: ${reserved.name} is not set here; name a Secret in auth for credentials`;
  return undefined;
}

/** @throws QueryError or CredentialsError, each of which says what to do */
export async function openServer(field: string, spec: ServerSpec, context: GateContext): Promise<Server> {
  const address = spec.address ?? context.defaultAddress;
  if (address === undefined)
    throw new QueryError(`No address: set ${field}.address, or start the operator with --prometheus-address`);
  const objection = serverObjection(spec);
  if (objection !== undefined) throw new QueryError(`${field}.${objection}`);
  const { auth, headers = [] } = spec;
  const credentials = auth && (await credentialsFor(auth, context.secrets));
  const own = Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value]));
  const server: Endpoint = {
    address,
    headers: { ...own, ...credentials?.headers },
    tls: credentials?.tls,
    redact: redactor(credentials?.confidential ?? []),
    // A client certificate is shown by a connection, not by a request.
    ...(auth?.type !== 'MTLS' && {
      sharedBy: canonicalJson([address, own, auth && [context.secrets.namespace, auth]]),
    }),
  };
  const ask: Ask =
    context.ask ??
    (async (server, query, signal, time) => instantQuery(context.http, server, query, signal, time));
  return {
    ask: async (query, signal, time) =>
      ask(server, query, signal, time).catch((error: unknown) => {
        // Perhaps the Secret has changed since it was read: the next sample reads it anew.
        if (auth && error instanceof QueryError && error.isRefusal) context.secrets.forget(auth.secretName);
        throw error;
      }),
  };
}
