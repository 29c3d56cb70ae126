import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { EnvironmentEvent } from '../api/v1alpha1/events.ts';
import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';

/** One thing that happened to a place, as an event says it. */
export interface Change {
  type: 'Normal' | 'Warning';
  reason: EnvironmentEvent;
  action: string;
  note: string;
}

/** Conditions that come and go, and whether that is bad. */
const TOLD = { Drifted: 'Warning', FollowUpOverdue: 'Warning', Frozen: 'Normal' } as const;

/** The events of one status change. */
export function changesOf(before: EnvironmentStatus | undefined, after: EnvironmentStatus): Change[] {
  return (Object.keys(TOLD) as (keyof typeof TOLD)[]).flatMap((type): Change[] => {
    const [old, now] = [findCondition({ status: before }, type), findCondition({ status: after }, type)];
    if (now && !old) return [{ type: TOLD[type], reason: type, action: 'Watching', note: now.message }];
    if (old && !now)
      return [
        { type: 'Normal', reason: `${type}Over`, action: 'Watching', note: `no longer: ${old.message}` },
      ];
    return [];
  });
}
