import { REVERT_FINALIZER } from '../../api/v1alpha1/names.ts';
import { MOST_RESULTS } from '../../api/v1alpha1/promotion.ts';
import type { Blocker, BlockerReason } from '../../api/v1alpha1/blockers.ts';
import type { Obstacle } from '../../delivery/delivery.ts';
import type { Input } from '../input.ts';
import type { Outcome } from '../outcome.ts';
import { closedNow } from '../pause.ts';
import { passedBefore } from './passed-before.ts';
import { latch, planOf } from './plan.ts';
import {
  answerOf,
  type Chosen,
  gatesFor,
  notPassed,
  obstaclesOf,
  preflightProbes,
  unanswered,
} from './preflight.ts';
import { aheadOf, isStuck } from './turn.ts';
import { wait } from './waiting.ts';
import { warningsOf } from './warnings.ts';

/** An answer that is on its way is looked for after this long. */
const ANSWER_MS = 500;

/** What stands in the way, the records, and the gates' answers about the stable revisions. */
export function preflight(input: Input, found: readonly Chosen[]): Outcome {
  if (input.promotion.spec.dryRun) return dryRun(input, found);
  const obstacles = [...crowd(input, found), ...found.flatMap((c) => obstaclesOf(input, c))];
  const [obstacle] = obstacles;
  if (obstacle)
    return {
      ...wait(input, 'Preflight', obstacle.kind, obstacle.message),
      blockedBy: blockers(obstacles),
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
  const unrecorded = found.filter((c) => !isRecorded(c));
  if (unrecorded.length > 0)
    return {
      ...asking,
      probes,
      effects: unrecorded.map(({ target, inherited }) => ({
        kind: 'Record',
        target: target.name,
        ...(inherited && { inherited: inherited.recorded }),
      })),
    };
  if (!answered(input, found)) return { ...asking, probes, wakeAt: input.now + ANSWER_MS };
  for (const c of found) {
    const silent = unanswered(input, c) ?? notPassed(input, c);
    if (silent) return { ...wait(input, 'Preflight', 'Query', silent), probes };
  }
  if (found.some((c) => isClaimed(input, c)))
    return wait(input, 'Queued', 'Turn', 'another promotion has just begun on this target');
  // In a write of its own, before anything is changed: from then on deleting the Promotion is an abort.
  if (!input.promotion.metadata.finalizers?.includes(REVERT_FINALIZER))
    return { ...asking, probes, finalizer: 'add' };
  const results = found.flatMap((c) => passedBefore(input, c));
  return { ...latch(input, found), results, warnings: warningsOf(input, found) };
}

/** More results than status has room for: the API server would refuse it, in mid-flight. */
function crowd(input: Input, found: readonly Chosen[]): readonly Obstacle[] {
  const checks = found.reduce((sum, { target }) => sum + gatesFor(input, target.name).length, 0);
  if (checks <= MOST_RESULTS) return [];
  return [
    {
      kind: 'Unfit',
      message: `the gates of its ${found.length} targets are ${checks} checks, and status has room for ${MOST_RESULTS}: promote fewer targets at once (spec.targets), or bind gates to fewer of them (gates[].targets)`,
    },
  ];
}

/** The record says what a revert is to bring back: what is declared, or what whoever is taken over would have. */
function isRecorded({ recorded, view, inherited }: Chosen): boolean {
  if (inherited) return recorded?.hash === inherited.recorded.hash;
  return recorded !== undefined && view.isRecorded && recorded.hash === view.currentHash;
}

/** Another promotion has it, and is not one that may be taken over. */
function isClaimed(input: Input, { target, inherited }: Chosen): boolean {
  const claimant = input.claimed.get(target.name);
  if (claimant === undefined) return false;
  return !inherited || !input.rivals.some((r) => r.uid === claimant && isStuck(r));
}

function answered(input: Input, found: readonly Chosen[]): boolean {
  return found.every(({ target }) =>
    gatesFor(input, target.name).every((b) => answerOf(input, b, target.name) !== undefined),
  );
}

const blockers = (list: readonly { kind: BlockerReason; message: string }[]): Blocker[] =>
  list.slice(0, 16).map(({ kind, message }) => ({ reason: kind, message: message.slice(0, 1024) }));

/** What it would do and what is in its way now; nothing is touched. */
function dryRun(input: Input, found: readonly Chosen[]): Outcome {
  const probes = found.flatMap((c) => preflightProbes(input, c));
  if (!answered(input, found))
    return {
      ...wait(input, 'Preflight', 'Query', 'asking the gates about the stable revision'),
      probes,
      wakeAt: input.now + ANSWER_MS,
    };
  const ahead = aheadOf(
    input,
    found.map(({ target, observation, recorded }) => ({ target, observation, recorded })),
  );
  const pause = closedNow(input);
  const blockedBy = blockers([
    ...(pause ? [{ kind: pause.blocker.reason, message: pause.message }] : []),
    ...(ahead
      ? [{ kind: 'Turn' as const, message: `promotion ${ahead.name} has its turn first on this target` }]
      : []),
    ...crowd(input, found),
    ...found.flatMap((c) => [
      ...obstaclesOf(input, c),
      ...[unanswered(input, c) ?? notPassed(input, c)]
        .filter((m) => m !== undefined)
        .map((message) => ({ kind: 'Query' as const, message })),
    ]),
  ]);
  const plan = planOf(input, found);
  const [first] = blockedBy;
  const where = plan.targets.map((t) => t.name).join(', ');
  return {
    reason: 'Planned',
    message: first
      ? `it would wait: ${first.message}`
      : `it would begin now, on target ${where}: apply it without dryRun under a new name`,
    plan,
    blockedBy,
    warnings: warningsOf(input, found),
  };
}
