import type { PromotionReason, QuarantineEntry } from '../api/v1alpha1/types.ts';
import { earliest, toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';
import type { Outcome } from './outcome.ts';
import { latch } from './plan.ts';
import {
  alreadyRuns,
  answerOf,
  type Chosen,
  gatesFor,
  matched,
  notPassed,
  preflightProbes,
  unanswered,
} from './preflight.ts';
import { aheadOf, bindingsOf, candidates, chosen } from './turn.ts';

/** What waits is looked at again after this long, even if nothing is seen to change. */
const RECHECK_MS = 30_000;
/** An answer that is on its way is looked for after this long. */
const ANSWER_MS = 500;

/** Waiting for something, with what it is and when it is looked at again. */
function wait(input: Input, reason: Outcome['reason'], blocker: string, message: string): Outcome {
  const wakeAt = input.now + RECHECK_MS;
  return { reason, message, wakeAt, blockedBy: [{ reason: blocker, message: message.slice(0, 1024) }] };
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
  const targets = candidates(input);
  const unknown = spec.targets?.find((name) => !targets.some((t) => t.name === name));
  if (unknown)
    return `Environment ${spec.environment} has no target ${unknown}: correct spec.targets in a new Promotion`;
  const gate = bindingsOf(input).find((b) => !input.gates.has(b.gate));
  if (gate) return `Gate ${gate.gate} does not exist: apply it`;
  for (const { observation } of chosen(input)) if (!observation.found) return observation.message;
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
  const until = toTime(deadline);
  if (input.now < deadline)
    return {
      ...outcome,
      wakeAt: earliest(outcome.wakeAt, deadline),
      blockedBy: (outcome.blockedBy ?? []).map((b) => ({ ...b, until })),
    };
  return {
    reason: overdue,
    message: `not begun within ${startDeadlineSeconds} s (${outcome.message}): put that right, then apply a new Promotion`,
  };
}

/** The checks before Applying, in order: nothing here touches the world but the records at the end. */
function begin(input: Input): Outcome {
  const missing = unresolved(input);
  if (missing) return wait(input, 'AwaitingReference', 'Reference', missing);
  const subjects = chosen(input);
  const bad = quarantined(
    input,
    subjects.map((s) => s.target.name),
  );
  if (bad)
    return {
      reason: 'Quarantined',
      message: `${bad.image}@${bad.digest} is refused here since promotion ${bad.promotion} failed (${bad.reason}): ship a fixed image, which has another digest`,
    };
  const ahead = aheadOf(input, subjects);
  if (ahead)
    return wait(input, 'Queued', 'Turn', `promotion ${ahead.name} has its turn first on this target`);
  const found = matched(input, subjects);
  if (typeof found === 'string') return wait(input, 'AwaitingReference', 'Image', found);
  if (found.every((c) => alreadyRuns(input, c)))
    return {
      reason: 'AlreadyDone',
      message: 'the target already runs exactly this revision, by an earlier promotion',
    };
  return preflight(input, found);
}

/** What stands in the way, the records, and the gates' answers about the stable revisions. */
function preflight(input: Input, found: readonly Chosen[]): Outcome {
  const obstacles = found.flatMap((c) => c.view.obstacles);
  const [obstacle] = obstacles;
  if (obstacle)
    return {
      ...wait(input, 'Preflight', obstacle.kind, obstacle.message),
      blockedBy: obstacles.slice(0, 16).map((o) => ({ reason: o.kind, message: o.message.slice(0, 1024) })),
    };
  const probes = found.flatMap((c) => preflightProbes(input, c));
  const names = found.map((c) => c.target.rollout.name).join(', ');
  const asking = wait(
    input,
    'Preflight',
    'Query',
    `recording the template of Rollout ${names}, and asking the gates about the stable revision`,
  );
  // Once the record says what is declared, it is what a revert brings back.
  const unrecorded = found.filter(
    ({ recorded, view }) => !recorded || !view.isRecorded || recorded.hash !== view.currentHash,
  );
  if (unrecorded.length)
    return {
      ...asking,
      probes,
      effects: unrecorded.map((c) => ({ kind: 'Record', target: c.target.name })),
    };
  if (found.some((c) => gatesFor(input, c.target.name).some((b) => !answerOf(input, b, c.target.name))))
    return { ...asking, probes, wakeAt: input.now + ANSWER_MS };
  for (const c of found) {
    const silent = unanswered(input, c) ?? notPassed(input, c);
    if (silent) return { ...wait(input, 'Preflight', 'Query', silent), probes };
  }
  if (found.some((c) => input.claimed.has(c.target.name)))
    return wait(input, 'Queued', 'Turn', 'another promotion has just begun on this target');
  return latch(input, found);
}
