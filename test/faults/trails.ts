import { verifyCluster } from '../../src/audit/verify.ts';
import { readRecord } from '../../src/audit/chain.ts';
import type { Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeObject } from '../harness/api.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';

/**
 * What is wrong with the audit trails of an app's promotions and of its places: all that `audit verify` finds, and an end
 * that is not on record or a last hash that is not in the history.
 */
export async function brokenTrails(api: Api, namespace: string, app: string): Promise<string[]> {
  const [promotions, environments] = await Promise.all([
    api.list<Promotion & KubeObject>(sluicePath(namespace, 'promotions')),
    api.list<Environment & KubeObject>(sluicePath(namespace, 'environments')),
  ]);
  const places = environments.items.filter(({ metadata }) => metadata.name.startsWith(app));
  const orders = promotions.items.filter(({ spec }) => spec.environment.startsWith(app));
  const history = places.flatMap(({ status }) => status?.history ?? []);
  const ends = orders.flatMap((promotion) => {
    const { metadata, status } = promotion;
    const head = history.find((h) => h.promotion === metadata.name && h.audit !== undefined)?.audit;
    const records = (status?.audit?.records ?? []).map((link) => readRecord(link));
    const last = records.findLast((record) => record?.['kind'] === 'State')?.['reason'];
    const reason = reasonOf(promotion);
    return [
      ...(last === reason ? [] : [`it has come to ${reason}, and its record ends at ${String(last)}`]),
      ...(status?.plan && status.completedAt && head === undefined
        ? ['its last hash is not in the history']
        : []),
    ].map((what) => `the trail of ${metadata.name}: ${what}`);
  });
  const found = verifyCluster(orders, places);
  return [
    ...found.flatMap(({ about, faults }) => faults.map((what) => `the trail of ${about}: ${what}`)),
    ...ends,
  ];
}
