import type { PlannedTarget } from '../../api/v1alpha1/types.ts';
import { jsonPatch, pointer } from '../../kube/json-patch.ts';
import type { Recorded } from '../delivery.ts';
import { withImages } from './images.ts';
import { restorePatch, type RolloutPatch } from './patches.ts';
import type { PodTemplate, Rollout } from './types.ts';

/**
 * The recorded template back, guarded by exactly what the promotion declared: what a stranger has changed
 * since it was looked at is refused with 422 and left alone. Where someone else declares the rest of the
 * template only the image fields that the promotion changed are written, so that nothing of theirs becomes ours.
 */
export function restoreFor(rollout: Rollout, recorded: Recorded, planned: PlannedTarget): RolloutPatch {
  const template = recorded.template as PodTemplate;
  const declared = withImages(template, planned.images);
  if (planned.rollout.writes !== 'Images')
    return restorePatch({ ...rollout, spec: { ...rollout.spec, template: declared } }, recorded);
  const { test, replace } = jsonPatch;
  const promoted = declared.spec?.containers ?? [];
  return {
    operations: [
      test('/metadata/uid', rollout.metadata.uid),
      test('/spec/template', declared),
      ...(template.spec?.containers ?? []).flatMap(({ image }, index) =>
        image === promoted[index]?.image
          ? []
          : [replace(pointer('spec', 'template', 'spec', 'containers', index, 'image'), image)],
      ),
    ],
  };
}
