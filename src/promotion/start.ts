import type { PromotionReason, QuarantineEntry } from '../api/v1alpha1/types.ts';
import { earliest } from '../runtime/time.ts';
import type { Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { latch } from './plan.ts';
import { alreadyRuns, answerOf, matched, preflightProbes, unanswered } from './preflight.ts';
import { aheadOf, bindingsOf, chosenTargets } from './turn.ts';

/** What waits is looked at again after this long, even if nothing is seen to change. */
const RECHECK_MS = 30_000;
/** An answer that is on its way is looked for after this long. */
const ANSWER_MS = 500;

/** Waiting for something, with what it is and when it is looked at again. */
function wait(input: Input, reason: Outcome['reason'], blocker: string, message: string): Outcome {
  const wakeAt = input.now + RECHECK_MS;
  return { reason, message, target: undefined, wakeAt, blockedBy: [{ reason: blocker, message }] };
}

/** The first image of this promotion that the Environment refuses. */
function quarantined(input: Input, names: readonly string[]): QuarantineEntry | undefined {
  return input.environment?.status?.quarantine?.find(
    (q) =>
      names.includes(q.target) &&
      input.promotion.spec.revision.images.some((i) => i.image === q.image && i.digest === q.digest),
  );
}

/** References that do not resolve (yet): `kubectl apply -f dir/` works in any order. */
function unresolved(input: Input): string | undefined {
  const { spec } = input.promotion;
  if (!input.environment) return `Environment ${spec.environment} does not exist: apply it`;
  const targets = chosenTargets(input);
  const unknown = spec.targets?.find((name) => !targets.some((t) => t.name === name));
  if (unknown)
    return `Environment ${spec.environment} has no target ${unknown}: correct spec.targets in a new Promotion`;
  const gate = bindingsOf(input).find((b) => !input.gates.has(b.gate));
  if (gate) return `Gate ${gate.gate} does not exist: apply it`;
  for (const target of targets) {
    const observation = input.subjects.find((s) => s.target.name === target.name)?.observation;
    if (observation && !observation.found) return observation.message;
  }
  return undefined;
}

/** How a wait ends when its deadline passes: what it waited for says why. */
const OVERDUE: Partial<Record<PromotionReason, PromotionReason>> = {
  AwaitingReference: 'InvalidReference',
  Preflight: 'PreflightFailed',
  Queued: 'Expired',
};

/** Everything before Applying. What has not begun by its deadline ends, and says what it waited for. */
export function start(input: Input): Outcome {
  const outcome = begin(input);
  const { startDeadlineSeconds } = input.promotion.spec;
  const overdue = OVERDUE[outcome.reason];
  if (startDeadlineSeconds === undefined || overdue === undefined) return outcome;
  const deadline = Date.parse(input.promotion.metadata.creationTimestamp) + startDeadlineSeconds * 1000;
  if (input.now < deadline) return { ...outcome, wakeAt: earliest(outcome.wakeAt, deadline) };
  return {
    reason: overdue,
    message: `not begun within ${startDeadlineSeconds} s (${outcome.message}): put that right, then apply a new Promotion`,
    target: undefined,
  };
}

/** The checks before Applying, in order: nothing here touches the world but the record at the end. */
function begin(input: Input): Outcome {
  const missing = unresolved(input);
  if (missing) return wait(input, 'AwaitingReference', 'Reference', missing);
  const names = chosenTargets(input).map((t) => t.name);
  const bad = quarantined(input, names);
  if (bad)
    return {
      reason: 'Quarantined',
      message: `${bad.image}@${bad.digest} is refused here since promotion ${bad.promotion} failed (${bad.reason}): ship a fixed image, which has another digest`,
      target: undefined,
    };
  const ahead = aheadOf(input);
  if (ahead)
    return wait(input, 'Queued', 'Turn', `promotion ${ahead.name} has its turn first on this target`);

  const subject = input.subjects[0];
  if (!subject?.observation.found)
    return wait(input, 'AwaitingReference', 'Reference', 'the target is not observed yet');
  const { view } = subject.observation;
  // Before anything is told of it: another namespace's Rollout is not described to who may not use it.
  const denied = view.obstacles.find((o) => o.kind === 'Grant');
  if (denied) return wait(input, 'Preflight', 'Grant', denied.message);
  const conflict = view.obstacles.find((o) => o.kind === 'Ownership');
  if (conflict) return { reason: 'OwnershipConflict', message: conflict.message, target: undefined };
  const images = matched(input, subject, view);
  if (typeof images === 'string') return wait(input, 'AwaitingReference', 'Image', images);
  if (alreadyRuns(input, subject, view, images))
    return {
      reason: 'AlreadyDone',
      message: 'the target already runs exactly this revision, by an earlier promotion',
      target: undefined,
    };
  const [obstacle, ...more] = view.obstacles;
  if (obstacle) {
    const blocked = wait(input, 'Preflight', obstacle.kind, obstacle.message);
    return {
      ...blocked,
      blockedBy: [obstacle, ...more]
        .slice(0, 16)
        .map((o) => ({ reason: o.kind, message: o.message.slice(0, 1024) })),
    };
  }
  const probes = preflightProbes(input, subject, view);
  const { target, recorded } = subject;
  const preflight = wait(
    input,
    'Preflight',
    'Query',
    `recording the template of Rollout ${target.rollout.name}, and asking the gates about the stable revision`,
  );
  // Once the record says what is declared, it is what a revert brings back.
  if (!recorded || !view.isRecorded || recorded.hash !== view.currentHash)
    return { ...preflight, probes, effect: { kind: 'Record', target: target.name } };
  if (bindingsOf(input).some((b) => !answerOf(input, b, target.name)))
    return { ...preflight, probes, wakeAt: input.now + ANSWER_MS };
  const silent = unanswered(input, target.name);
  if (silent) return { ...wait(input, 'Preflight', 'Query', silent), probes };
  if (input.claimed.has(subject.target.name))
    return wait(input, 'Queued', 'Turn', 'another promotion has just begun on this target');
  return latch(input, target, view, images, recorded);
}
