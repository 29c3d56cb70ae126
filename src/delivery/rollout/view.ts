import { canonicalJson, fingerprint } from '../../runtime/hash.ts';
import type { Assignment, Obstacle, RevisionPods, TargetView } from '../delivery.ts';
import { withImages } from './images.ts';
import { pauseIndices, stepProblems, weightAt } from './steps.ts';
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

/** The Rollout's own pods, by template hash: only ReplicaSets that it controls. */
function revisionsOf(rollout: Rollout, replicaSets: readonly ReplicaSet[]): RevisionPods[] {
  return replicaSets
    .filter((rs) => rs.metadata.ownerReferences?.some((o) => o.controller && o.uid === rollout.metadata.uid))
    .map((rs) => ({
      hash: rs.metadata.labels?.[POD_HASH_LABEL] ?? '',
      // What is wanted counts as well as what exists: a scale-up may just have been ordered.
      replicas: Math.max(rs.spec.replicas ?? 0, rs.status?.replicas ?? 0),
      ready: rs.status?.readyReplicas ?? 0,
      images: Object.fromEntries(
        (rs.spec.template?.spec?.containers ?? []).map((c) => [c.name, c.image ?? '']),
      ),
    }));
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

/** Everything that stands in the way of a new promotion on this Rollout, each with its fix. */
function obstaclesOf(rollout: Rollout, observed: boolean): Obstacle[] {
  const { spec, status = {} } = rollout;
  const name = `Rollout ${rollout.metadata.name}`;
  const unfit = (message: string): Obstacle => ({ kind: 'Unfit', message: `${name}: ${message}` });
  const busy = (message: string): Obstacle => ({ kind: 'Busy', message: `${name} ${message}` });
  const found: Obstacle[] = [];
  if (spec.workloadRef)
    found.push(unfit('workloadRef is not supported yet: move the template into the Rollout'));
  if (spec.revisionHistoryLimit === 0)
    found.push(unfit('revisionHistoryLimit: 0 keeps nothing to go back to: set it to 1 or more'));
  if (!spec.strategy?.canary)
    found.push(unfit('only the canary strategy is driven so far: give it spec.strategy.canary'));
  else for (const problem of stepProblems(spec.strategy.canary.steps ?? [])) found.push(unfit(problem));
  if (spec.paused)
    found.push(unfit('spec.paused is set, which also keeps a revert from reaching traffic: remove it'));
  if (!observed) found.push(busy('has not been observed by the Rollouts controller yet: is it running?'));
  else if (status.abort)
    found.push(
      busy('is aborted: restore its previous template, for example with `kubectl argo rollouts undo`'),
    );
  else if (status.currentPodHash !== status.stableRS || status.phase !== 'Healthy')
    found.push(
      busy(
        `is not at rest (${status.phase ?? 'no phase'}${status.message ? `: ${status.message}` : ''}): wait for it, or finish what is under way`,
      ),
    );
  return found;
}

/** What Sluice sees of a Rollout: pure, from the two cached kinds of objects. */
export function viewOf(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  { recorded, planned }: Pick<Assignment, 'recorded' | 'planned'>,
): TargetView {
  const status = rollout.status ?? {};
  const steps = rollout.spec.strategy?.canary?.steps ?? [];
  const pauses = pauseIndices(steps);
  const step = status.currentStepIndex ?? 0;
  const observed = isObserved(rollout);
  const template = canonicalJson(rollout.spec.template);
  const ours = recorded && planned && withImages(recorded.template as object, planned.images);
  const routed = status.canary?.weights?.canary?.weight;
  const failure = failureOf(rollout);
  const promoted = status.currentPodHash === status.stableRS;
  return {
    uid: rollout.metadata.uid,
    obstacles: obstaclesOf(rollout, observed),
    containers: (rollout.spec.template?.spec?.containers ?? []).map((c) => ({
      name: c.name,
      image: c.image ?? '',
    })),
    isRecorded: recorded !== undefined && template === canonicalJson(recorded.template),
    isOurs: ours !== undefined && template === canonicalJson(ours),
    observed,
    currentHash: status.currentPodHash ?? '',
    stableHash: status.stableRS ?? '',
    revisions: revisionsOf(rollout, replicaSets),
    weight: status.abort ? 0 : promoted ? 100 : weightAt(steps, step),
    ...(routed !== undefined && { routedWeight: routed }),
    step,
    steps: steps.length,
    stepsHash: fingerprint(steps),
    pauses,
    waiting:
      observed &&
      pauses.includes(step) &&
      (status.pauseConditions ?? []).some((c) => c.reason === 'CanaryPauseStep'),
    healthy: status.phase === 'Healthy',
    aborted: status.abort === true,
    promoteFull: status.promoteFull === true,
    frozen: rollout.spec.paused === true,
    ...(failure !== undefined && { failure }),
  };
}
