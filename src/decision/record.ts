import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { Audit, Decision, Environment, Promotion } from '../api/v1alpha1/types.ts';
import { readRecord } from '../audit/chain.ts';
import { presentable } from '../runtime/presentable.ts';

/** A Decision and what became of it, for the log: who, what and why. */
export function inLog(decision: Decision): Record<string, unknown> {
  const { metadata, spec } = decision;
  const fate = findCondition(decision, 'Accepted');
  const texts = { by: spec.by, reason: spec.reason, ticket: spec.ticket };
  return {
    name: metadata.name,
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp,
    ...spec,
    ...Object.fromEntries(
      Object.entries(texts).flatMap(([key, text]) =>
        text === undefined ? [] : [[key, presentable(text, 1024)]],
      ),
    ),
    fate: fate?.reason,
    because: fate?.message,
  };
}

/** The objects that a Decision names, as far as they are there. */
export interface Places {
  promotion: Promotion | undefined;
  environment: Environment | undefined;
}

/** In a trail, or so old that its record was let go of, to the log. */
function tells(audit: Audit | undefined, uid: string): boolean {
  if (audit?.cut) return true;
  return (audit?.records ?? []).some((link) => {
    const record = readRecord(link);
    return record?.['kind'] === 'Decision' && record['uid'] === uid;
  });
}

/**
 * Whether a Decision whose fate is decided may go: it was refused, which is a line of the log; or the trail of what has
 * used it tells of it. Where that was deleted there is nothing to ask, and its records are in the log.
 */
export function isOnRecord(decision: Decision, { promotion, environment }: Places): boolean {
  const { metadata, spec } = decision;
  if (findCondition(decision, 'Accepted')?.status !== 'True') return true;
  const byPlace = environment === undefined || tells(environment.status?.audit, metadata.uid);
  if (!spec.promotion) return byPlace;
  const isGone = promotion?.metadata.uid !== spec.promotion.uid;
  // What was approved after an emergency the Environment has used.
  const isApproved = spec.verdict === 'Approve' && environment !== undefined && byPlace;
  return isGone || isApproved || tells(promotion?.status?.audit, metadata.uid);
}
