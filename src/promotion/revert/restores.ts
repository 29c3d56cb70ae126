import type { TargetStatus } from '../../api/v1alpha1/types.ts';
import type { TargetView } from '../../delivery/delivery.ts';
import { fromTime, toTime } from '../../runtime/time.ts';

/** So often the recorded template is put back; against whoever undoes that as often Sluice does not fight (law 5). */
const MOST_RESTORES = 2;
/**
 * Where someone else may declare it, the template has to stand for so long before it counts as back: Argo CD's
 * self-heal undoes a change within seconds (after 5 s, or in newer versions by a backoff from 2 s), and an ended
 * promotion sees nothing.
 */
export const STANDS_MS = 15_000;

/** One restore more was seen: declared in the cache, or in the API server's answer to our own write. */
function counted(status: TargetStatus, view: TargetView): TargetStatus {
  const generation = Math.max(status.restoredGeneration ?? 0, view.restoredGeneration ?? 0);
  return {
    ...status,
    restores: (status.restores ?? 0) + 1,
    ...(generation > 0 && { restoredGeneration: generation }),
  };
}

/** The failed template is declared, still or again: what was proven of the recorded one holds no more. */
export function undone(status: TargetStatus, view: TargetView): TargetStatus {
  // Whoever is quicker than our next look is noticed by the answer to our write alone.
  const unseen = (view.restoredGeneration ?? 0) > (status.restoredGeneration ?? 0);
  if (!status.templateRestoredAt && !unseen) return status;
  const { templateRestoredAt: _, ...rest } = status;
  return unseen ? counted(rest, view) : rest;
}

/** The recorded template is declared: a restore counts once it was seen, so a crash counts for nothing. */
export function restored(status: TargetStatus, view: TargetView, now: number): TargetStatus {
  if (status.templateRestoredAt) return status;
  return { ...counted(status, view), templateRestoredAt: toTime(now) };
}

/** Someone has undone it as often as it was put back. */
export function isContested({ restores = 0 }: TargetStatus): boolean {
  return restores >= MOST_RESTORES;
}

/** Until when the recorded template has to stand before it counts as back; undefined: it counts. */
export function standsUntil(
  { templateRestoredAt, restores = 0 }: TargetStatus,
  writes: 'Template' | 'Images' | undefined,
  now: number,
): number | undefined {
  if (writes !== 'Images' && restores <= 1) return undefined;
  const until = (fromTime(templateRestoredAt) ?? now) + STANDS_MS;
  return now < until ? until : undefined;
}
