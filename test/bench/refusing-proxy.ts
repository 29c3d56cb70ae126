import { request as httpsRequest } from 'node:https';
import { serve } from '../harness/http.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../harness/cluster.ts';
import { tokenOf, USERS } from '../harness/users.ts';

/** A proxy before the API server that can refuse. */
export interface RefusingProxy {
  /** Path of a kubeconfig that goes through it, as the operator. */
  kubeconfig: string;
  /** From now on every new request but those for Leases is refused, with 429 and 500 in turn; or none is. */
  refuse(on: boolean): void;
  /** Requests refused so far. */
  readonly refused: number;
  stop(): Promise<void>;
}

export async function startRefusingProxy(cluster: Cluster): Promise<RefusingProxy> {
  const ca = Buffer.from(cluster.caData, 'base64');
  const target = new URL(cluster.url);
  const state = { refusing: false, refused: 0 };
  const server = await serve((incoming, answer) => {
    // Whoever cannot renew its lease has to end, and there would be nothing left to measure.
    if (state.refusing && !incoming.url?.includes('/leases')) {
      state.refused += 1;
      const code = state.refused % 2 === 0 ? 500 : 429;
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code,
        message: 'refused on purpose',
      };
      answer.writeHead(code, {
        'content-type': 'application/json',
        ...(code === 429 && { 'retry-after': '1' }),
      });
      answer.end(JSON.stringify(status));
      incoming.resume();
      return;
    }
    const { method, url, headers } = incoming;
    const sent = httpsRequest(
      {
        host: target.hostname,
        port: target.port,
        method,
        path: url,
        ca,
        headers: { ...headers, host: target.host },
      },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
        response.on('error', () => answer.destroy());
      },
    );
    sent.on('error', () => answer.destroy());
    answer.on('close', () => sent.destroy());
    incoming.pipe(sent);
  });
  return {
    kubeconfig: kubeconfigThrough(cluster, server.url),
    refuse: (on) => void (state.refusing = on),
    get refused() {
      return state.refused;
    },
    stop: () => server.stop(),
  };
}

function kubeconfigThrough({ facts }: Cluster, url: string): string {
  const path = join(facts.dir, 'through-proxy.kubeconfig');
  const user = USERS.operator.username;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proxy', cluster: { server: url } }],
    users: [{ name: user, user: { token: tokenOf(facts.tokens, 'operator') } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user } }],
    'current-context': 'proxy',
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
