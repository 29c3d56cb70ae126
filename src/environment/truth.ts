import { digestOf } from '../api/v1alpha1/images.ts';
import type {
  EnvironmentStatus,
  PlannedTarget,
  Promotion,
  Target,
  TargetStatus,
} from '../api/v1alpha1/types.ts';
import { digestRun } from '../promotion/revision.ts';
import { presentable } from '../runtime/presentable.ts';
import { toTime } from '../runtime/time.ts';
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

/** The image reference with the digest that ran. */
function referenceRun(planned: PlannedTarget['images'][number], status: TargetStatus | undefined): string {
  const digest = digestRun(planned, status);
  return digest && digestOf(planned.image) === undefined ? `${planned.image}@${digest}` : planned.image;
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

/** The newer of what was known and what the promotions say. */
function newest(known: RevisionRef | undefined, found: readonly RevisionRef[]): RevisionRef | undefined {
  return [...(known ? [known] : []), ...found].toSorted(
    (a, b) => Date.parse(b.since) - Date.parse(a.since),
  )[0];
}

/** What a target runs, what is good of it, what is on its way, and what somebody else made of it. */
export function truthOf(input: Input, target: Target): TargetTruth {
  const { name } = target;
  const known = input.environment.status?.targets?.find((t) => t.name === name);
  const promoted = input.promotions.flatMap((p) => {
    const since = promotedAt(p, name);
    return since ? [{ promotion: p, ref: refTo(p, name, since) }] : [];
  });
  const good = promoted.filter(({ promotion }) =>
    promotion.status?.targets?.some((t) => t.name === name && t.state === 'Succeeded'),
  );
  const lastGood = newest(
    known?.lastGood,
    good.map(({ ref }) => ref),
  );
  // A current revision whose promotion went back since is current no more: the last good one is.
  const wentBack = input.promotions.some(
    (p) => p.metadata.name === known?.current?.promotion && p.status?.revert,
  );
  const current = newest(
    wentBack ? lastGood : known?.current,
    promoted.map(({ ref }) => ref),
  );
  const inFlight = input.promotions.find(
    (p) => p.status?.plan?.targets.some((t) => t.name === name) && p.status.completedAt === undefined,
  );
  const drift = inFlight || !current ? undefined : driftOf(input, target, current, known?.drift);
  return {
    name,
    ...(drift && { drift }),
    ...(current && { current }),
    ...(lastGood && { lastGood }),
    ...(inFlight && {
      candidate: {
        revisionDigest: inFlight.status?.revisionDigest ?? '',
        promotion: inFlight.metadata.name,
      },
    }),
  };
}

/** Somebody declared other images than were promoted, with no promotion in flight. */
function driftOf(
  input: Input,
  target: Target,
  current: RevisionRef,
  before: TargetTruth['drift'],
): TargetTruth['drift'] {
  const declared = input.declared(target);
  const images = current.images ?? [];
  // Where a tag was promoted the tag is declared, and the digest that ran is on record.
  const isDeclared = (i: string): boolean =>
    declared?.some((d) => d === i || (digestOf(d) === undefined && i.startsWith(`${d}@`))) ?? true;
  if (!declared || images.every(isDeclared)) return undefined;
  const [expected, found] = [images.join(' '), declared.join(' ')].map((t) => presentable(t, 4096));
  const since = before?.found === found ? before?.since : undefined;
  return { expected: expected ?? '', found: found ?? '', since: since ?? toTime(input.now) };
}
