import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { fromTime } from '../runtime/time.ts';

/*
 * The four keys of DORA (dora.dev/guides/dora-metrics), of one Environment, from its history: what is counted stands
 * there, and can be counted again.
 */

type History = NonNullable<EnvironmentStatus['history']>;
type Entry = History[number];

/** A Rollback by a person: what it took back, and when. */
export interface TakenBack {
  revisionDigest: string;
  at: number;
}

const DAY_MS = 24 * 3600 * 1000;
const DAYS = 30;

/** A promotion of several targets is one deployment. */
function byPromotion(history: History): Entry[][] {
  const groups = new Map<string, Entry[]>();
  for (const entry of history) {
    const key = `${entry.promotion} ${entry.completedAt}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()];
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return low === undefined || high === undefined ? undefined : Math.round((low + high) / 2);
}

const secondsBetween = (from: string | undefined, to: string | undefined): number[] => {
  const [start, end] = [fromTime(from), fromTime(to)];
  return start === undefined || end === undefined ? [] : [Math.max(0, end - start) / 1000];
};

/** Of one promotion, on however many targets: from when it was first seen to fail until the last of them was back. */
function secondsToRestore(promotion: readonly Entry[]): number[] {
  const failed = promotion.flatMap((h) => fromTime(h.failedAt) ?? []);
  const restored = promotion.flatMap((h) => fromTime(h.restoredAt) ?? []);
  if (failed.length === 0 || restored.length === 0) return [];
  return [Math.max(0, Math.max(...restored) - Math.min(...failed)) / 1000];
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** What the figures speak of, and of how many days; undefined: nothing has ever ended. */
function spanOf(
  history: History,
  now: number,
  limit: number,
): { recent: History; oldest: number; isFull: boolean; days: number } | undefined {
  if (history.length === 0) return undefined;
  const recent = history.filter((h) => Date.parse(h.completedAt) > now - DAYS * DAY_MS);
  // Infinity where nothing has ended in these days: then nothing of them leaves either.
  const oldest = Math.min(...recent.map((h) => Date.parse(h.completedAt)));
  const isFull = recent.length === history.length && fullest(history) >= limit;
  // Whole days: a figure that changes with every look would be written with every look.
  const days = isFull ? Math.ceil(Math.max(1, (now - oldest) / DAY_MS)) : DAYS;
  return { recent, oldest, isFull, days };
}

/**
 * When the figures change although nothing happens, epoch milliseconds: the oldest entry leaves the 30 days, or what a
 * full history spans is a day more; undefined: they do not.
 */
export function figuresChangeAt(history: History, now: number, limit: number): number | undefined {
  const span = spanOf(history, now, limit);
  if (!span || span.recent.length === 0) return undefined;
  const leaves = span.oldest + DAYS * DAY_MS;
  return span.isFull ? Math.min(leaves, span.oldest + span.days * DAY_MS + 1) : leaves;
}

/**
 * The figures of the last 30 days; of less where the history is full and spans less. A rollback by a person brings no
 * change: it is no deployment and has no lead time, but restores service, and what it took back has failed.
 * @param takenBack Rollbacks by persons.
 * @param limit entries of the history that are kept for each target.
 */
export function doraOf(
  history: History,
  { now, limit, takenBack = [] }: { now: number; limit: number; takenBack?: readonly TakenBack[] },
): EnvironmentStatus['dora'] {
  const span = spanOf(history, now, limit);
  if (!span) return undefined;
  const { recent, days } = span;
  const promotions = byPromotion(recent.filter((h) => h.rollback === undefined));
  const left = takenBack.flatMap((t) => lastBefore(promotions, t) ?? []);
  const good = promotions.filter((p) => p.every((h) => h.outcome === 'Succeeded'));
  const failed = promotions.filter((p) =>
    p.some((h) => h.failedAt !== undefined || left.includes(h.promotion)),
  );
  const judged = new Set([...good, ...failed]).size;
  const lead = median(good.flatMap(([h]) => secondsBetween(h?.changedAt, h?.completedAt)));
  const restore = median(byPromotion(recent).flatMap(secondsToRestore));
  return {
    days,
    deployments: good.length,
    deploymentsPerDay: rounded(good.length / days),
    ...(lead !== undefined && { leadTimeSeconds: lead }),
    ...(judged > 0 && { changeFailureRate: rounded(failed.length / judged) }),
    ...(restore !== undefined && { restoreSeconds: restore }),
  };
}

/** The promotion that a Rollback took back: the last of that revision that had begun by then. Decisions have whole seconds. */
function lastBefore(promotions: readonly Entry[][], { revisionDigest, at }: TakenBack): string | undefined {
  const begun = (h: Entry): number => Date.parse(h.startedAt ?? h.completedAt);
  return promotions
    .flat()
    .filter((h) => h.revisionDigest === revisionDigest && begun(h) < at + 1000)
    .toSorted((a, b) => begun(b) - begun(a))[0]?.promotion;
}

/** Entries of the target that has most. */
function fullest(history: History): number {
  const counts = new Map<string, number>();
  for (const { target } of history) counts.set(target, (counts.get(target) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
