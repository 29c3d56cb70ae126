import type { Sample } from '../../analysis/sample.ts';
import type { GateBinding, PlannedTarget } from '../../api/v1alpha1/types.ts';
import type { Obstacle, TargetView } from '../../delivery/delivery.ts';
import type { Input, ProbeRequest, Subject } from '../input.ts';
import { isApproval } from '../approvals.ts';
import { passOverGate } from '../bypass.ts';
import { imagesFor, imagesOf, revisionDigest } from '../revision.ts';
import { bindingsOf } from '../bindings.ts';

/** A chosen target that is there, with the images it is to run. */
export interface Chosen extends Subject {
  view: TargetView;
  images: PlannedTarget['images'];
}

/** Which container of each target gets which image, or what does not match. */
export function matched(input: Input, subjects: readonly Subject[]): Chosen[] | string {
  const images = imagesOf(input.promotion);
  const found: Chosen[] = [];
  for (const subject of subjects) {
    if (!subject.observation.found) return subject.observation.message;
    const { view } = subject.observation;
    const own = imagesFor(subject.target, images, view.containers);
    if (own.length === 0)
      return `no container of target ${subject.target.name} runs any of the images: correct spec.targets or the images in a new Promotion, or name its container in the Environment's targets[].images`;
    found.push({ ...subject, view, images: own });
  }
  const unmatched = images.find((image) =>
    found.every((s) => imagesFor(s.target, [image], s.view.containers).length === 0),
  );
  if (!unmatched) return found;
  const names = input.environment?.spec.targets.map((t) => t.rollout.name).join(', ');
  return `no container of Rollout ${names} runs ${unmatched.image}: correct the image in a new Promotion, or name its container in the Environment's targets[].images`;
}

/** What stands in the way on this target: steps that no gate could judge matter only where one is to judge. */
export function obstaclesOf(input: Input, { target, view, inherited }: Chosen): readonly Obstacle[] {
  const isJudged = bindingsOf(input).some(
    (b) => b.when === 'During' && (b.targets?.includes(target.name) ?? true),
  );
  const all = view.obstacles.filter((o) => isJudged || o.kind !== 'Unjudgeable');
  // What is taken over stands aborted or unhealthy: that is why.
  return inherited ? all.filter((o) => o.kind !== 'Busy') : all;
}

/** The target runs these images and the Environment knows that a promotion of this revision brought them. */
export function alreadyRuns(input: Input, chosen: Chosen): boolean {
  const { target, view, images } = chosen;
  const known = input.environment?.status?.targets?.find((t) => t.name === target.name)?.current;
  const runs = images.every(({ container, image }) =>
    view.containers.some((c) => c.name === container && c.image === image),
  );
  const digest = revisionDigest(imagesOf(input.promotion));
  return runs && obstaclesOf(input, chosen).length === 0 && known?.revisionDigest === digest;
}

/** The gates that are sampled on one target at any time. */
export function gatesFor(input: Input, target: string): GateBinding[] {
  return bindingsOf(input).filter(
    (b) => (b.targets === undefined || b.targets.includes(target)) && !isApproval(input.gates.get(b.gate)),
  );
}

/** What a gate answered about the stable revision; undefined: nothing yet. */
export function answerOf(input: Input, binding: GateBinding, target: string): Sample | undefined {
  const judgement = input.judgement(binding, target);
  return judgement?.epoch === 'preflight' ? judgement.last : undefined;
}

/** A gate without an answer for the stable revision: it will have none for the canary either. */
export function unanswered(input: Input, { target, inherited }: Chosen): string | undefined {
  // What is taken over may be too broken to answer; the new revision is judged all the same.
  if (inherited) return undefined;
  for (const binding of gatesFor(input, target.name)) {
    if (passOverGate(input, binding.gate, false)) continue;
    const answer = answerOf(input, binding, target.name);
    if (answer?.value === undefined || answer.verdict === 'Error')
      return `gate ${binding.gate} has no answer for the stable revision: ${answer?.message ?? 'not asked yet'}`;
  }
  return undefined;
}

/** A gate that is to pass Before anything is changed, and does not. */
export function notPassed(input: Input, { target }: Chosen): string | undefined {
  for (const binding of gatesFor(input, target.name).filter((b) => b.when === 'Before')) {
    if (input.gates.get(binding.gate)?.spec.advisory || passOverGate(input, binding.gate, false)) continue;
    const judgement = input.judgement(binding, target.name);
    if (judgement?.epoch !== 'preflight' || judgement.verdict !== 'Pass')
      return `gate ${binding.gate} is to pass before anything is changed: ${judgement?.message ?? 'not asked yet'}`;
  }
  return undefined;
}

/** The gates asked of the stable revision: once each, those that come Before until they pass. */
export function preflightProbes(input: Input, { target, view }: Chosen): ProbeRequest[] {
  return gatesFor(input, target.name).map((binding) => ({
    binding,
    target,
    epoch: 'preflight',
    // One answer is enough, and a pass is to be told at once; a failure before anything is changed only waits.
    ...(binding.when === 'Before' ? {} : { count: 1 }),
    failureLimit: Number.POSITIVE_INFINITY,
    passFrom: 0,
    settledAt: input.now,
    canaryHash: view.stableHash,
    stableHash: view.stableHash,
    weight: 0,
  }));
}
