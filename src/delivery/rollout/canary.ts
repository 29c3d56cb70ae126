import type { Traffic } from '../delivery.ts';
import { pauseIndices, stepProblems, weightAt } from './steps.ts';
import { pauseReason, SCALE_DOWN_DELAY_SECONDS, type StrategyView } from './strategy.ts';
import { CANARY_PAUSE, type CanaryStep, type CanaryStrategy, type Rollout } from './types.ts';

/** Weights as percent: a router may count to another number than 100. */
function inPercent(steps: readonly CanaryStep[], max: number): readonly CanaryStep[] {
  if (max === 100) return steps;
  return steps.map((step) =>
    step.setWeight === undefined ? step : { ...step, setWeight: (step.setWeight * 100) / max },
  );
}

/** Where the router sends traffic, as the controller reports it; undefined: nobody reports it. */
function trafficOf({ status }: Rollout, max: number): Traffic | undefined {
  const weights = status?.canary?.weights;
  if (!weights) return undefined;
  const destinations = [weights.canary, weights.stable, ...(weights.additional ?? [])];
  return {
    by: 'Router',
    shares: destinations.map((d) => ({
      hash: d?.podTemplateHash ?? '',
      percent: ((d?.weight ?? 0) * 100) / max,
    })),
    verified: weights.verified !== false,
  };
}

/** How the router differs from what the steps ask for; undefined: it does not. */
function misroutedBy({ shares, verified }: Traffic, weight: number): string | undefined {
  const routed = shares[0]?.percent ?? 0;
  if (routed !== weight)
    return `the router sends ${routed} % to the new revision and not ${weight} %: see whether its pods are ready`;
  return verified ? undefined : `the router does not confirm the weight of ${weight} % yet: look at it`;
}

/** What a person should know of a canary, each with what to do. */
function warningsOf({ spec }: Rollout, steps: readonly CanaryStep[]): string[] {
  const warnings: string[] = [];
  if (!spec.rollbackWindow?.revisions)
    warnings.push(
      'it has no rollbackWindow, so the way back after full promotion begins at the first step, with as few pods, before the steps are skipped: set rollbackWindow.revisions to 1 or more',
    );
  const replicas = spec.replicas ?? 1;
  const rough = steps.find(
    (s) =>
      s.setWeight !== undefined && s.setWeight < 100 && !Number.isInteger((s.setWeight * replicas) / 100),
  );
  if (rough && !spec.strategy?.canary?.trafficRouting)
    warnings.push(
      `${replicas} replicas cannot express a weight of ${rough.setWeight}: use a weight that makes whole pods, more replicas, or trafficRouting`,
    );
  return warnings;
}

/** What keeps a canary from being brought back, each with its fix. */
function problemsOf(spec: CanaryStrategy): string[] {
  const problems: string[] = [];
  // The canary waits for the stable pods and they for it, so an abort never ends (argo-rollouts#4898).
  if (spec.dynamicStableScale && spec.abortScaleDownDelaySeconds)
    problems.push(
      'with dynamicStableScale and abortScaleDownDelaySeconds an abort never ends: remove canary.abortScaleDownDelaySeconds',
    );
  return problems;
}

/**
 * How far a canary has got. With a router it waits at a pause only once the router has what the steps
 * ask for, and traffic is where the router says; without one, traffic follows the pods.
 */
export function canaryOf(rollout: Rollout, spec: CanaryStrategy): StrategyView {
  const { status = {} } = rollout;
  const max = spec.trafficRouting?.maxTrafficWeight ?? 100;
  const steps = inPercent(spec.steps ?? [], max);
  const pauses = pauseIndices(steps);
  const step = status.currentStepIndex ?? 0;
  const weight = weightAt(steps, step);
  const traffic = spec.trafficRouting && trafficOf(rollout, max);
  const paused = pauses.includes(step) && pauseReason(rollout) === CANARY_PAUSE;
  const next = pauses.find((pause) => pause > step);
  const misrouted = paused && traffic ? misroutedBy(traffic, weight) : undefined;
  return {
    step,
    steps: steps.length,
    stepsOf: spec.steps ?? [],
    pauses,
    waiting: paused && misrouted === undefined,
    ...(misrouted !== undefined && { misrouted }),
    weight,
    ...(pauses[0] !== undefined && { firstWeight: weightAt(steps, pauses[0]) }),
    nextWeight: next === undefined ? 100 : weightAt(steps, next),
    ...(traffic && { traffic }),
    ...(spec.trafficRouting && {
      scaleDownDelaySeconds: spec.scaleDownDelaySeconds ?? SCALE_DOWN_DELAY_SECONDS,
    }),
    problems: problemsOf(spec),
    unjudgeable: stepProblems(steps),
    warnings: warningsOf(rollout, steps),
  };
}
