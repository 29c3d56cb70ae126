import type { Blocker } from '../api/v1alpha1/blockers.ts';
import { findCondition, withConditions } from '../api/v1alpha1/conditions.ts';
import { isTerminal, promotionConditions, reasonOf } from '../api/v1alpha1/reasons.ts';
import type { GateResult, Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';
import { toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { unpausedAt } from './pause.ts';
import { imagesOf, revisionDigest, shortRevision } from './revision.ts';
import { resolved } from './advance/tags.ts';
import { bypassedBy } from './bypassed.ts';
import { decisionsOf } from './used.ts';

/** A promotion that has ended is never looked at again. */
export function hasEnded(promotion: Pick<Promotion, 'status'>): boolean {
  return findCondition(promotion, 'Completed')?.status === 'True';
}

/** The column that says how far it is: pauses and weights passed of all steps. */
function summaryOf(promotion: Promotion, outcome: Outcome): PromotionStatus['summary'] {
  const target = outcome.spokenOf;
  return {
    revision: shortRevision(outcome.revision ?? imagesOf(promotion)),
    ...(target?.steps !== undefined && {
      step: `${Math.min(target.step ?? 0, target.steps)}/${target.steps}`,
      weight: target.weight ?? 0,
      target: target.name,
    }),
  };
}

/** What a Rollout, a server or a person wrote may be in it. */
const shown = (message: string): string => presentable(message, 1024);

/** The status after this outcome; what the outcome does not speak of stays as it was. */
export function statusOf(input: Input, outcome: Outcome): PromotionStatus {
  const { promotion, now } = input;
  const before = promotion.status ?? {};
  const images = [...(outcome.revision ?? imagesOf(promotion))];
  const time = toTime(now);
  const plan = outcome.plan ?? before.plan;
  const found = outcome.revert ?? before.revert;
  const revert = found && { ...found, message: shown(found.message) };
  const gates = outcome.results?.length ? fitting(outcome.results) : before.gates;
  const warnings = outcome.warnings?.map(shown) ?? before.warnings ?? [];
  const blockedBy = [...(outcome.blockedBy ?? []), ...distrust(input, outcome)];
  const bypassed = bypassedBy(input, outcome);
  const changedAt = outcome.changedAt ?? before.changedAt;
  const unpaused = unpausedAt(input);
  // A dry run begins nothing, so that an Environment has nothing of it to record.
  const startedAt = before.startedAt ?? (outcome.plan && promotion.spec.dryRun !== true ? time : undefined);
  return {
    observedGeneration: promotion.metadata.generation ?? 0,
    ...(images.length > 0 && {
      revision: { images: resolved(images, outcome.targets ?? before.targets, plan) },
      revisionDigest: revisionDigest(images),
    }),
    ...(changedAt && { changedAt }),
    ...(plan && { plan }),
    summary: summaryOf(promotion, outcome),
    ...((outcome.targets ?? before.targets) && { targets: [...(outcome.targets ?? before.targets ?? [])] }),
    ...(gates && { gates }),
    ...decisionsOf(input, outcome),
    ...(warnings.length > 0 && { warnings }),
    ...(bypassed.length > 0 && { bypassed }),
    ...(blockedBy.length > 0 && {
      blockedBy: blockedBy.slice(0, 16).map((b) => ({ ...b, message: shown(b.message) })),
    }),
    ...(revert && { revert }),
    ...(before.audit && { audit: before.audit }),
    ...(unpaused !== undefined && { unpausedAt: toTime(unpaused) }),
    ...(startedAt && { startedAt }),
    ...(isTerminal(outcome.reason) && { completedAt: time }),
    conditions: withConditions(
      before.conditions,
      promotionConditions(outcome.reason, outcome.message, {
        pastDeadline: outcome.pastDeadline ?? false,
        ...(bypassed.length > 0 && {
          bypassed: bypassed.map((b) => `${b.what} by ${b.by} (${b.ticket})`).join(', '),
        }),
        rolledBack: revert && revert.intentRestoredAt !== undefined && outcome.reason !== 'Reverting',
      }),
      promotion.metadata.generation ?? 0,
      time,
    ),
  };
}

/** Characters of all queries together; the API server stores 1.5 MiB of an object. */
const MOST_QUERY_CHARACTERS = 256 * 1024;

/** Queries may be long: many results share what there is room for. */
function fitting(results: readonly GateResult[]): GateResult[] {
  const share = Math.floor(MOST_QUERY_CHARACTERS / results.length);
  return results.map((r) => (r.query === undefined ? r : { ...r, query: r.query.slice(0, share) }));
}

/** Decisions that are not used, since nothing proves who made them. */
function distrust({ distrusted }: Input, { reason, revert }: Outcome): Blocker[] {
  if (!distrusted || revert || isTerminal(reason)) return [];
  const { count, message } = distrusted;
  const what = count === 1 ? '1 Decision is' : `${count} Decisions are`;
  return [
    {
      reason: 'DecisionsNotTrusted',
      message: `${what} not used, since nothing proves who made it: ${message}`,
    },
  ];
}

/**
 * Whether `after` says for good of targets what `before` did not: that they are back or run it already, or how it ended
 * there. A cache may be behind, and show what was before as if somebody had brought it back.
 */
export function claimsProof(before: PromotionStatus | undefined, after: PromotionStatus): boolean {
  if (after.revert?.intentRestoredAt !== undefined && !before?.revert?.intentRestoredAt) return true;
  if (after.completedAt === undefined) return false;
  return after.plan !== undefined || reasonOf({ status: after }) === 'AlreadyDone';
}

/** Fields that change with every sample: alone they are no reason to write. */
const VOLATILE = new Set([
  'since',
  'value',
  'threshold',
  'samples',
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
    // It follows from the rest, and rides along.
    audit: undefined,
    gates: status?.gates?.map((gate) =>
      Object.fromEntries(
        Object.entries({ ...gate, state: gate.state !== undefined }).filter(([key]) => !VOLATILE.has(key)),
      ),
    ),
    targets: status?.targets?.map((target) => ({ ...target, bakedSeconds: undefined })),
  };
}
