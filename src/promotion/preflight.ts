import type { Sample } from '../analysis/sample.ts';
import type { GateBinding, PlannedTarget } from '../api/v1alpha1/types.ts';
import type { TargetView } from '../delivery/delivery.ts';
import type { Input, ProbeRequest, Subject } from './input.ts';
import { imagesFor, revisionDigest } from './revision.ts';
import { bindingsOf } from './turn.ts';

/** Which container gets which image, or what does not match. */
export function matched(input: Input, subject: Subject, view: TargetView): PlannedTarget['images'] | string {
  const { images } = input.promotion.spec.revision;
  const planned = imagesFor(subject.target, images, view.containers);
  const unmatched = images.find((image) => imagesFor(subject.target, [image], view.containers).length === 0);
  if (!unmatched) return planned;
  return `no container of Rollout ${subject.target.rollout.name} runs ${unmatched.image}: correct the image in a new Promotion, or name its container in the Environment's targets[].images`;
}

/** The target runs these images and the Environment knows that a promotion of this revision brought them. */
export function alreadyRuns(
  input: Input,
  subject: Subject,
  view: TargetView,
  images: PlannedTarget['images'],
): boolean {
  const known = input.environment?.status?.targets?.find((t) => t.name === subject.target.name)?.current;
  const runs = images.every(({ container, image }) =>
    view.containers.some((c) => c.name === container && c.image === image),
  );
  const digest = revisionDigest(input.promotion.spec.revision.images);
  return runs && view.obstacles.length === 0 && known?.revisionDigest === digest;
}

/** What a gate answered about the stable revision; undefined: nothing yet. */
export function answerOf(input: Input, binding: GateBinding, target: string): Sample | undefined {
  const judgement = input.judgement(binding, target);
  return judgement?.epoch === 'preflight' ? judgement.last : undefined;
}

/** A gate without an answer for the stable revision: it will have none for the canary either. */
export function unanswered(input: Input, target: string): string | undefined {
  for (const binding of bindingsOf(input)) {
    const answer = answerOf(input, binding, target);
    if (answer?.value === undefined || answer.verdict === 'Error')
      return `gate ${binding.gate} has no answer for the stable revision: ${answer?.message ?? 'not asked yet'}`;
  }
  return undefined;
}

/** The gates asked of the stable revision, once each. */
export function preflightProbes(input: Input, subject: Subject, view: TargetView): ProbeRequest[] {
  return bindingsOf(input).map((binding) => ({
    binding,
    target: subject.target,
    epoch: 'preflight',
    // One answer is enough, and a pass is to be told at once.
    count: 1,
    passFrom: 0,
    settledAt: input.now,
    canaryHash: view.stableHash,
    stableHash: view.stableHash,
    weight: 0,
  }));
}
