import type { Wanted } from './conditions.ts';

/** Every condition of an Environment, with the reasons that it is given. */
export const ENVIRONMENT_CONDITIONS = {
  Ready: ['Ready', 'AwaitingReference', 'InvalidWindow'],
  Drifted: ['ImagesChanged', 'RolloutGone'],
  FollowUpOverdue: ['NotApproved'],
  Frozen: ['Declared', 'Decided'],
} as const;

type Conditions = typeof ENVIRONMENT_CONDITIONS;

/** A condition of an Environment, with one of its reasons. */
export type EnvironmentCondition = {
  [Type in keyof Conditions]: Wanted & { type: Type; reason: Conditions[Type][number] };
}[keyof Conditions];
