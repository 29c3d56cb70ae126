import type { PlannedTarget } from '../../api/v1alpha1/types.ts';
import type { Recorded, TargetView } from '../../delivery/delivery.ts';

/** The part of a recorded template that names the images. */
interface Template {
  spec?: { containers?: readonly { name: string; image?: string }[] };
}

/** `container app to registry/app:1@sha256:..` for each container that the promotion changed. */
function recordedImages(recorded: Recorded | undefined, planned: PlannedTarget): string {
  const containers = (recorded?.template as Template | undefined)?.spec?.containers ?? [];
  return containers
    .filter(({ name }) => planned.images.some((i) => i.changed && i.container === name))
    .map(({ name, image }) => `container ${name} to ${image}`)
    .join(', ');
}

/**
 * What a person is asked when someone else declares the failed revision again and again: to change it
 * where it is declared, which Sluice cannot do.
 */
export function askForIntent(
  view: TargetView,
  planned: PlannedTarget,
  recorded: Recorded | undefined,
): string {
  const who = view.owner ?? 'someone';
  const what =
    view.currentHash === view.stableHash
      ? 'it is fully promoted there, where nothing can be aborted'
      : 'Sluice keeps the canary aborted and does not write against it';
  return `${who} declares the failed revision on Rollout ${planned.rollout.name} each time it is taken back, and ${what}: set ${recordedImages(recorded, planned)} where it is declared (in Git), and this ends by itself`;
}
