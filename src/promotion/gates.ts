import { type Judgement, movePassFrom, newJudgement } from '../analysis/judge.ts';
import type { Gate, GateBinding, GateResult, Plan } from '../api/v1alpha1/types.ts';
import { earliest, toTime } from '../runtime/time.ts';
import type { TargetView } from '../delivery/delivery.ts';
import { isApproval, resultFor } from './approvals.ts';
import { type Pass, passOverGate } from './bypass.ts';
import type { Input } from './input.ts';
import type { Timing } from './timing.ts';

/** What the gates of one target say together about one step. */
export interface GateFold {
  results: GateResult[];
  /** The gate that decides for going back, and whether it has shown the images to be bad. */
  failed: { result: GateResult; quarantine: boolean } | undefined;
  passed: boolean;
  /** Why it holds: a gate cannot see, or has been without a verdict for too long. */
  holding: GateResult | undefined;
  /** The first deadline has passed: it pages. */
  pastDeadline: boolean;
  /** When the next deadline falls due. */
  deadlineAt: number | undefined;
  /** Sighted time of the gate that has the least, milliseconds; undefined without gates. */
  coveredMs: number | undefined;
}

/** The gates that are bound to one target up to one weight, whatever they ask. */
export function boundAt(
  plan: Plan,
  when: GateBinding['when'],
  target: string,
  weight: number,
): GateBinding[] {
  return plan.gates.filter(
    (b) =>
      b.when === when &&
      (b.fromWeight ?? 0) <= weight &&
      (b.targets === undefined || b.targets.includes(target)),
  );
}

/**
 * Those of them that are sampled there, and those that are gone, also of the step that comes next: what is gone may be
 * what persons are to approve before the weight rises. What they have approved already nobody needs any more.
 */
export function bindingsAt(
  { gates, promotion }: Pick<Input, 'gates' | 'promotion'>,
  plan: Plan,
  when: GateBinding['when'],
  target: string,
  { weight, nextWeight }: Pick<TargetView, 'weight' | 'nextWeight'>,
): GateBinding[] {
  return boundAt(plan, when, target, Math.max(weight, nextWeight)).filter((b) => {
    const gate = gates.get(b.gate);
    if (gate) return (b.fromWeight ?? 0) <= weight && !isApproval(gate);
    return resultFor(promotion, b)?.verdict !== 'Pass';
  });
}

/** A Gate that is gone cannot be asked: that is an Error, never a pass. */
function missing(
  binding: GateBinding,
  target: string,
  step: number,
  before: GateResult | undefined,
  now: number,
): GateResult {
  const since = before?.verdict === 'Error' ? before.since : toTime(now);
  const message = `Gate ${binding.gate} does not exist: apply it`;
  return { gate: binding.gate, when: binding.when, target, step, verdict: 'Error', since, message };
}

/**
 * One gate's judgement as it stands in status.
 * @param step undefined: before anything is changed.
 */
export function resultOf(
  gate: Gate,
  binding: GateBinding,
  target: string,
  step: number | undefined,
  judgement: Judgement,
): GateResult {
  const { last } = judgement;
  return {
    gate: binding.gate,
    when: binding.when,
    target,
    ...(step !== undefined && { step }),
    verdict: judgement.verdict,
    since: toTime(judgement.since),
    ...(last?.value !== undefined && Number.isFinite(last.value) && { value: last.value }),
    ...(last?.threshold !== undefined && { threshold: last.threshold.slice(0, 512) }),
    ...(last?.samples !== undefined && Number.isFinite(last.samples) && { samples: last.samples }),
    sampleCount: judgement.sampleCount,
    failures: judgement.failures,
    ...(last && { sampledAt: toTime(last.at), query: last.query.slice(0, 4608) }),
    message: judgement.message.slice(0, 512),
    ...(gate.metadata.generation !== undefined && { gateGeneration: gate.metadata.generation }),
    ...(judgement.state !== undefined && { state: judgement.state }),
    recent: judgement.recent.map((s) => ({
      at: toTime(s.at),
      verdict: s.verdict,
      ...(s.value !== undefined && Number.isFinite(s.value) && { value: s.value }),
    })),
  };
}

/** The result of a gate that is measured and shown, and decides nothing; undefined: it decides. */
export function undeciding(
  result: GateResult,
  gate: Gate | undefined,
  pass: Pass | undefined,
): GateResult | undefined {
  if (!gate?.spec.advisory && !pass) return undefined;
  const why = pass ? `bypassed by ${pass.by} (${pass.ticket})` : 'advisory';
  return { ...result, message: `${why}: ${result.message}`.slice(0, 512) };
}

/**
 * Nothing was asked yet at this step, by this process. After a restart what status says stays said,
 * but a pass: passes are counted anew.
 */
function unasked(
  gate: Gate,
  binding: GateBinding,
  at: Pick<Place, 'target' | 'step' | 'from' | 'notBefore'>,
  before: GateResult | undefined,
): GateResult {
  const old = before && Date.parse(before.since) < (at.notBefore ?? 0);
  if (before?.step === at.step && before.verdict !== 'Pass' && !old) return before;
  const nothing = newJudgement('', at.from);
  return resultOf(gate, binding, at.target, at.step, nothing);
}

/**
 * Folds the gates of a target: any Fail fails, all Pass passes, and anything else waits: at once
 * visibly (Holding) when a gate cannot see, after the gate's deadline when it has no verdict. What
 * comes of a deadline is the Gate's `onDeadline`, of blindness the Environment's `onBlind`.
 * @param at.epoch samples taken for another epoch say nothing here.
 * @param at.from when waiting for these gates began.
 */
export function foldGates(input: Input, bindings: readonly GateBinding[], at: Place): GateFold {
  const fold: GateFold = {
    results: [],
    failed: undefined,
    passed: true,
    holding: undefined,
    pastDeadline: false,
    deadlineAt: undefined,
    coveredMs: undefined,
  };
  for (const binding of bindings) add(input, binding, at, fold);
  return fold;
}

/** Where gates are asked. */
interface Place {
  target: string;
  step: number;
  /** The epoch whose answers count, gate by gate. */
  epoch(binding: GateBinding): string;
  /** From when passes of a gate count, epoch milliseconds; undefined: none does. */
  passFrom(gate: Gate, binding: GateBinding): number | undefined;
  from: number;
  /** Answers from before this time do not count: a person said to go on. */
  notBefore: number | undefined;
  /** It is paused: no deadline runs. */
  paused: boolean;
  timing: Pick<Timing, 'maxBlindSeconds' | 'onBlind'>;
}

function add(input: Input, binding: GateBinding, at: Place, fold: GateFold): void {
  const gate = input.gates.get(binding.gate);
  const found = input.judgement(binding, at.target);
  // A status that was refused has the step begin later than the samples know: a Pass of before counts no more.
  const judgement =
    gate && found?.epoch === at.epoch(binding)
      ? movePassFrom(found, at.passFrom(gate, binding), input.now)
      : undefined;
  const old = input.promotion.status?.gates?.find(
    (g) => g.gate === binding.gate && g.when === binding.when && g.target === at.target,
  );
  const result = !gate
    ? missing(binding, at.target, at.step, old, input.now)
    : judgement
      ? resultOf(gate, binding, at.target, at.step, judgement)
      : unasked(gate, binding, at, old);
  const shown = undeciding(result, gate, passOverGate(input, binding.gate, false));
  if (shown) {
    fold.results.push(shown);
    return;
  }
  const blind = result.verdict === 'Error';
  const timer = Math.max(at.from, judgement?.timerFrom ?? Date.parse(result.since));
  const due = timer + (blind ? at.timing.maxBlindSeconds : (gate?.spec.deadlineSeconds ?? 0)) * 1000;
  const isDue = !at.paused && input.now >= due && (blind || result.verdict === 'Inconclusive');
  const ending = !isDue ? undefined : blind ? at.timing.onBlind : (gate?.spec.onDeadline ?? 'Hold');
  if (ending === 'Pass') {
    const seconds = gate?.spec.deadlineSeconds ?? 0;
    const message = `passed by onDeadline, without a verdict in ${seconds} s: ${result.message}`;
    fold.results.push({ ...result, message: message.slice(0, 512) });
    return;
  }
  fold.results.push(result);
  fold.coveredMs = Math.min(fold.coveredMs ?? Number.POSITIVE_INFINITY, judgement?.coveredMs ?? 0);
  if (result.verdict === 'Pass') return;
  fold.passed = false;
  if (result.verdict === 'Fail') fold.failed ??= { result, quarantine: true };
  else if (ending === 'Revert') fold.failed ??= { result, quarantine: false };
  else {
    if (isDue) fold.pastDeadline = true;
    else if (!at.paused) fold.deadlineAt = earliest(fold.deadlineAt, due);
    if (blind || isDue) fold.holding ??= result;
  }
}
