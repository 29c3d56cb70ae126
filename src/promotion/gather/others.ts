import { parsePromotion, type RawObject } from '../../api/v1alpha1/parse.ts';
import { reasonOf } from '../../api/v1alpha1/reasons.ts';
import type { Promotion } from '../../api/v1alpha1/types.ts';
import { BY_ENVIRONMENT } from '../indexes.ts';
import type { Rival, Successor } from '../input.ts';
import { imagesOf } from '../revision.ts';
import { priorityOf } from '../start/turn.ts';
import { hasEnded } from '../status.ts';
import type { Sources } from './sources.ts';

/** Kept as long as an object is: with thousands in one queue each of them reads all the others. */
const rivals = new WeakMap<RawObject, Rival | 'none'>();

/** What others see of a promotion; none once it has ended, and of one that touches nothing. */
function rivalOf(raw: RawObject): Rival | 'none' {
  const parsed = parsePromotion(raw);
  if (!parsed.ok || hasEnded(parsed.object) || parsed.object.spec.dryRun) return 'none';
  const { metadata, spec, status } = parsed.object;
  return {
    name: metadata.name,
    uid: metadata.uid,
    createdAt: Date.parse(metadata.creationTimestamp),
    priority: priorityOf(spec),
    reason: reasonOf(parsed.object),
    started: status?.plan !== undefined,
    targets: status?.plan?.targets.map((t) => t.name) ?? spec.targets,
    images: imagesOf(parsed.object),
  };
}

const successors = new WeakMap<RawObject, Successor | 'none'>();

/** One that has brought its revision to its targets. */
function successorOf(raw: RawObject): Successor | 'none' {
  const parsed = parsePromotion(raw);
  if (!parsed.ok || reasonOf(parsed.object) !== 'Succeeded') return 'none';
  const { metadata, status } = parsed.object;
  const targets = status?.plan?.targets.map((t) => t.name) ?? [];
  return { name: metadata.name, createdAt: Date.parse(metadata.creationTimestamp), targets };
}

/** Of all promotions for the same Environment what one function sees in them, computed once for each version. */
function seenIn<T extends object>(
  sources: Sources,
  promotion: Promotion,
  known: WeakMap<RawObject, T | 'none'>,
  see: (raw: RawObject) => T | 'none',
): T[] {
  const key = `${promotion.metadata.namespace}/${promotion.spec.environment}`;
  const found: T[] = [];
  for (const raw of sources.promotions.byIndex(BY_ENVIRONMENT, key)) {
    let seen = known.get(raw);
    if (seen === undefined) known.set(raw, (seen = see(raw)));
    if (seen !== 'none' && raw.metadata.uid !== promotion.metadata.uid) found.push(seen);
  }
  return found;
}

/** Promotions for the same Environment that have not ended. */
export const rivalsOf = (sources: Sources, promotion: Promotion): Rival[] =>
  seenIn(sources, promotion, rivals, rivalOf);
/** Promotions for the same Environment that have brought their revision there. */
export const successorsOf = (sources: Sources, promotion: Promotion): Successor[] =>
  seenIn(sources, promotion, successors, successorOf);
