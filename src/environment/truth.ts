import type { EnvironmentStatus, Promotion, Target } from '../api/v1alpha1/types.ts';
import { referenceRun } from '../promotion/revision.ts';
import { fromTime, toTime } from '../runtime/time.ts';
import { changedAt } from './changed.ts';
import { driftOf } from './drift.ts';
import type { Input } from './input.ts';

type TargetTruth = NonNullable<EnvironmentStatus['targets']>[number];
type RevisionRef = NonNullable<TargetTruth['current']>;

/** When this promotion had fully promoted the target; undefined: not, or it went back. */
function promotedAt(promotion: Promotion, target: string): string | undefined {
  const status = promotion.status;
  const place = status?.targets?.find((t) => t.name === target);
  if (!place || status?.revert || place.step === undefined || place.step !== place.steps) return undefined;
  return place.reachedAt;
}

function refTo(promotion: Promotion, target: string, since: string): RevisionRef {
  const planned = promotion.status?.plan?.targets.find((t) => t.name === target);
  const status = promotion.status?.targets?.find((t) => t.name === target);
  return {
    revisionDigest: promotion.status?.revisionDigest ?? '',
    images: planned?.images.map((i) => referenceRun(i, status)) ?? [],
    promotion: promotion.metadata.name,
    since,
  };
}

/** With when its change was made, once: what that is read from may be forgotten. */
function withChange(
  input: Input,
  known: TargetTruth | undefined,
  ref: RevisionRef | undefined,
): RevisionRef | undefined {
  const promotion = input.promotions.find((p) => p.metadata.name === ref?.promotion);
  if (!ref || ref.changedAt || !promotion) return ref;
  const before = [known?.current, known?.lastGood].find((r) => r?.promotion === ref.promotion);
  return { ...ref, changedAt: before?.changedAt ?? changedAt(input, promotion) };
}

/** A revision that a promotion brought, and when that promotion was created: by the API server's clock, not by ours. */
interface Brought {
  ref: RevisionRef;
  createdAt: number;
}

/**
 * The newest of what the promotions brought, or what is on record where that is newer. One promotion after another
 * has a target, in the order of their creation, which holds also after the operator's clock was set back; a time that
 * lies ahead is taken for now, once.
 */
function newest(
  now: number,
  known: RevisionRef | undefined,
  found: readonly Brought[],
): RevisionRef | undefined {
  const at = (ref: RevisionRef): number => Math.min(Date.parse(ref.since), now);
  const best = found.toSorted(
    (a, b) => b.createdAt - a.createdAt || Date.parse(b.ref.since) - Date.parse(a.ref.since),
  )[0]?.ref;
  const isFound = found.some(({ ref }) => ref.promotion === known?.promotion);
  const one = known && (!best || (!isFound && at(known) > at(best))) ? known : best;
  if (!one || Date.parse(one.since) <= now) return one;
  const isKept = known?.promotion === one.promotion && Date.parse(known.since) <= now;
  return { ...one, since: isKept ? known.since : toTime(now) };
}

/** What a target runs, what is good of it, what is on its way, and what somebody else made of it. */
export function truthOf(input: Input, target: Target): TargetTruth {
  const { name } = target;
  const known = input.environment.status?.targets?.find((t) => t.name === name);
  const promoted = input.promotions.flatMap((p) => {
    const since = promotedAt(p, name);
    const createdAt = Date.parse(p.metadata.creationTimestamp);
    return since ? [{ promotion: p, createdAt, ref: refTo(p, name, since) }] : [];
  });
  const good = promoted.filter(({ promotion }) =>
    promotion.status?.targets?.some((t) => t.name === name && t.state === 'Succeeded'),
  );
  const dated = (ref: RevisionRef | undefined): RevisionRef | undefined => withChange(input, known, ref);
  const lastGood = dated(newest(input.now, known?.lastGood, good));
  // A current revision whose promotion went back since is current no more: the last good one is.
  const wentBack = input.promotions.some(
    (p) => p.metadata.name === known?.current?.promotion && p.status?.revert,
  );
  const current = dated(newest(input.now, wentBack ? lastGood : known?.current, promoted));
  const inFlight = input.promotions.find(
    (p) => p.status?.plan?.targets.some((t) => t.name === name) && p.status.completedAt === undefined,
  );
  const drift = inFlight || !current ? undefined : driftOf(input, target, current, known?.drift);
  const steadySince = drift ? undefined : steadyOf(input, name, lastGood, known);
  return {
    name,
    ...(drift && { drift }),
    ...(current && { current }),
    ...(lastGood && { lastGood }),
    ...(steadySince !== undefined && { steadySince: toTime(steadySince) }),
    ...(inFlight && {
      candidate: {
        revisionDigest: inFlight.status?.revisionDigest ?? '',
        promotion: inFlight.metadata.name,
      },
    }),
  };
}

/** Reverts of promotions that had begun on a target: when each was proven; `NaN` while it is under way. */
function revertsOn(input: Input, target: string): number[] {
  return input.promotions.flatMap(({ status }) => {
    const place = status?.targets?.find((t) => t.name === target);
    const touched = status?.revert && place && place.state !== 'Pending' && place.state !== 'Ended';
    return touched ? [fromTime(status.completedAt) ?? Number.NaN] : [];
  });
}

/**
 * Since when what is last good has been undisturbed: by drift, and by a revert of something newer. Undefined while one
 * of them lasts: then nothing soaks, and it begins anew when that is over.
 */
function steadyOf(
  input: Input,
  target: string,
  lastGood: RevisionRef | undefined,
  known: TargetTruth | undefined,
): number | undefined {
  const reverts = revertsOn(input, target);
  if (!lastGood || reverts.some((at) => Number.isNaN(at))) return undefined;
  const same = known?.lastGood?.promotion === lastGood.promotion;
  // What has lasted until the last look is over now; when a revert was over is on record.
  const disturbedUntilNow = same && known.drift ? input.now : 0;
  const before = same ? (fromTime(known.steadySince) ?? 0) : 0;
  // Promoted is not good yet: that is when its bake was over.
  const place = input.promotions
    .find(({ metadata }) => metadata.name === lastGood.promotion)
    ?.status?.targets?.find((t) => t.name === target);
  const became = place?.state === 'Succeeded' ? place.since : lastGood.since;
  const since = Math.max(fromTime(became) ?? 0, before, disturbedUntilNow, ...reverts);
  return Math.min(since, input.now);
}
