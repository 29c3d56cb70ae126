import { findCondition, withConditions } from '../api/v1alpha1/conditions.ts';
import { isTerminal, promotionConditions } from '../api/v1alpha1/reasons.ts';
import type { Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { revisionDigest, shortRevision } from './revision.ts';

/** A promotion that has ended is never looked at again. */
export function hasEnded(promotion: Promotion): boolean {
  return findCondition(promotion, 'Completed')?.status === 'True';
}

/** The column that says how far it is: pauses and weights passed of all steps. */
function summaryOf(promotion: Promotion, outcome: Outcome): PromotionStatus['summary'] {
  const target = outcome.target;
  return {
    revision: shortRevision(promotion.spec.revision.images),
    ...(target?.steps !== undefined && {
      step: `${Math.min(target.step ?? 0, target.steps)}/${target.steps}`,
      weight: target.weight ?? 0,
      target: target.name,
    }),
  };
}

/** The status after this outcome; what the outcome does not speak of stays as it was. */
export function statusOf(input: Input, outcome: Outcome): PromotionStatus {
  const { promotion, now } = input;
  const before = promotion.status ?? {};
  const { images } = promotion.spec.revision;
  const time = toTime(now);
  const plan = outcome.plan ?? before.plan;
  const revert = outcome.revert ?? before.revert;
  const gates = outcome.results?.length ? [...outcome.results] : before.gates;
  const startedAt = before.startedAt ?? (outcome.plan && time);
  return {
    observedGeneration: promotion.metadata.generation ?? 0,
    revision: { images },
    revisionDigest: revisionDigest(images),
    ...(plan && { plan }),
    summary: summaryOf(promotion, outcome),
    ...(outcome.target ? { targets: [outcome.target] } : before.targets && { targets: before.targets }),
    ...(gates && { gates }),
    ...(outcome.blockedBy?.length && { blockedBy: outcome.blockedBy }),
    ...(revert && { revert }),
    ...(startedAt && { startedAt }),
    ...(isTerminal(outcome.reason) && { completedAt: time }),
    conditions: withConditions(
      before.conditions,
      promotionConditions(outcome.reason, outcome.message.slice(0, 4096), {
        pastDeadline: outcome.pastDeadline ?? false,
        rolledBack: revert && revert.intentRestoredAt !== undefined && outcome.reason !== 'Reverting',
      }),
      promotion.metadata.generation ?? 0,
      time,
    ),
  };
}

/** Fields that change with every sample: alone they are no reason to write. */
const VOLATILE = new Set([
  'since',
  'value',
  'threshold',
  'sampleCount',
  'sampledAt',
  'query',
  'message',
  'recent',
]);

/**
 * The part of a status whose change is worth a write (law 8: quiet). Evidence and covered time ride
 * along with the next real change.
 */
export function significant(status: PromotionStatus | undefined): unknown {
  return {
    ...status,
    // Of a state only that there is one: a restart goes on from the first as well as from the last.
    gates: status?.gates?.map((gate) =>
      Object.fromEntries(
        Object.entries({ ...gate, state: gate.state !== undefined }).filter(([key]) => !VOLATILE.has(key)),
      ),
    ),
    targets: status?.targets?.map((target) => ({ ...target, bakedSeconds: undefined })),
  };
}
