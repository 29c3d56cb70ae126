import { findCondition } from '../api/v1alpha1/conditions.ts';
import type {
  Decision,
  Environment,
  EnvironmentStatus,
  Promotion,
  RevisionImage,
} from '../api/v1alpha1/types.ts';
import { parseReference, shortRevision } from '../promotion/revision.ts';
import { toTime } from '../runtime/time.ts';
import { destinationOf, hasNewer, inWords, isSame, rollbackName } from './destinations.ts';
import type { Input } from './input.ts';
import type { Order } from './order.ts';
import { isUsed } from './used.ts';

/* Rollbacks by people: a promotion of what ran before, and a hold on what would come by itself. */

/** Rollbacks, and the Resumes that lift their hold on autoPromote, oldest first. */
function placeDecisions({ decisions, environment }: Input): Decision[] {
  const goes = (d: Decision): boolean =>
    isUsed(d, environment.status) || refusalOfRollback(environment, d) === undefined;
  return decisions
    .filter((d) =>
      d.spec.verdict === 'Rollback' ? goes(d) : d.spec.verdict === 'Resume' && !d.spec.promotion,
    )
    .toSorted(
      (a, b) =>
        Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
        // Of the same second the Rollback is last: to hold is the safer reading.
        Number(a.spec.verdict === 'Rollback') - Number(b.spec.verdict === 'Rollback'),
    );
}

/** Whether autoPromote is held: by the last Rollback, until a Resume. */
export function heldAuto(input: Input): EnvironmentStatus['autoPromote'] {
  const last = placeDecisions(input).at(-1);
  if (!last) return input.environment.status?.autoPromote;
  if (last.spec.verdict === 'Resume') {
    const held = input.environment.status?.autoPromote;
    // A Rollback that came after it is on record, and is not to be seen: the cache is behind.
    return held && Date.parse(held.since) >= Date.parse(last.metadata.creationTimestamp) ? held : undefined;
  }
  const { by, reason = '' } = last.spec;
  return {
    heldBy: by,
    reason: `rollback: ${reason}`.slice(0, 1024),
    since: toTime(Date.parse(last.metadata.creationTimestamp)),
  };
}

/** What a Rollback brings back, and on which targets. */
interface Way {
  targets: string[];
  images: RevisionImage[];
  /** The revision in words. */
  to: string;
  /** The revision that it takes back. */
  left?: string;
}

/**
 * Targets that a Rollback is for: the one that it names, those that have run the revision that it names, those that have
 * something newer than what was last good, else those that the latest promotion has brought something to.
 */
function targetsOf({ spec, status }: Environment, decision: Decision): string[] {
  const { target, revisionDigest } = decision.spec;
  if (target !== undefined) return [target];
  const names = spec.targets.map((t) => t.name);
  if (revisionDigest !== undefined) return names;
  const truths = (status?.targets ?? []).filter((t) => names.includes(t.name));
  const newer = truths.filter(hasNewer);
  const [latest] = truths
    .flatMap((t) => t.lastGood ?? [])
    .toSorted((a, b) => Date.parse(b.since) - Date.parse(a.since));
  const own = newer.length > 0 ? newer : truths.filter((t) => t.lastGood?.promotion === latest?.promotion);
  return own.map((t) => t.name);
}

/** Where a Rollback goes, or why it goes nowhere, and what to do. */
function wayOf(environment: Environment, decision: Decision): Way | { refusal: string } {
  // A refusal is final: what a person was told to do otherwise is not done later, when it happens to be possible.
  const accepted = findCondition(decision, 'Accepted');
  if (accepted?.status === 'False') return { refusal: accepted.message };
  const names = targetsOf(environment, decision);
  const [first = environment.spec.targets[0]?.name ?? ''] = names;
  const found = names.map((name) => ({
    name,
    destination: destinationOf(environment, name, decision.spec.revisionDigest),
  }));
  const going = found.flatMap(({ name, destination }) =>
    'images' in destination ? [{ name, ...destination }] : [],
  );
  const [one] = going;
  if (!one) {
    const destination = destinationOf(environment, first, decision.spec.revisionDigest);
    return { refusal: 'refusal' in destination ? destination.refusal : 'it names no target' };
  }
  const images = new Map<string, RevisionImage>();
  for (const { name, images: own } of going)
    for (const image of own.flatMap((reference) => parseReference(reference) ?? [])) {
      if ((images.get(image.image) ?? image).digest !== image.digest)
        return {
          refusal: `target ${name} goes back to another digest of ${image.image} than ${one.name}: name the target, in one Decision for each`,
        };
      images.set(image.image, image);
    }
  const truth = environment.status?.targets?.find((t) => t.name === one.name);
  const isCurrent = truth?.current && isSame(truth.current, one);
  const left = (isCurrent ? truth.candidate : truth?.current)?.revisionDigest;
  return {
    targets: going.map((g) => g.name),
    images: [...images.values()],
    to: `${[...new Set(going.map(inWords))].join(', ')}${leftOut(names, going)}`.slice(0, 512),
    ...(left && { left }),
  };
}

/** Targets that it is for and that it does not reach: nobody is to believe that they went back as well. */
function leftOut(names: readonly string[], going: readonly { name: string }[]): string {
  const out = names.filter((name) => !going.some((g) => g.name === name));
  if (out.length === 0) return '';
  return `; left out: ${out.length === 1 ? 'target' : 'targets'} ${out.join(', ')}, where it cannot go: a Rollback that names the target says why`;
}

/** Why a Rollback goes nowhere, and what to do; undefined: it goes. */
export function refusalOfRollback(environment: Environment, decision: Decision): string | undefined {
  const way = wayOf(environment, decision);
  return 'refusal' in way ? way.refusal : undefined;
}

/** What is put on record of a Rollback that is used. */
export function recordOf(environment: Environment, decision: Decision): Pick<Way, 'left'> & { to?: string } {
  const way = wayOf(environment, decision);
  return 'refusal' in way ? {} : { to: way.to, ...(way.left && { left: way.left }) };
}

/** Rollbacks that go on their way at one look: for each there is room on record. */
const MOST_AT_ONCE = 16;

/** Rollbacks that were not used yet and go now, oldest first. */
export function goingNow(input: Input): Decision[] {
  return placeDecisions(input)
    .filter((d) => d.spec.verdict === 'Rollback' && !isUsed(d, input.environment.status))
    .slice(0, MOST_AT_ONCE);
}

/** Promotions that Rollbacks ask for which were not used yet. */
export function rollbackOrders(input: Input): Order[] {
  return goingNow(input).flatMap((decision): Order[] => {
    const { metadata, spec } = decision;
    const way = wayOf(input.environment, decision);
    if ('refusal' in way) return [];
    const { targets, images } = way;
    const promotion: Promotion['spec'] = {
      environment: spec.environment,
      targets,
      revision: { images },
      rollback: { decision: metadata.name, uid: metadata.uid, by: spec.by },
      reason:
        `rollback by ${spec.by} to ${shortRevision(images)}${spec.reason ? `: ${spec.reason}` : ''}`.slice(
          0,
          1024,
        ),
    };
    return [{ name: rollbackName(metadata.uid), spec: promotion }];
  });
}
