import type { Traffic } from '../delivery.ts';
import type { Rollout } from './types.ts';

/** How far a Rollout's strategy has brought the current revision, and what is wrong with the strategy. */
export interface StrategyView {
  step: number;
  steps: number;
  /** What the fingerprint of the steps is made of: an edit of any of it ends a promotion. */
  stepsOf: unknown;
  pauses: readonly number[];
  /** It stands at `step`, for that reason alone, and traffic is where the step wants it. */
  waiting: boolean;
  /** It stands there, but traffic is somewhere else. */
  misrouted?: string;
  /** Percent of traffic that is asked for on the current revision while it is not fully promoted. */
  weight: number;
  /** The same at the first step that waits; absent where nobody is served before the switch. */
  firstWeight?: number;
  /** The same at the step that waits after `step`; 100 where none does. */
  nextWeight: number;
  traffic?: Traffic;
  scaleDownDelaySeconds?: number;
  /** What keeps any promotion from being brought back, each with its fix. */
  problems: readonly string[];
  /** What keeps gates from judging while it rolls out, each with its fix. */
  unjudgeable: readonly string[];
  warnings: readonly string[];
}

/** Pods of the revision before stay for so long unless the strategy says otherwise (argo-rollouts utils/defaults). */
export const SCALE_DOWN_DELAY_SECONDS = 30;

/** The one reason for which it is paused; undefined: not paused, or for other reasons too. */
export function pauseReason({ status }: Rollout): string | undefined {
  const [first, ...others] = status?.pauseConditions ?? [];
  return others.length === 0 ? first?.reason : undefined;
}
