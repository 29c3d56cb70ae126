import { parseEnvironment, type RawObject } from '../api/v1alpha1/parse.ts';
import type { Promotion } from '../api/v1alpha1/types.ts';

/** Whether the Environment's status has what there is to keep of a promotion that has ended. */
export function isOnRecord(raw: RawObject, { metadata, status }: Promotion): boolean {
  const parsed = parseEnvironment(raw);
  // What never began has changed nothing; an Environment that nobody can read records nothing.
  if (!parsed.ok || !status?.startedAt) return true;
  const { spec, status: environment } = parsed.object;
  const inFlight = environment?.targets?.some((t) => t.candidate?.promotion === metadata.name) ?? false;
  return (
    !inFlight &&
    (status.plan?.targets ?? []).every(({ name }) => {
      const entries = environment?.history?.filter((h) => h.target === name) ?? [];
      const isIn = entries.some((h) => h.promotion === metadata.name && h.completedAt === status.completedAt);
      return isIn || entries.length >= spec.historyLimit;
    })
  );
}
