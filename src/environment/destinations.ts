import { digestOf, repositoryOf } from '../api/v1alpha1/images.ts';
import type { Environment, EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { parseReference, shortRevision } from '../promotion/revision.ts';

/* Where a Rollback by a person goes, target by target. */

type TargetTruth = NonNullable<EnvironmentStatus['targets']>[number];

/** A revision that ran on a target, as it is on record. */
interface Ran {
  revisionDigest?: string | undefined;
  images?: readonly string[] | undefined;
}

/** Images to run, or why it goes nowhere, and what to do. */
export type Destination = { images: readonly string[]; revisionDigest: string } | { refusal: string };

/** The revision in short, with its digest. */
export function inWords({ images = [], revisionDigest = '' }: Ran): string {
  const parsed = images.flatMap((reference) => parseReference(reference) ?? []);
  return `${shortRevision(parsed)} (${revisionDigest})`;
}

/** What runs with it: what its images are, wherever a revision takes them from. A tag may be anything. */
function contentOf({ images = [] }: Ran): string | undefined {
  const isExact = images.length > 0 && images.every((i) => digestOf(i) !== undefined);
  return isExact
    ? images
        .map((i) => `${repositoryOf(i)}@${digestOf(i)}`)
        .toSorted()
        .join(' ')
    : undefined;
}

export function isSame(one: Ran, other: Ran): boolean {
  const [a, b] = [contentOf(one), contentOf(other)];
  return a === undefined || b === undefined ? one.revisionDigest === other.revisionDigest : a === b;
}

/** Why a revision cannot be brought back on a target; undefined: it can. */
function unusable({ status }: Environment, target: string, ran: Ran): string | undefined {
  const bad = status?.quarantine?.find(
    (q) =>
      q.target === target && ran.images?.some((i) => repositoryOf(i) === q.image && digestOf(i) === q.digest),
  );
  if (bad)
    return `${inWords(ran)} is refused on target ${target} since promotion ${bad.promotion} failed: release it with a Decision first, or name another revisionDigest of status.history`;
  if (contentOf(ran) === undefined)
    return `of revision ${ran.revisionDigest ?? ''} no digest is on record for each image of target ${target}, so that nobody knows what ran: apply a Promotion of what is meant`;
  return undefined;
}

/**
 * What was good on a target before a revision was promoted there, newest first. Where a rollback has brought that back
 * it counts from its own promotion: what was taken back in between is not where anybody wants to go.
 */
function goodBefore({ status }: Environment, target: string, revision: Ran): Ran[] {
  const good = (status?.history ?? []).filter((h) => h.target === target && h.outcome === 'Succeeded');
  const at = good.findIndex((h) => h.rollback === undefined && isSame(h, revision));
  return at < 0 ? [] : good.slice(at + 1).filter((h) => !isSame(h, revision));
}

/** Whether something newer than what was last good is fully promoted on a target, or on its way there. */
export function hasNewer({ current, lastGood, candidate }: TargetTruth): boolean {
  if (!lastGood) return false;
  return (
    (current !== undefined && !isSame(current, lastGood)) ||
    (candidate !== undefined && candidate.revisionDigest !== lastGood.revisionDigest)
  );
}

/** What was last good, or, where that is what runs, what was good before it. */
function goodOnes(environment: Environment, truth: TargetTruth): Destination {
  const { name, lastGood, candidate } = truth;
  if (!lastGood)
    return { refusal: `nothing was ever good on target ${name}: name a revisionDigest of status.history` };
  const back = environment.status?.decisions?.find(
    ({ verdict, uid }) => verdict === 'Rollback' && candidate?.promotion === rollbackName(uid),
  );
  if (back)
    return {
      refusal: `target ${name} is on its way back already, by Decision ${back.name}: wait until Promotion ${rollbackName(back.uid)} has ended, or name a revisionDigest of status.history`,
    };
  const isNewer = hasNewer(truth);
  const choices = [...(isNewer ? [lastGood] : []), ...goodBefore(environment, name, lastGood)];
  const found = choices.find((c) => unusable(environment, name, c) === undefined);
  if (found) return { images: found.images ?? [], revisionDigest: found.revisionDigest ?? '' };
  const [first] = choices;
  const why = first && unusable(environment, name, first);
  return {
    refusal:
      why ??
      `target ${name} runs what was last good, ${inWords(lastGood)}, and status.history knows nothing that was good there before: apply a Promotion of what is meant`,
  };
}

type Entries = NonNullable<EnvironmentStatus['history']>;

/** Why a revision that is named is not brought back: it is not known to have been good on a target, ever. */
function neverGood({ name, current, candidate }: TargetTruth, wanted: string, entries: Entries): string {
  const [last] = entries;
  const other =
    'name a revisionDigest of status.history that has Succeeded, or apply a Promotion of it, which the gates judge';
  if (last)
    return `${inWords(last)} was never good on target ${name}, promotion ${last.promotion} ended as ${last.outcome}: ${other}`;
  const coming = [current, candidate].find((r) => r?.revisionDigest === wanted);
  return coming
    ? `revision ${wanted} was never good on target ${name} before, and promotion ${coming.promotion} has not ended: wait for it, or ${other}`
    : `target ${name} has no revisionDigest ${wanted} in status.history: name one that it has`;
}

/**
 * Where a Rollback goes on one target.
 * @param wanted the revisionDigest that it names.
 */
export function destinationOf(
  environment: Environment,
  target: string,
  wanted: string | undefined,
): Destination {
  const { status } = environment;
  const truth = status?.targets?.find((t) => t.name === target);
  if (!truth)
    return { refusal: `Environment ${environment.metadata.name} knows nothing of a target ${target}` };
  if (wanted === undefined) return goodOnes(environment, truth);
  const entries = (status?.history ?? []).filter((h) => h.target === target && h.revisionDigest === wanted);
  // No gate is asked on the way back: what was never good here has to come as a change does.
  const isLastGood = truth.lastGood?.revisionDigest === wanted;
  const good = isLastGood
    ? truth.lastGood
    : entries.find((h) => h.outcome === 'Succeeded' && h.images?.length);
  const images = good?.images;
  if (!images) return { refusal: neverGood(truth, wanted, entries) };
  const refusal = unusable(environment, target, { images, revisionDigest: wanted });
  return refusal === undefined ? { images, revisionDigest: wanted } : { refusal };
}

/** The name of the Promotion that a Rollback makes: the same however often it is looked at. */
export function rollbackName(uid: string): string {
  return `rollback-${uid}`;
}
