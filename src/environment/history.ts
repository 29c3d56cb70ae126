import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { referenceRun } from '../promotion/revision.ts';
import type { Input } from './input.ts';

/** How promotions ended here, newest first: what is on record, and those that have ended since. */
export function historyOf(input: Input): NonNullable<EnvironmentStatus['history']> {
  const { environment } = input;
  const before = environment.status?.history ?? [];
  const found = input.promotions.flatMap(({ metadata, status }) => {
    const { completedAt, startedAt, revisionDigest, plan, targets: places } = status ?? {};
    const outcome = status?.conditions?.find((c) => c.type === 'Succeeded')?.reason;
    // What was never begun changed nothing here.
    if (!completedAt || !startedAt || !outcome) return [];
    return (plan?.targets ?? []).map(({ name: target, images }) => ({
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
      startedAt,
      completedAt,
    }));
  });
  const fresh = found.filter(
    (f) =>
      !before.some(
        (b) => b.promotion === f.promotion && b.target === f.target && b.completedAt === f.completedAt,
      ),
  );
  const all = [...before, ...fresh].toSorted((a, b) => Date.parse(b.completedAt) - Date.parse(a.completedAt));
  const kept = new Map<string, number>();
  return all.filter(({ target }) => {
    const count = (kept.get(target) ?? 0) + 1;
    kept.set(target, count);
    return count <= environment.spec.historyLimit;
  });
}
