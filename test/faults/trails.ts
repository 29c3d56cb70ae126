import { faultsOf } from '../../src/audit/trail.ts';
import { readRecord } from '../../src/audit/chain.ts';
import type { Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeObject } from '../harness/api.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';

/**
 * What is wrong with the audit trails of an app's promotions: a chain that is broken, an end or a Decision that is not
 * on record, a last hash that the Environment's history has otherwise.
 */
export async function brokenTrails(api: Api, namespace: string, app: string): Promise<string[]> {
  const [promotions, environments] = await Promise.all([
    api.list<Promotion & KubeObject>(sluicePath(namespace, 'promotions')),
    api.list<Environment & KubeObject>(sluicePath(namespace, 'environments')),
  ]);
  const history = environments.items.flatMap(({ status }) => status?.history ?? []);
  return promotions.items
    .filter(({ spec }) => spec.environment.startsWith(app))
    .flatMap((promotion) => {
      const { metadata, status } = promotion;
      const { name, uid } = metadata;
      const audit = status?.audit;
      const head = history.find((h) => h.promotion === name && h.audit !== undefined)?.audit;
      const records = (audit?.records ?? []).map((link) => readRecord(link));
      const last = records.findLast((record) => record?.['kind'] === 'State')?.['reason'];
      const told = records.filter((record) => record?.['kind'] === 'Decision').map((r) => r?.['uid']);
      const missing = (status?.decisions ?? []).filter((d) => !told.includes(d.uid));
      const reason = reasonOf(promotion);
      return [
        ...faultsOf(uid, audit, head),
        ...(last === reason ? [] : [`it has come to ${reason}, and its record ends at ${String(last)}`]),
        ...missing.map((d) => `the ${d.verdict} of ${d.by} is not on record`),
        ...(status?.plan && status.completedAt && head === undefined
          ? ['its last hash is not in the history']
          : []),
      ].map((what) => `the trail of ${name}: ${what}`);
    });
}
