import { canonicalJson, fingerprint } from '../../runtime/hash.ts';
import type { Assignment, RevisionPods, TargetView } from '../delivery.ts';
import { blueGreenOf } from './blue-green.ts';
import { canaryOf } from './canary.ts';
import { withImages } from './images.ts';
import { obstaclesOf } from './obstacles.ts';
import { FENCE } from './patches.ts';
import type { StrategyView } from './strategy.ts';
import { POD_HASH_LABEL, type ReplicaSet, type Rollout } from './types.ts';

/**
 * Whether the controller has seen the newest generation. The field is a string; some day it may be
 * a number (argo-rollouts#4931). A finished unpause also belongs to it: `controllerPause` without
 * pause conditions means that someone has just unpaused and the step is not completed yet.
 */
function isObserved(rollout: Rollout): boolean {
  const { status, metadata } = rollout;
  const halfUnpaused = status?.controllerPause === true && !status.pauseConditions?.length;
  return Number(status?.observedGeneration) === metadata.generation && !halfUnpaused;
}

/** Whether the ReplicaSet's status speaks of what is wanted of it now. */
function isSeen({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** The Rollout's own pods, by template hash: only ReplicaSets that it controls. */
function revisionsOf(rollout: Rollout, replicaSets: readonly ReplicaSet[]): RevisionPods[] {
  return replicaSets
    .filter((rs) => rs.metadata.ownerReferences?.some((o) => o.controller && o.uid === rollout.metadata.uid))
    .map((rs) => ({
      hash: rs.metadata.labels?.[POD_HASH_LABEL] ?? '',
      // What is wanted counts as well as what exists: a scale-up may just have been ordered.
      replicas: Math.max(rs.spec.replicas ?? 0, rs.status?.replicas ?? 0),
      // A count from before the last scaling was seen says nothing of now.
      ready: isSeen(rs) ? (rs.status?.readyReplicas ?? 0) : 0,
      images: Object.fromEntries(
        (rs.spec.template?.spec?.containers ?? []).map((c) => [c.name, c.image ?? '']),
      ),
    }));
}

/**
 * Everything that is declared runs. The phase alone does not say so: measured, on the way back after
 * full promotion it is Healthy by pod counts from before a scale-down that is still under way.
 */
function isHealthy({ status }: Rollout, revisions: readonly RevisionPods[]): boolean {
  const pods = revisions.find((r) => r.hash === status?.currentPodHash);
  return status?.phase === 'Healthy' && pods !== undefined && pods.ready >= pods.replicas;
}

/** A new revision that cannot come up, in the controller's own words. */
function failureOf(rollout: Rollout): string | undefined {
  const conditions = rollout.status?.conditions ?? [];
  const invalid = conditions.find((c) => c.type === 'InvalidSpec' && c.status === 'True');
  if (invalid) return `the Rollout refuses its spec: ${invalid.message ?? 'InvalidSpec'}`;
  const stuck = conditions.find((c) => c.type === 'Progressing' && c.reason === 'ProgressDeadlineExceeded');
  if (stuck) return `the new pods are not ready in time: ${stuck.message ?? 'ProgressDeadlineExceeded'}`;
  return undefined;
}

/** The strategy of a Rollout as a row of steps. */
function strategyOf(rollout: Rollout): StrategyView {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (blueGreen) return blueGreenOf(rollout, blueGreen);
  if (canary) return canaryOf(rollout, canary);
  const problems = ['it has no strategy: give it spec.strategy.canary or spec.strategy.blueGreen'];
  return { ...canaryOf(rollout, {}), problems, unjudgeable: [] };
}

/** What Sluice sees of a Rollout: pure, from the two cached kinds of objects. */
export function viewOf(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  { recorded, planned, promotion }: Pick<Assignment, 'recorded' | 'planned' | 'promotion'>,
): TargetView {
  const status = rollout.status ?? {};
  const strategy = strategyOf(rollout);
  const { step, steps, pauses, traffic, misrouted, scaleDownDelaySeconds, firstWeight } = strategy;
  const observed = isObserved(rollout);
  const template = canonicalJson(rollout.spec.template);
  const ours = recorded && planned && withImages(recorded.template as object, planned.images);
  const failure = failureOf(rollout);
  const revisions = revisionsOf(rollout, replicaSets);
  const promoted = status.currentPodHash === status.stableRS;
  return {
    uid: rollout.metadata.uid,
    obstacles: obstaclesOf(rollout, strategy, observed),
    warnings: strategy.warnings.map((w) => `Rollout ${rollout.metadata.name}: ${w}`),
    ...(scaleDownDelaySeconds !== undefined && { scaleDownDelaySeconds }),
    containers: (rollout.spec.template?.spec?.containers ?? []).map((c) => ({
      name: c.name,
      image: c.image ?? '',
    })),
    isRecorded: recorded !== undefined && template === canonicalJson(recorded.template),
    isOurs: ours !== undefined && template === canonicalJson(ours),
    fenced: rollout.metadata.annotations?.[FENCE] === promotion.uid,
    observed,
    currentHash: status.currentPodHash ?? '',
    stableHash: status.stableRS ?? '',
    revisions,
    nextWeight: strategy.nextWeight,
    weight: status.abort ? 0 : promoted ? 100 : strategy.weight,
    ...(traffic && { traffic }),
    ...(firstWeight !== undefined && { firstWeight }),
    step,
    steps,
    stepsHash: fingerprint(strategy.stepsOf),
    pauses,
    waiting: observed && strategy.waiting,
    ...(observed && misrouted !== undefined && { misrouted }),
    healthy: isHealthy(rollout, revisions),
    aborted: status.abort === true,
    promoteFull: status.promoteFull === true,
    frozen: rollout.spec.paused === true,
    ...(failure !== undefined && { failure }),
  };
}
