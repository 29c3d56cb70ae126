import type { RolloutModel } from './rollout-model.ts';
import { NEW } from './scene.ts';
import { textOf } from './view.ts';
import type { World } from './world.ts';

/* What anybody can see of a world from outside, without asking the operator. */

type Target = World['targets'][number];

/** Canonical JSON of the template that a Rollout declares. */
export function declared({ rollout }: RolloutModel): string {
  return textOf(rollout.spec.template);
}

/** The declared template is not the one that was there first. */
export function isChanged(world: World, { model }: Pick<Target, 'model'>): boolean {
  return declared(model) !== world.template;
}

/** The template of a promotion's image, as the model's pods have it. */
const isNew = (template: { spec?: { containers?: readonly { image?: string }[] } } | undefined): boolean =>
  template?.spec?.containers?.[0]?.image === NEW;

/** Pods of the promoted revision. */
function newPods({ pods }: RolloutModel): number {
  return [...pods.values()].reduce((sum, p) => sum + (isNew(p.template) ? p.replicas : 0), 0);
}

/** Percent of users' requests that the promoted revision gets. */
export function newShare(model: RolloutModel): number {
  const active = model.rollout.status?.blueGreen?.activeSelector;
  if (active !== undefined) return isNew(model.pods.get(active)?.template) ? 100 : 0;
  const all = [...model.pods.values()].reduce((sum, p) => sum + p.replicas, 0);
  return all === 0 ? 0 : (100 * newPods(model)) / all;
}

/** The most that users may get of it where this step is the last that every gate has passed. */
export function allowedShare({ rollout }: RolloutModel, passed: number): number {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (blueGreen) return passed >= 0 ? 100 : 0;
  const steps = canary?.steps ?? [];
  const next = steps.findIndex((s, i) => s.pause !== undefined && i > passed);
  const weights = (next < 0 ? [] : steps.slice(0, next)).flatMap((s) => s.setWeight ?? []);
  return next < 0 ? 100 : (weights.at(-1) ?? 0);
}

/** Index after the last step: where a fully promoted Rollout stands. */
export function lastStep({ rollout }: RolloutModel): number {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  return blueGreen ? 1 : (canary?.steps ?? []).length;
}

/** In mid-rollout, as its controller has taken it, with nobody having aborted it. */
export function isInMidRollout({ rollout }: RolloutModel): boolean {
  const { status = {}, metadata } = rollout;
  const taken = Number(status.observedGeneration) === metadata.generation;
  return taken && status.currentPodHash !== status.stableRS && status.abort !== true;
}

/** Nobody is served by the promoted revision, and what was there first is declared, stable and healthy. */
export function isBack(world: World, target: Target): boolean {
  const { status } = target.model.rollout;
  return (
    !isChanged(world, target) &&
    newShare(target.model) === 0 &&
    status?.phase === 'Healthy' &&
    status.currentPodHash === status.stableRS
  );
}

/** The promoted revision is declared, stable, and all there is. */
export function isThere(world: World, target: Target): boolean {
  const { status } = target.model.rollout;
  return (
    isChanged(world, target) && newShare(target.model) === 100 && status?.currentPodHash === status?.stableRS
  );
}
