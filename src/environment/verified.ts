import { digestOf } from '../api/v1alpha1/images.ts';
import type { Environment, RevisionImage } from '../api/v1alpha1/types.ts';
import { fromTime } from '../runtime/time.ts';
import { GONE } from './drift.ts';

/** What an Environment says of a revision that wants to rise from there. */
export type Verified =
  /** Every image digest of it is last good there, undisturbed since then (epoch milliseconds). */
  { good: true; since: number } | { good: false; message: string };

/**
 * Whether a revision is good in an Environment: every image digest in it (the registry may differ) is `lastGood` of some
 * target there that is undisturbed: it has not drifted, and nothing goes back on it. Since the youngest of them.
 */
export function verifiedIn(environment: Environment, images: readonly RevisionImage[]): Verified {
  const name = environment.metadata.name;
  let since = 0;
  for (const { image, digest } of images) {
    const found = (environment.status?.targets ?? []).filter((t) =>
      t.lastGood?.images?.some((i) => digest !== undefined && digestOf(i) === digest),
    );
    if (found.length === 0)
      return {
        good: false,
        message: `${image}@${digest ?? ''} is not good in Environment ${name} yet: promote it there first`,
      };
    const times = found.flatMap((t) => (t.drift ? [] : (fromTime(t.steadySince) ?? [])));
    const [disturbed] = found;
    if (times.length === 0 && disturbed?.drift?.found === GONE)
      return {
        good: false,
        message: `the Rollout of target ${disturbed.name} of Environment ${name} is gone: apply it again`,
      };
    if (times.length === 0)
      return {
        good: false,
        message: disturbed?.drift
          ? `target ${disturbed.name} of Environment ${name} has drifted from what was promoted: promote there what is meant`
          : `something newer is on its way back on target ${disturbed?.name ?? ''} of Environment ${name}: its soak begins anew when that is over`,
      };
    since = Math.max(since, Math.min(...times));
  }
  return { good: true, since };
}
