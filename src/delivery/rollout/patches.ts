import { jsonPatch, type JsonPatchOperation, pointer } from '../../kube/json-patch.ts';
import type { Recorded } from '../delivery.ts';
import { withImages } from './images.ts';
import { BLUE_GREEN_PAUSE, CANARY_PAUSE, type PodTemplate, type Rollout } from './types.ts';

/*
 * Every write to a Rollout. There is no Rollouts API but field patches, so each one is a JSON patch
 * whose `test` operations say what was observed: 422 means that someone moved on, and that is never
 * retried blindly. (kubectl-argo-rollouts sends the same fields, unguarded.)
 */

const { test, add, replace, remove } = jsonPatch;

/** A patch of a Rollout, or of its status. */
export interface RolloutPatch {
  subresource?: 'status';
  operations: JsonPatchOperation[];
}

/**
 * The planned images into the recorded template, if that, or that with the images `over`, is still what is declared,
 * and nothing was declared since: an operator that was killed or has lost its lease may have sent it long ago, and
 * what was taken back meanwhile looks the same.
 */
export function applyPatch(
  rollout: Rollout,
  recorded: Recorded,
  images: readonly { container: string; image: string }[],
  over: readonly { container: string; image: string }[] = [],
): RolloutPatch {
  const { annotations } = rollout.metadata;
  const declared = withImages(recorded.template as PodTemplate, over);
  const before = declared.spec?.containers ?? [];
  const after = withImages(recorded.template as PodTemplate, images).spec?.containers ?? [];
  return {
    operations: [
      test('/metadata/uid', rollout.metadata.uid),
      test('/metadata/generation', rollout.metadata.generation),
      // What a Fence changes, and it alone: the caches do not keep every annotation. The API server takes a member that
      // is not there for null. The Rollouts controller has its own annotation on every Rollout that it has seen.
      ...(annotations ? [test(pointer('metadata', 'annotations', FENCE), annotations[FENCE] ?? null)] : []),
      test('/spec/template', declared),
      ...after.flatMap(({ image }, index) =>
        image === before[index]?.image
          ? []
          : [replace(pointer('spec', 'template', 'spec', 'containers', index, 'image'), image)],
      ),
    ],
  };
}

/**
 * Ends the wait at one step, or before the switch of a blue-green, exactly once: a repeat finds no
 * pause and is refused.
 */
export function advancePatch(rollout: Rollout, step: number, hash: string): RolloutPatch {
  // A blue-green has no steps: its one pause is told by its reason.
  const blueGreen = rollout.spec.strategy?.blueGreen !== undefined;
  return {
    subresource: 'status',
    operations: [
      ...(blueGreen ? [] : [test('/status/currentStepIndex', step)]),
      test('/status/currentPodHash', hash),
      test('/status/pauseConditions/0/reason', blueGreen ? BLUE_GREEN_PAUSE : CANARY_PAUSE),
      remove('/status/pauseConditions'),
    ],
  };
}

/** Abort is ignored while promoteFull is true (argo-rollouts#4461), so both are always written. */
export function abortPatch(hash: string): RolloutPatch {
  return {
    subresource: 'status',
    operations: [
      test('/status/currentPodHash', hash),
      add('/status/promoteFull', false),
      add('/status/abort', true),
    ],
  };
}

/**
 * The whole recorded template back: only the image would be a third revision if anything else had
 * changed. Guarded by what is declared now, so that a stranger's template is never overwritten.
 */
export function restorePatch(rollout: Rollout, recorded: Recorded): RolloutPatch {
  return {
    operations: [
      test('/metadata/uid', rollout.metadata.uid),
      test('/spec/template', rollout.spec.template),
      replace('/spec/template', recorded.template),
    ],
  };
}

/** Lets one revision skip every step. */
export function promoteFullPatch(hash: string): RolloutPatch {
  return {
    subresource: 'status',
    operations: [test('/status/currentPodHash', hash), add('/status/promoteFull', true)],
  };
}

/** On a Rollout: the uid of the last promotion whose Applies are to come to nothing. */
export const FENCE = 'sluice.dev/fence';

/** Changes what every Apply is guarded by that was sent before it. */
export function fencePatch({ metadata: { uid, annotations } }: Rollout, promotionUid: string): RolloutPatch {
  return {
    operations: [
      test('/metadata/uid', uid),
      ...(annotations ? [] : [add('/metadata/annotations', {})]),
      add(pointer('metadata', 'annotations', FENCE), promotionUid),
    ],
  };
}

/** Ends a freeze: while spec.paused is set, an abort leaves the canary serving (argo-rollouts#3756). */
export function unfreezePatch(rollout: Rollout): RolloutPatch {
  return {
    operations: [
      test('/metadata/uid', rollout.metadata.uid),
      test('/spec/paused', true),
      replace('/spec/paused', false),
    ],
  };
}
