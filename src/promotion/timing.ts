import { analysis, rollback } from '../api/v1alpha1/environment.ts';
import type { Environment } from '../api/v1alpha1/types.ts';

/** How long things may take: live from the Environment, all in seconds. */
export interface Timing {
  settleSeconds: number;
  minStepSeconds: number;
  bakeSeconds: number;
  maxBlindSeconds: number;
  onBlind: 'Hold' | 'Revert';
  rollbackDeadlineSeconds: number;
  onFail: 'Revert' | 'Hold';
}

/** The Environment's timing; the API's defaults where it was deleted in mid-flight. */
export function timingOf(environment: Environment | undefined): Timing {
  const { onFail, deadlineSeconds } = environment?.spec.rollback ?? rollback.parse(undefined);
  return {
    ...(environment?.spec.analysis ?? analysis.parse(undefined)),
    rollbackDeadlineSeconds: deadlineSeconds,
    onFail,
  };
}
