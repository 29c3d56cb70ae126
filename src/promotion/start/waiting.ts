import type { BlockerReason } from '../../api/v1alpha1/blockers.ts';
import type { RevisionImage } from '../../api/v1alpha1/types.ts';
import { changeKnownTo } from '../../environment/changed.ts';
import { toTime } from '../../runtime/time.ts';
import type { Input } from '../input.ts';
import type { Outcome } from '../outcome.ts';
import { imagesOf, parseReference } from '../revision.ts';
import { bindingsOf } from '../bindings.ts';
import { candidates, chosen } from './turn.ts';

/** What waits is looked at again after this long, even if nothing is seen to change. */
const RECHECK_MS = 30_000;

/** Waiting for something, with what it is and when it is looked at again. */
export function wait(
  input: Input,
  reason: Outcome['reason'],
  blocker: BlockerReason,
  message: string,
): Outcome {
  const wakeAt = input.now + RECHECK_MS;
  return { reason, message, wakeAt, blockedBy: [{ reason: blocker, message: message.slice(0, 1024) }] };
}

/** The revision of a promotion that takes it from another Environment: what was last good there, taken once. */
export function fromUpstream(input: Input): Outcome | undefined {
  const { from } = input.promotion.spec;
  if (!from || imagesOf(input.promotion).length > 0) return undefined;
  const { source } = input;
  if (!source)
    return wait(
      input,
      'AwaitingReference',
      'Reference',
      `Environment ${from.environment}, named in from, does not exist: apply it`,
    );
  const targets = source.spec.targets.filter((t) => !from.targets || from.targets.includes(t.name));
  const unknown = from.targets?.find((name) => !targets.some((t) => t.name === name));
  if (unknown)
    return wait(
      input,
      'AwaitingReference',
      'Reference',
      `Environment ${from.environment} has no target ${unknown}: correct from.targets in a new Promotion`,
    );
  const good = new Map<string, RevisionImage>();
  for (const { name } of targets) {
    const lastGood = source.status?.targets?.find((t) => t.name === name)?.lastGood;
    if (!lastGood)
      return wait(
        input,
        'AwaitingUpstream',
        'Upstream',
        `nothing is good yet on target ${name} of Environment ${from.environment}: promote something there first`,
      );
    for (const reference of lastGood.images ?? []) {
      const image = parseReference(reference);
      if (!image) continue;
      const other = good.get(image.image);
      if (other && other.digest !== image.digest)
        return wait(
          input,
          'AwaitingUpstream',
          'Upstream',
          `targets of Environment ${from.environment} have different digests of ${image.image} as last good: name one of them in from.targets of a new Promotion`,
        );
      good.set(image.image, image);
    }
  }
  const images = [...good.values()];
  const changedAt = changeKnownTo([source], images);
  return {
    reason: 'Preflight',
    message: `taken from Environment ${from.environment}: what is last good there`,
    revision: images,
    ...(changedAt !== undefined && { changedAt: toTime(changedAt) }),
    wakeAt: input.now,
  };
}

/** A newer promotion of one of its targets has succeeded: going back is a new order. */
export function superseded(input: Input): Outcome | undefined {
  const createdAt = Date.parse(input.promotion.metadata.creationTimestamp);
  const names = chosen(input).map((s) => s.target.name);
  const newer = input.successors.find(
    (s) => s.createdAt > createdAt && s.targets.some((t) => names.includes(t)),
  );
  return (
    newer && {
      reason: 'Superseded',
      message: `promotion ${newer.name}, which is newer, has succeeded: to go back, apply a new Promotion`,
    }
  );
}

/** References that do not resolve (yet): `kubectl apply -f dir/` works in any order. */
export function unresolved(input: Input): Outcome | undefined {
  const message = missing(input);
  return message === undefined ? undefined : wait(input, 'AwaitingReference', 'Reference', message);
}

function missing(input: Input): string | undefined {
  const { spec } = input.promotion;
  if (!input.environment) return `Environment ${spec.environment} does not exist: apply it`;
  if (input.environment.metadata.deletionTimestamp)
    return `Environment ${spec.environment} is being deleted: apply it again when it is gone`;
  const targets = candidates(input);
  const unknown = spec.targets?.find((name) => !targets.some((t) => t.name === name));
  if (unknown)
    return `Environment ${spec.environment} has no target ${unknown}: correct spec.targets in a new Promotion`;
  const gate = bindingsOf(input).find((b) => !input.gates.has(b.gate));
  if (gate) return `Gate ${gate.gate} does not exist: apply it`;
  for (const { observation } of chosen(input)) if (!observation.found) return observation.message;
  return undefined;
}

/** An image of this promotion that the Environment refuses. */
export function quarantined(input: Input): Outcome | undefined {
  const names = chosen(input).map((s) => s.target.name);
  const images = imagesOf(input.promotion);
  const bad = input.environment?.status?.quarantine?.find(
    (q) => names.includes(q.target) && images.some((i) => i.image === q.image && i.digest === q.digest),
  );
  return (
    bad && {
      reason: 'Quarantined',
      message: `${bad.image}@${bad.digest} is refused here since promotion ${bad.promotion} failed (${bad.reason}): ship a fixed image, which has another digest, or release it with a Decision`,
    }
  );
}
