import type { GateResult, Plan, Revert } from '../../api/v1alpha1/types.ts';
import { earliest, toTime } from '../../runtime/time.ts';
import { begin, drive } from './drive.ts';
import { saidBefore } from './hold.ts';
import { type InFlight, inFlight, promotedAt } from '../in-flight.ts';
import type { Input } from '../input.ts';
import { type Approval, approvalsAmong, EVERY_TARGET, isApproval, rejectionOf } from '../approvals.ts';
import { type ApprovalFold, foldApprovals } from '../fold-approvals.ts';
import { abortedBy, said as whoSaid } from '../orders.ts';
import { awaiting } from '../start/approval.ts';
import { ended, type Failure, moved, naming, type Outcome, type TargetOutcome } from '../outcome.ts';
import { inTime } from './overdue.ts';
import { pausedBy, revertedByWindow } from '../pause.ts';
import { timingOf } from '../timing.ts';
import { verify } from './promoted.ts';
import { revertAll } from '../revert/revert-all.ts';

/** All targets of a promotion, wave by wave, towards full promotion, through one bake and what comes after it. */
export function driveAll(input: Input, plan: Plan): Outcome {
  const found = plan.targets.map((planned) => inFlight(input, plan, planned));
  const bakeFrom = bakeBegin(found);
  let counting: readonly Approval[] = [];
  const begun = found.map((d) => {
    if (!('view' in d)) return d;
    if (d.status.state === 'Pending') return undefined;
    // Who counts at a gate of one target counts at no other gate of distinct persons that the next one asks.
    const outcome = drive({ ...d, bakeFrom, ...(counting.length > 0 && { input: { ...input, counting } }) });
    counting = [...counting, ...(outcome.approvals?.used ?? [])];
    return inTime(d, outcome);
  });
  const outcomes = found.map((d, i): TargetOutcome => {
    const outcome = begun[i];
    if (outcome !== undefined || !('view' in d)) return outcome ?? (d as TargetOutcome);
    return inTime(d, begin(d, waitsFor(plan, begun, d.planned.wave)));
  });
  const reject = rejectionOf(input, plan.gates);
  const leave = leaving(input, reject);
  if (leave) return { ...goBack(input, plan, outcomes, leave), used: reject ? [reject] : [] };
  const failed = outcomes.find((o) => o.failed);
  if (failed?.failed) return fail(input, plan, outcomes, failed);
  if (outcomes.every((o) => o.done)) return finish(input, plan, found, outcomes);
  return together(input, outcomes);
}

/** It is to go back whatever is measured: an Abort, a Reject, a deletion, a window. None says that the images are bad. */
function leaving(input: Input, reject: Approval | undefined): Failure | undefined {
  const abort = abortedBy(input);
  if (abort) return { reason: 'Aborted', message: `aborted by ${whoSaid(abort)}`, quarantine: false };
  if (input.promotion.metadata.deletionTimestamp)
    return {
      reason: 'Deleted',
      message: 'the Promotion is being deleted, which is an abort',
      quarantine: false,
    };
  if (reject) return { reason: 'Rejected', message: `rejected by ${whoSaid(reject)}`, quarantine: false };
  return revertedByWindow(input);
}

/** When the last target was fully promoted, if all are: the bake counts from there. */
function bakeBegin(found: readonly (InFlight | TargetOutcome)[]): number | undefined {
  const times = found.map((d) => ('view' in d && d.status.state !== 'Pending' ? promotedAt(d) : undefined));
  return times.every((t) => t !== undefined) ? Math.max(...times) : undefined;
}

/** What a wave waits for, in words; undefined: every target of the waves before is through. */
function waitsFor(
  plan: Plan,
  begun: readonly (TargetOutcome | undefined)[],
  wave: number,
): string | undefined {
  const before = plan.targets.filter((t, i) => t.wave < wave && !begun[i]?.through);
  return before.length
    ? `${before.map((t) => t.name).join(', ')} must be fully promoted and pass`
    : undefined;
}

/** One target failed: all go back, or wait for a person where the Environment says so. */
function fail(
  input: Input,
  plan: Plan,
  outcomes: readonly TargetOutcome[],
  { failed, target, reason, message }: TargetOutcome,
): Outcome {
  if (!failed) throw new Error('only a failed target makes a promotion go back');
  if (failed.quarantine && timingOf(input.environment).onFail === 'Hold')
    return {
      ...together(input, outcomes),
      reason: 'HeldByPerson',
      message: `${naming(plan, target.name, failed.message)}; rollback.onFail is Hold: create a Decision with verdict Abort to go back, or Resume to judge anew`,
      spokenOf: target,
      effects: [],
      blockedBy: [{ reason: 'GateFailed', message: failed.message.slice(0, 1024) }],
    };
  // What is not ours any more cannot be brought back, and nothing else was changed.
  const targets = outcomes.map((o) => o.target);
  if (targets.every((t) => t.state === 'Pending' || t.state === 'Ended'))
    return {
      reason,
      message,
      targets: ended(targets, input.now),
      spokenOf: target,
      results: resultsOf(input, outcomes),
    };
  return goBack(input, plan, outcomes, { ...failed, target: target.name });
}

/** All targets go back; the first step of it is taken in this pass, after its status write. */
function goBack(
  input: Input,
  plan: Plan,
  outcomes: readonly TargetOutcome[],
  { reason, message, quarantine, sampledAt, target }: Failure & { target?: string },
): Outcome {
  const revert: Revert = {
    reason,
    message: (target === undefined ? message : naming(plan, target, message)).slice(0, 1024),
    ...(target !== undefined && { target }),
    quarantine,
    ...(sampledAt && { sampledAt }),
    detectedAt: toTime(input.now),
  };
  const targets = outcomes.map((o) => o.target);
  return { ...revertAll(input, plan, revert, targets), results: resultsOf(input, outcomes) };
}

/** Every bake is over: the gates that are asked After it, then success. */
function finish(
  input: Input,
  plan: Plan,
  found: readonly (InFlight | TargetOutcome)[],
  outcomes: readonly TargetOutcome[],
): Outcome {
  const asked = plan.gates.some((b) => b.when === 'After');
  const verified = outcomes.map((o, i): TargetOutcome => {
    const d = found[i];
    if (!asked || !d || !('view' in d) || o.target.state === 'Verifying') return o;
    return verify(d, { ...o, target: moved(o.target, 'Verifying', input.now) });
  });
  const failed = verified.find((o) => o.failed);
  if (failed) return fail(input, plan, verified, failed);
  if (!verified.every((o) => o.done)) return together(input, verified);
  const approvals = approvalsAfter(input, plan);
  if (approvals?.awaiting) {
    const all = together(input, verified);
    const results = withApprovals(all.results ?? [], approvals);
    return pausedBy(input) ? { ...all, results } : { ...all, ...awaiting(input, approvals), results };
  }
  const [first] = verified;
  const targets = verified.map((o) => moved(o.target, 'Succeeded', input.now));
  return {
    reason: 'Succeeded',
    message: `fully promoted, and every gate passed over a bake of ${plan.bakeSeconds} s`,
    targets,
    spokenOf: targets.find((t) => t.name === first?.target.name),
    results: withApprovals(resultsOf(input, verified), approvals),
    used: approvals?.used ?? [],
  };
}

/** The approval gates that are asked once everything is promoted and judged; undefined without any. */
function approvalsAfter(input: Input, plan: Plan): ApprovalFold | undefined {
  const asked = approvalsAmong(
    input,
    plan.gates.filter((b) => b.when === 'After'),
  );
  return asked.length === 0 ? undefined : foldApprovals(input, asked);
}

/** The results with what approval gates say now in place of what they had said. */
function withApprovals(results: readonly GateResult[], approvals: ApprovalFold | undefined): GateResult[] {
  if (!approvals) return [...results];
  return [...results.filter((r) => !isIn(approvals, r)), ...approvals.results];
}

function isIn(fold: ApprovalFold, result: GateResult): boolean {
  return fold.results.some(
    (r) => r.gate === result.gate && r.when === result.when && r.target === result.target,
  );
}

/** What all targets come to while they go forward: the one that is least far speaks, one that holds before all. */
function together(input: Input, outcomes: readonly TargetOutcome[]): Outcome {
  const speaker = outcomes.toSorted((a, b) => rank(a) - rank(b))[0];
  const said = !speaker || speaker.silent ? saidBefore(input) : speaker;
  const several = outcomes.length > 1 && speaker !== undefined && !speaker.silent;
  const all: Outcome = {
    reason: said.reason,
    message: several ? `${speaker.target.name}: ${said.message}` : said.message,
    targets: outcomes.map((o) => o.target),
    spokenOf: speaker?.target,
    pastDeadline: said.pastDeadline ?? false,
    results: resultsOf(input, outcomes),
    probes: outcomes.flatMap((o) => o.probes ?? []),
    effects: outcomes.flatMap((o) => o.effect ?? []),
    used: outcomes.flatMap((o) => o.approvals?.used ?? []),
    wakeAt: earliest(...outcomes.map((o) => o.wakeAt)),
    blockedBy: once(outcomes.flatMap((o) => (o.silent ? [] : (o.blockedBy ?? [])))).slice(0, 16),
  };
  const pause = pausedBy(input);
  if (!pause) return all;
  const { reason, message, blocker } = pause;
  return { ...all, reason, message, blockedBy: [blocker], wakeAt: earliest(all.wakeAt, pause.wakeAt) };
}

/** What several targets wait for is told once. */
const once = (all: NonNullable<Outcome['blockedBy']>): NonNullable<Outcome['blockedBy']> =>
  all.filter((b, i) => all.findIndex((o) => o.reason === b.reason && o.message === b.message) === i);

/** Smaller speaks first. */
function rank(o: TargetOutcome): number {
  if (o.reason === 'Holding') return o.pastDeadline ? 0 : 1;
  if (o.target.state === 'Pending') return 1000;
  const { step = 0, steps = 1 } = o.target;
  const far = Math.min(1, step / Math.max(1, steps));
  return 2 + far + (o.done ? 10 : 0);
}

/** Every gate's answer: what this pass says, else what status has. */
function resultsOf(input: Input, outcomes: readonly TargetOutcome[]): GateResult[] {
  // What was said of a target while the Gate was gone is no word of the persons that it asks.
  const before = (input.promotion.status?.gates ?? []).filter(
    (b) => b.target === EVERY_TARGET || !isApproval(input.gates.get(b.gate)),
  );
  const asked = outcomes.flatMap((o) => o.approvals ?? []);
  const said = [...new Map(asked.flatMap((f) => f.results).map((r) => [`${r.gate} ${r.when}`, r])).values()];
  const kept = before.filter((b) => b.target === EVERY_TARGET && !asked.some((f) => isIn(f, b)));
  return [...kept, ...said, ...sampledOf(before, outcomes)];
}

function sampledOf(before: readonly GateResult[], outcomes: readonly TargetOutcome[]): GateResult[] {
  return outcomes.flatMap((o) => {
    const now = o.results ?? [];
    const kept = before.filter(
      (b) => b.target === o.target.name && !now.some((n) => n.gate === b.gate && n.when === b.when),
    );
    return [...kept, ...now];
  });
}
