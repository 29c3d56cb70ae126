import type { EnvironmentCondition } from '../api/v1alpha1/environment-conditions.ts';
import type { Environment, EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import type { Freeze } from './calendar.ts';
import { GONE } from './drift.ts';
import type { FollowUp } from './follow-ups.ts';

/* The conditions of an Environment, each with what to do. */

/** What they are made from. */
interface Findings {
  targets: NonNullable<EnvironmentStatus['targets']>;
  /** Emergencies that were not approved afterwards in time. */
  late: readonly FollowUp[];
  freeze: Freeze | undefined;
  problems: readonly string[];
  /** A window that cannot be read. */
  unreadable: string | undefined;
}

/** The conditions that hold. */
export function conditionsOf(environment: Environment, findings: Findings): EnvironmentCondition[] {
  const { targets, late, freeze, problems, unreadable } = findings;
  return [
    readiness(problems, unreadable),
    ...driftIn(targets),
    ...(late.length > 0 ? [overdue(late)] : []),
    ...(freeze ? [frozen(environment, freeze)] : []),
  ];
}

/** Whether promotions can run here at all. */
function readiness(problems: readonly string[], unreadable: string | undefined): EnvironmentCondition {
  const all = [...(unreadable === undefined ? [] : [unreadable]), ...problems];
  if (all.length === 0)
    return { type: 'Ready', status: 'True', reason: 'Ready', message: 'every target and gate exists' };
  const reason = unreadable === undefined ? 'AwaitingReference' : 'InvalidWindow';
  return { type: 'Ready', status: 'False', reason, message: all.join('; ') };
}

function driftIn(targets: Findings['targets']): EnvironmentCondition[] {
  const drifted = targets.filter((t) => t.drift);
  if (drifted.length === 0) return [];
  const isGone = (t: (typeof drifted)[number]): boolean => t.drift?.found === GONE;
  const [gone, changed] = [drifted.filter(isGone), drifted.filter((t) => !isGone(t))];
  const names = (list: typeof drifted): string => list.map((t) => t.name).join(', ');
  const messages = [
    ...(changed.length > 0
      ? [`somebody changed the images of ${names(changed)} since they were promoted: promote what is meant`]
      : []),
    ...(gone.length > 0
      ? [`the Rollout of ${names(gone)} is gone since something was promoted there: apply it again`]
      : []),
  ];
  const reason = changed.length > 0 ? 'ImagesChanged' : 'RolloutGone';
  return [{ type: 'Drifted', status: 'True', reason, message: messages.join('; ') }];
}

function overdue(late: readonly FollowUp[]): EnvironmentCondition {
  const emergencies = late.map((f) => `emergency ${f.promotion} (${f.ticket}) by ${f.by}`).join(', ');
  return {
    type: 'FollowUpOverdue',
    status: 'True',
    reason: 'NotApproved',
    message: `${emergencies} was to be approved afterwards: somebody else creates a Decision with verdict Approve and gate follow-up for it`,
  };
}

function frozen({ metadata }: Environment, { by, reason, until }: Freeze): EnvironmentCondition {
  const end = until === undefined ? '' : ` until ${toTime(until)}`;
  const how =
    by === undefined
      ? 'take spec.freeze out of the Environment'
      : `create a Decision with verdict Thaw for Environment ${metadata.name}`;
  return {
    type: 'Frozen',
    status: 'True',
    reason: by === undefined ? 'Declared' : 'Decided',
    message: `nothing begins and nothing advances here${end} (${reason}): ${how} to end it${until === undefined ? '' : ' sooner'}`,
  };
}
