import { digestOf } from '../../api/v1alpha1/images.ts';
import { parsePromotion } from '../../api/v1alpha1/parse.ts';
import { reasonOf } from '../../api/v1alpha1/reasons.ts';
import type { Promotion } from '../../api/v1alpha1/types.ts';
import type { Recorded } from '../../delivery/delivery.ts';
import type { Inherited, Rival } from '../input.ts';
import { isStuck } from '../start/turn.ts';
import { assignmentOf, environmentNamed, type Sources, targetsOf } from './sources.ts';

/* What no cache has: the API server is asked for it, before all the rest is read. */

/** A record can exist from preflight on; before that nobody has to be asked for it. */
function mayBeRecorded(promotion: Promotion): boolean {
  return promotion.status?.plan !== undefined || reasonOf(promotion) === 'Preflight';
}

/** The record of each target, where there may be one. */
export async function recordsOf(
  sources: Sources,
  promotion: Promotion,
): Promise<Map<string, Recorded | undefined>> {
  const records = new Map<string, Recorded | undefined>();
  if (mayBeRecorded(promotion))
    for (const target of targetsOf(promotion, environmentNamed(sources, promotion)))
      records.set(target.name, await sources.delivery.recorded(assignmentOf(promotion, target, undefined)));
  return records;
}

/**
 * What older promotions that are stuck on their way back leave to this one: the record of what was good there,
 * as long as nobody but them has changed the template.
 */
export async function inheritedBy(
  sources: Sources,
  promotion: Promotion,
  rivals: readonly Rival[],
): Promise<Map<string, Inherited>> {
  const { namespace, creationTimestamp } = promotion.metadata;
  const found = new Map<string, Inherited>();
  const applying = promotion.status?.targets?.some((t) => ['Pending', 'Applying'].includes(t.state));
  if (promotion.status?.plan && !applying) return found;
  // Not one in RevertPendingIntent: whoever declares the failed revision there would declare it over the new one, too.
  const older = rivals.filter((r) => isStuck(r) && r.createdAt < Date.parse(creationTimestamp));
  for (const rival of older.filter((r) => r.reason === 'RollbackBlocked')) {
    const raw = sources.promotions.get(namespace, rival.name);
    const parsed = raw && parsePromotion(raw);
    if (!parsed?.ok) continue;
    for (const target of targetsOf(parsed.object, undefined)) {
      const assignment = assignmentOf(parsed.object, target, undefined);
      const recorded = await sources.delivery.recorded(assignment);
      const seen = sources.delivery.observe({ ...assignment, recorded });
      if (recorded && seen.found && (seen.view.isOurs || seen.view.isRecorded))
        found.set(target.name, { recorded, images: assignment.planned?.images ?? [] });
    }
  }
  return found;
}

/** Where a tag was promoted and it is not known what it is at this step, the pods are asked. */
export async function digestsOf(
  sources: Sources,
  promotion: Promotion,
): Promise<Map<string, Record<string, readonly string[]>>> {
  const found = new Map<string, Record<string, readonly string[]>>();
  for (const planned of promotion.status?.plan?.targets ?? []) {
    const status = promotion.status?.targets?.find((t) => t.name === planned.name);
    const tagged = planned.images.some(({ image }) => digestOf(image) === undefined);
    if (!tagged || !status?.canaryHash || status.step === undefined || status.digestsStep === status.step)
      continue;
    const [target] = targetsOf(promotion, undefined).filter((t) => t.name === planned.name);
    if (target)
      found.set(
        planned.name,
        await sources.delivery.digests(assignmentOf(promotion, target, undefined), status.canaryHash),
      );
  }
  return found;
}
