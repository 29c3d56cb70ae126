import { readFileSync } from 'node:fs';
import type { Api } from '../harness/api.ts';
import type { ApiRequest } from '../harness/fault-exchange.ts';
import { FaultProxy, type Recorded } from '../harness/fault-proxy.ts';
import type { RunningOperator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';
import { isAbout } from './writes.ts';
import { type Lane, type Lanes, type Replica, startLaneOperator } from './lanes.ts';

/** Two replicas that work in one lane, and of which one leads; the first one leads at first, and is the lane's own. */
export interface Pair {
  lane: Lane;
  first: Replica;
  second: Replica;
  close(): Promise<void>;
}

/** Who may touch leases in a lane's namespace: with leases of their own several pairs can be tried side by side. */
export async function grantLeases(api: Api, namespace: string): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const verbs = ['get', 'create', 'update', 'patch'];
  await api.create(`${rbac}/roles`, {
    metadata: { name: 'leases' },
    rules: [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs },
      // Beside the Lease is the record of the admission policies.
      { apiGroups: [''], resources: ['configmaps'], verbs },
    ],
  });
  await api.create(`${rbac}/rolebindings`, {
    metadata: { name: 'leases' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'leases' },
    subjects: [{ kind: 'ServiceAccount', name: 'sluice', namespace: 'sluice-system' }],
  });
}

let pairs = 0;

/** Starts a pair; resolves when the first leads and the second stands by. */
export async function openPair(lanes: Lanes): Promise<Pair> {
  pairs += 1;
  const namespace = `pair-${pairs}`;
  const { cluster } = lanes.world;
  await cluster.createNamespace(namespace);
  await grantLeases(cluster.api, namespace);
  const args = [`--lease-namespace=${namespace}`];
  const lane = await lanes.lane({ args }, namespace);
  const first = { proxy: lane.proxy, operator: lane.operator };
  await until('the first leads', () => isLeading(first.operator));
  const proxy = await new FaultProxy(cluster, `${namespace}-b`).start();
  const operator = await startLaneOperator(lanes.world, namespace, proxy, { args });
  return {
    lane,
    first,
    second: { proxy, operator },
    close: async () => {
      await Promise.all([lane.close(), operator.program.kill()]);
      await proxy.stop();
    },
  };
}

/** Whether an operator says that it leads; the log says it once for each time. */
export function isLeading({ program }: RunningOperator): boolean {
  return readFileSync(program.logFile, 'utf8').includes('"Leading"');
}

/** Resolves with the first write of a replica about an app, after this moment. */
export function firstWrite({ proxy }: Replica, app: string, after: number): Promise<Recorded> {
  const isOne = (r: ApiRequest): boolean =>
    r.at > after && isAbout(r, app) && !['get', 'list', 'watch'].includes(r.verb);
  return until('the other goes on', () => proxy.requests.find(isOne), { timeoutMs: 120_000 });
}
