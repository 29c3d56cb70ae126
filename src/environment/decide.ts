import { withConditions } from '../api/v1alpha1/conditions.ts';
import type {
  Decision,
  Environment,
  EnvironmentStatus,
  PlannedTarget,
  Promotion,
  QuarantineEntry,
  Target,
  TargetStatus,
} from '../api/v1alpha1/types.ts';
import { digestOf, repositoryOf } from '../api/v1alpha1/images.ts';
import { digestRun } from '../promotion/revision.ts';
import { toTime } from '../runtime/time.ts';

/** Everything that an Environment's status follows from. */
export interface Input {
  now: number;
  environment: Environment;
  /** Every Promotion for this Environment that still exists. */
  promotions: readonly Promotion[];
  /** Release Decisions for this Environment. */
  releases: readonly Decision[];
  /** Images that a target's template declares; undefined: it is not there. */
  declared(target: Target): readonly string[] | undefined;
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

function truthOf(input: Input, target: Target): TargetTruth {
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
  const [expected, found] = [images.join(' '), declared.join(' ')].map((t) => t.slice(0, 4096));
  const since = before?.found === found ? before?.since : undefined;
  return { expected: expected ?? '', found: found ?? '', since: since ?? toTime(input.now) };
}

/** What was let out of quarantine: what is on record, and the Decisions that let something out now. */
function releasedOf(input: Input): NonNullable<EnvironmentStatus['released']> {
  const before = input.environment.status?.released ?? [];
  const refused = input.environment.status?.quarantine ?? [];
  // When it was used, by the clock that the failures are timed with: what fails later is refused anew.
  const at = toTime(input.now);
  const fresh = input.releases.flatMap(({ metadata, spec }) => {
    const { target = '', revisionDigest = '', by } = spec;
    const made = metadata.creationTimestamp;
    const known = before.some((r) => r.uid === metadata.uid);
    const concerns = refused.some(
      (q) => q.target === target && q.revisionDigest === revisionDigest && !isEarlierSecond(made, q.since),
    );
    return known || !concerns
      ? []
      : [{ target, revisionDigest, decision: metadata.name, uid: metadata.uid, by, at }];
  });
  return [...before, ...fresh].slice(-QUARANTINE_LIMIT);
}

/** By whole seconds: a creationTimestamp has no more. */
function isEarlierSecond(time: string, other: string): boolean {
  return Math.floor(Date.parse(time) / 1000) < Math.floor(Date.parse(other) / 1000);
}

/** How promotions ended here, newest first: what is on record, and those that have ended since. */
function historyOf(input: Input): NonNullable<EnvironmentStatus['history']> {
  const { environment } = input;
  const before = environment.status?.history ?? [];
  const found = input.promotions.flatMap(({ metadata, status }) => {
    const { completedAt, startedAt, revisionDigest, plan } = status ?? {};
    const outcome = status?.conditions?.find((c) => c.type === 'Succeeded')?.reason;
    // What was never begun changed nothing here.
    if (!completedAt || !startedAt || !outcome) return [];
    return (plan?.targets ?? []).map(({ name: target }) => ({
      promotion: metadata.name,
      target,
      outcome,
      ...(revisionDigest && { revisionDigest }),
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

/** What a failed promotion has shown to be bad: the images that it changed on the target that failed. */
function badOf(promotion: Promotion): QuarantineEntry[] {
  const { revert, plan } = promotion.status ?? {};
  if (!revert?.quarantine) return [];
  const planned = plan?.targets.find((t) => t.name === revert.target);
  const status = promotion.status?.targets?.find((t) => t.name === revert.target);
  return (planned?.images ?? [])
    .filter((i) => i.changed)
    .flatMap((i) => ({ repository: repositoryOf(i.image), digest: digestRun(i, status) ?? [] }))
    .flatMap(({ repository, digest }) => (typeof digest === 'string' ? { repository, digest } : []))
    .map(({ repository, digest }) => ({
      target: revert.target ?? '',
      image: repository,
      digest,
      ...(promotion.status?.revisionDigest && { revisionDigest: promotion.status.revisionDigest }),
      reason: revert.message,
      promotion: promotion.metadata.name,
      since: revert.detectedAt,
    }));
}

/** Entries stay until a person releases them. A full list drops nothing: what is new waits, and its target with it. */
function quarantineOf(input: Input, released: NonNullable<EnvironmentStatus['released']>): QuarantineEntry[] {
  const isFree = (q: QuarantineEntry): boolean =>
    released.some(
      (r) =>
        r.target === q.target &&
        r.revisionDigest === q.revisionDigest &&
        Date.parse(q.since) <= Date.parse(r.at),
    );
  const list = (input.environment.status?.quarantine ?? []).filter((q) => !isFree(q));
  for (const entry of input.promotions.flatMap(badOf))
    if (
      list.length < QUARANTINE_LIMIT &&
      !isFree(entry) &&
      !list.some((q) => q.target === entry.target && q.image === entry.image && q.digest === entry.digest)
    )
      list.push(entry);
  return list;
}

/** The status of an Environment: its truth about each target, what it refuses, and whether it is usable. */
export function decide(input: Input): EnvironmentStatus {
  const { environment, problems } = input;
  const generation = environment.metadata.generation ?? 0;
  const released = releasedOf(input);
  const quarantine = quarantineOf(input, released);
  const history = historyOf(input);
  const targets = environment.spec.targets.map((t) => truthOf(input, t));
  const drifted = targets.filter((t) => t.drift).map((t) => t.name);
  const ready = problems.length === 0;
  return {
    observedGeneration: generation,
    targets,
    ...(quarantine.length > 0 && { quarantine }),
    ...(released.length > 0 && { released }),
    ...(history.length > 0 && { history }),
    conditions: withConditions(
      environment.status?.conditions,
      [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          reason: ready ? 'Ready' : 'AwaitingReference',
          message: ready ? 'every target and gate exists' : problems.join('; ').slice(0, 4096),
        },
        ...(drifted.length > 0
          ? [
              {
                type: 'Drifted',
                status: 'True' as const,
                reason: 'ImagesChanged',
                message: `somebody changed the images of ${drifted.join(', ')} since they were promoted: promote what is meant`,
              },
            ]
          : []),
      ],
      generation,
      toTime(input.now),
    ),
  };
}
