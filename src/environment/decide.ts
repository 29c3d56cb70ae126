import { withConditions } from '../api/v1alpha1/conditions.ts';
import type { Environment, EnvironmentStatus, Promotion, QuarantineEntry } from '../api/v1alpha1/types.ts';
import { digestOf, repositoryOf } from '../api/v1alpha1/images.ts';
import { toTime } from '../runtime/time.ts';

/** Everything that an Environment's status follows from. */
export interface Input {
  now: number;
  environment: Environment;
  /** Every Promotion for this Environment that still exists. */
  promotions: readonly Promotion[];
  /** What is missing or unusable, each in one sentence that says what to do. */
  problems: readonly string[];
}

const QUARANTINE_LIMIT = 200;
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
  return {
    revisionDigest: promotion.status?.revisionDigest ?? '',
    images: planned?.images.map((i) => i.image) ?? [],
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

function truthOf(input: Input, name: string): TargetTruth {
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
  return {
    name,
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

/** What a failed promotion has shown to be bad: the images that it changed on the target that failed. */
function badOf(promotion: Promotion): QuarantineEntry[] {
  const { revert, plan } = promotion.status ?? {};
  if (!revert?.quarantine) return [];
  const planned = plan?.targets.find((t) => t.name === revert.target);
  return (planned?.images ?? [])
    .filter((i) => i.changed)
    .map(({ image }) => ({
      target: revert.target ?? '',
      image: repositoryOf(image),
      digest: digestOf(image) ?? '',
      reason: revert.message,
      promotion: promotion.metadata.name,
      since: revert.detectedAt,
    }));
}

/** Entries stay until a person releases them. A full list drops nothing: what is new waits, and its target with it. */
function quarantineOf(input: Input): QuarantineEntry[] {
  const list = [...(input.environment.status?.quarantine ?? [])];
  for (const entry of input.promotions.flatMap(badOf))
    if (
      list.length < QUARANTINE_LIMIT &&
      !list.some((q) => q.target === entry.target && q.image === entry.image && q.digest === entry.digest)
    )
      list.push(entry);
  return list;
}

/** The status of an Environment: its truth about each target, what it refuses, and whether it is usable. */
export function decide(input: Input): EnvironmentStatus {
  const { environment, problems } = input;
  const generation = environment.metadata.generation ?? 0;
  const quarantine = quarantineOf(input);
  const ready = problems.length === 0;
  return {
    observedGeneration: generation,
    targets: environment.spec.targets.map((t) => truthOf(input, t.name)),
    ...(quarantine.length > 0 && { quarantine }),
    conditions: withConditions(
      environment.status?.conditions,
      [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          reason: ready ? 'Ready' : 'AwaitingReference',
          message: ready ? 'every target and gate exists' : problems.join('; ').slice(0, 4096),
        },
      ],
      generation,
      toTime(input.now),
    ),
  };
}
