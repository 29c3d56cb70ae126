import { PROMOTION_REASONS } from '../../src/api/v1alpha1/reasons.ts';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeList, KubeObject } from './api.ts';
import { reasonOf } from './promotions.ts';
import type { Run } from './run.ts';
import { isRecorded, record } from './seen.ts';
import { follow } from './watch.ts';

const PROMOTIONS = '/apis/sluice.dev/v1alpha1/promotions';
const followed = new WeakSet<Run>();

/**
 * Follows every Promotion of a world for as long as its run lasts, and records each reason that one shows. A watch
 * misses none: it brings every version that was written. The chart has to be installed.
 */
export async function recordReasons(run: Run, api: Api): Promise<void> {
  if (!isRecorded() || followed.has(run)) return;
  followed.add(run);
  const seen = new Set<string>();
  const note = (promotion: Promotion & KubeObject): void => {
    const reason = reasonOf(promotion);
    if (reason === '' || seen.has(reason)) return;
    seen.add(reason);
    record([{ reason, promotion: `${promotion.metadata.namespace}/${promotion.metadata.name}` }]);
  };
  const watch = await follow(api, PROMOTIONS, note);
  run.beforeClose(async () => {
    watch.stop();
    // What was written a moment ago may still be on its way; an API server that is down has nothing to add.
    const last = api.send<KubeList<Promotion & KubeObject>>('GET', PROMOTIONS, {
      signal: AbortSignal.timeout(5000),
    });
    for (const promotion of (await last.catch(() => undefined))?.items ?? []) note(promotion);
  });
}

/** What is wrong about the reasons that were seen. @param complete whether everything ran that could show one. */
export function reasonComplaints(
  seen: readonly { reason: string; promotion: string }[],
  complete: boolean,
): string[] {
  const declared = Object.keys(PROMOTION_REASONS);
  const undeclared = new Map(
    seen
      .filter(({ reason }) => !declared.includes(reason))
      .map(({ reason, promotion }) => [reason, promotion]),
  );
  const reached = new Set(seen.map(({ reason }) => reason));
  const missing = complete ? declared.filter((reason) => !reached.has(reason)) : [];
  return [
    ...[...undeclared].map(
      ([reason, promotion]) =>
        `Promotion ${promotion} has shown the reason ${reason}, which is not in PROMOTION_REASONS: declare it there, and in the table of the API`,
    ),
    ...missing.map(
      (reason) =>
        `no Promotion has shown the reason ${reason}: add an integration test that reaches it, or remove it from PROMOTION_REASONS`,
    ),
  ];
}
