import type { EnvironmentStatus, Promotion } from '../api/v1alpha1/types.ts';
import { referenceRun } from '../promotion/revision.ts';
import { toTime } from '../runtime/time.ts';
import { changedAt } from './changed.ts';
import type { Input } from './input.ts';

/**
 * A change has failed where something measured has shown it to be bad: a gate's Fail, or pods that do not come up; that
 * is also what its images are refused for. A person's Abort, a deletion and a Reject say nothing of the change; neither
 * does a window that closes, a gate that cannot see or has no verdict in time, or a stranger's hand.
 */
const isFailure = (revert: NonNullable<Promotion['status']>['revert']): boolean =>
  revert?.quarantine === true;

/** How promotions ended here, newest first: what is on record, and those that have ended since. */
export function historyOf(input: Input): NonNullable<EnvironmentStatus['history']> {
  const { environment } = input;
  const before = environment.status?.history ?? [];
  const found = input.promotions.flatMap((promotion) => {
    const { metadata, spec, status } = promotion;
    const { completedAt, startedAt, revisionDigest, plan, revert, targets: places } = status ?? {};
    const outcome = status?.conditions?.find((c) => c.type === 'Succeeded')?.reason;
    const head = status?.audit?.records.at(-1)?.hash;
    // What was never begun changed nothing here.
    if (!completedAt || !startedAt || !outcome) return [];
    const fresh = (plan?.targets ?? []).filter(
      ({ name }) =>
        !before.some(
          (b) => b.promotion === metadata.name && b.target === name && b.completedAt === completedAt,
        ),
    );
    return fresh.map(({ name: target, images }) => ({
      promotion: metadata.name,
      target,
      outcome,
      ...(revisionDigest && { revisionDigest }),
      images: images.map((i) =>
        referenceRun(
          i,
          places?.find((t) => t.name === target),
        ),
      ),
      changedAt: changedAt(input, promotion),
      startedAt,
      completedAt,
      ...(head && { audit: head }),
      ...(spec.rollback && { rollback: spec.rollback.decision }),
      // A person asked for it when service was bad, and it was good again when this was done.
      ...(spec.rollback &&
        outcome === 'Succeeded' && {
          failedAt: toTime(Date.parse(metadata.creationTimestamp)),
          restoredAt: completedAt,
        }),
      ...(isFailure(revert) && { failedAt: revert?.detectedAt }),
      ...(revert?.intentRestoredAt && { restoredAt: revert.intentRestoredAt }),
    }));
  });
  const all = [...before, ...found].toSorted((a, b) => Date.parse(b.completedAt) - Date.parse(a.completedAt));
  const kept = new Map<string, number>();
  return all.filter(({ target }) => {
    const count = (kept.get(target) ?? 0) + 1;
    kept.set(target, count);
    return count <= environment.spec.historyLimit;
  });
}
