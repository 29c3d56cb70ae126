import { analysis, rollback } from '../api/v1alpha1/environment.ts';
import type { Environment } from '../api/v1alpha1/types.ts';

/** How long things may take: live from the Environment, all in seconds. */
export interface Timing {
  settleSeconds: number;
  minStepSeconds: number;
  bakeSeconds: number;
  maxBlindSeconds: number;
  rollbackDeadlineSeconds: number;
}

/** The Environment's timing; the API's defaults where it was deleted in mid-flight. */
export function timingOf(environment: Environment | undefined): Timing {
  return {
    ...(environment?.spec.analysis ?? analysis.parse(undefined)),
    rollbackDeadlineSeconds: (environment?.spec.rollback ?? rollback.parse(undefined)).deadlineSeconds,
  };
}
