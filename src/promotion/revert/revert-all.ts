import type { Plan, PlannedTarget, Revert, TargetStatus } from '../../api/v1alpha1/types.ts';
import { repositoryOf } from '../../api/v1alpha1/images.ts';
import { isPromotionReason } from '../../api/v1alpha1/reasons.ts';
import { earliest, fromTime, toTime } from '../../runtime/time.ts';
import { inFlight } from '../in-flight.ts';
import type { Input } from '../input.ts';
import { ended, moved, type Outcome } from '../outcome.ts';
import { digestRun } from '../revision.ts';
import { type Return, revertTarget } from './revert.ts';
import { timingOf } from '../timing.ts';

/**
 * Brings every target back that was touched. All in mid-canary are aborted at once; the declared templates
 * go back from the last wave to the first. A wave waits for the one after it at most the rollback's
 * deadline, so that one target that cannot be brought back holds none of the others.
 */
export function revertAll(
  input: Input,
  plan: Plan,
  before: Revert,
  statuses: readonly TargetStatus[],
): Outcome {
  const deadlineMs = timingOf(input.environment).rollbackDeadlineSeconds * 1000;
  const turns = turnsOf(plan, statuses, Date.parse(before.detectedAt), deadlineMs);
  const returns = plan.targets.map((planned, i): Return => {
    const status = statuses[i] ?? { name: planned.name, state: 'Pending', since: toTime(input.now) };
    if (['Pending', 'Ended', 'RolledBack'].includes(status.state)) return { target: status, message: '' };
    const d = inFlight(input, plan, planned);
    if (!('view' in d)) {
      if (d.failed) return { target: d.target, message: d.message };
      return { target: moved(status, 'RollbackBlocked', input.now), message: d.message, late: true };
    }
    const turnAt = turns.get(planned.wave) ?? Number.POSITIVE_INFINITY;
    return revertTarget({ ...d, status }, before, { turnAt, dueAt: turnAt + deadlineMs });
  });
  const revert = timed(input, before, returns);
  const targets = returns.map((r) => r.target);
  const open = returns.filter((r) => ['Reverting', 'RollbackBlocked'].includes(r.target.state));
  // What is late speaks first, then what a person is asked, then the last wave, since it goes first.
  const waveOf = (r: Return): number => plan.targets.find((t) => t.name === r.target.name)?.wave ?? 0;
  const [first] = open.toSorted((a, b) => loudness(b) - loudness(a) || waveOf(b) - waveOf(a));
  if (!first) return over(input, plan, revert, targets);
  const effects = returns.flatMap((r) => r.effect ?? []);
  const name = plan.targets.length > 1 ? `${first.target.name}: ` : '';
  const wakeAt = earliest(...returns.map((r) => r.wakeAt));
  if (first.ask !== undefined)
    return {
      reason: 'RevertPendingIntent',
      message: `${name}${first.ask} (${before.message})`,
      targets,
      spokenOf: first.target,
      revert,
      effects,
      blockedBy: [{ reason: 'Intent', message: first.ask.slice(0, 1024) }],
      wakeAt,
    };
  return {
    reason: first.late ? 'RollbackBlocked' : 'Reverting',
    message: first.late
      ? `${name}the revert is not proven in time and goes on (${first.message}): look at its Rollout and the Rollouts controller (${before.message})`
      : `${name}${first.message}: ${before.message}`,
    targets,
    spokenOf: first.target,
    revert,
    effects,
    wakeAt,
  };
}

const loudness = (r: Return): number => (r.late ? 2 : r.ask === undefined ? 0 : 1);

/** From when on each wave's declared templates may be put back, milliseconds since the epoch. */
function turnsOf(
  plan: Plan,
  statuses: readonly TargetStatus[],
  detectedAt: number,
  deadlineMs: number,
): Map<number, number> {
  const waves = [...new Set(plan.targets.map((t) => t.wave))].toSorted((a, b) => b - a);
  const turns = new Map<number, number>();
  let turnAt = detectedAt;
  for (const wave of waves) {
    turns.set(wave, turnAt);
    const here = statuses.filter((_, i) => plan.targets[i]?.wave === wave);
    const open = here.some((t) => ['Reverting', 'RollbackBlocked'].includes(t.state) || isForward(t));
    const proven = here.flatMap((t) => (t.state === 'RolledBack' ? (fromTime(t.since) ?? []) : []));
    turnAt = Math.min(turnAt + deadlineMs, open ? Number.POSITIVE_INFINITY : Math.max(turnAt, ...proven));
  }
  return turns;
}

/** Touched, and not yet on its way back. */
function isForward(t: TargetStatus): boolean {
  return !['Pending', 'Ended', 'RolledBack', 'Reverting', 'RollbackBlocked'].includes(t.state);
}

const is = (r: Return, stage: 'commanded' | 'traffic' | 'intent'): boolean =>
  r.target.state === 'RolledBack' || r[stage] === true;

/** The times of the whole: the first command, and when the last target's traffic and intent were back. */
function timed(input: Input, before: Revert, returns: readonly Return[]): Revert {
  const now = toTime(input.now);
  const touched = returns.filter((r) => !['Pending', 'Ended'].includes(r.target.state));
  // Someone has declared the failed revision again: what was proven holds no more.
  const isUndone = returns.some((r) => r.undone);
  const commandedAt = before.commandedAt ?? (touched.some((r) => is(r, 'commanded')) ? now : undefined);
  const trafficRestoredAt =
    (isUndone ? undefined : before.trafficRestoredAt) ??
    (touched.every((r) => is(r, 'traffic')) ? now : undefined);
  const intentRestoredAt =
    (isUndone ? undefined : before.intentRestoredAt) ??
    (touched.every((r) => is(r, 'intent')) ? now : undefined);
  const { trafficRestoredAt: _traffic, intentRestoredAt: _intent, ...kept } = before;
  return {
    ...kept,
    ...(commandedAt && { commandedAt }),
    ...(trafficRestoredAt && { trafficRestoredAt }),
    ...(intentRestoredAt && { intentRestoredAt }),
  };
}

/** Every target is back, or not ours any more. */
function over(input: Input, plan: Plan, revert: Revert, targets: readonly TargetStatus[]): Outcome {
  const spokenOf = targets.find((t) => t.name === revert.target);
  const failed = plan.targets.find((t) => t.name === revert.target);
  if (revert.quarantine && failed && !isQuarantined(input, failed))
    return {
      reason: 'Reverting',
      message: 'the previous revision is back; waiting until the Environment refuses the failed images',
      targets,
      spokenOf,
      revert,
    };
  const lost = targets.find((t) => t.reason !== undefined);
  const ending = isPromotionReason(revert.reason) ? revert.reason : lost?.reason;
  return {
    reason: isPromotionReason(ending) ? ending : 'RolledBack',
    message:
      lost && !isPromotionReason(revert.reason)
        ? `somebody else took ${lost.name} over, so Sluice keeps its hands off: settle it there (${revert.message})`
        : `the previous revision is back: ${revert.message}`,
    targets: ended(targets, input.now),
    spokenOf,
    revert,
  };
}

/** The Environment already refuses what failed here; without an Environment there is nobody to refuse it. */
function isQuarantined({ environment, promotion }: Input, planned: PlannedTarget): boolean {
  if (!environment) return true;
  const list = environment.status?.quarantine ?? [];
  const status = promotion.status?.targets?.find((t) => t.name === planned.name);
  return planned.images
    .filter((i) => i.changed)
    .every((i) => {
      // A tag whose pods never ran has no digest that could be refused.
      const digest = digestRun(i, status);
      return (
        digest === undefined ||
        list.some(
          (q) => q.target === planned.name && q.image === repositoryOf(i.image) && q.digest === digest,
        )
      );
    });
}
