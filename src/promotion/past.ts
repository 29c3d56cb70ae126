import type { Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { fromTime, toTime } from '../runtime/time.ts';

/**
 * The promotion as if no time in its status lay ahead of `now`. One that does was written before the clock was set
 * back; waiting for it would hold up a step, or a revert, for as long as the clock was wrong. Taken for now it makes
 * a wait begin anew at most, and is written so with the next status.
 */
export function withoutFuture(promotion: Promotion, now: number): Promotion {
  const { status } = promotion;
  if (!status || !timesOf(status).some((time) => (fromTime(time) ?? now) > now)) return promotion;
  const past = <K extends string, T extends { [key in K]?: string | undefined }>(of: T, ...keys: K[]): T => {
    const ahead = keys.filter((key) => (fromTime(of[key]) ?? now) > now);
    return ahead.length === 0 ? of : { ...of, ...Object.fromEntries(ahead.map((key) => [key, toTime(now)])) };
  };
  return {
    ...promotion,
    status: {
      ...status,
      ...(status.targets && {
        targets: status.targets.map((t) => past(t, 'since', 'reachedAt', 'templateRestoredAt')),
      }),
      ...(status.gates && { gates: status.gates.map((g) => past(g, 'since')) }),
      ...(status.revert && { revert: past(status.revert, 'detectedAt') }),
      ...past({ unpausedAt: status.unpausedAt }, 'unpausedAt'),
    },
  };
}

/** Every time that something is waited for from. */
function timesOf({ targets = [], gates = [], revert, unpausedAt }: PromotionStatus): (string | undefined)[] {
  return [
    ...targets.flatMap((t) => [t.since, t.reachedAt, t.templateRestoredAt]),
    ...gates.map((g) => g.since),
    revert?.detectedAt,
    unpausedAt,
  ];
}
