import { coveredGapMs } from './coverage.ts';
import { presentable, type Sample, type Verdict } from './sample.ts';

/** How many samples decide. */
export interface JudgeRules {
  /** Passes in a row that make the gate pass. */
  count: number;
  /** Failed samples tolerated in one epoch; one more and the gate has failed. */
  failureLimit: number;
  /** Milliseconds between two samples. */
  intervalMs: number;
}

/** What all samples of one epoch (one step of one rollout) say together. */
export interface Judgement {
  epoch: string;
  verdict: Verdict;
  /** When this verdict was entered, milliseconds since the epoch. */
  since: number;
  /**
   * Where the deadline of this verdict runs from: `since`, moved back by the time already spent in the same
   * verdict since the gate last passed. A backend that fails every other query would otherwise start both
   * timers (undecided, blind) anew for ever.
   */
  timerFrom: number;
  /** One sentence for the gate's line in status. */
  message: string;
  passesInARow: number;
  /** `at` of the first sample of the present row of passes. */
  rowSince?: number;
  failures: number;
  sampleCount: number;
  /** Milliseconds of sighted time in this epoch; see coverage.ts. */
  coveredMs: number;
  /** `at` of the last sample, if that one was conclusive. */
  sightedAt?: number;
  last?: Sample;
  /** The last samples, newest first. */
  recent: readonly Sample[];
  /** What the last sample that left one has left for the next: the memory of a gate that counts over looks. */
  state?: string;
  /** Milliseconds already spent in each undecided verdict since the gate last passed. */
  spentMs: Readonly<Record<'Inconclusive' | 'Error', number>>;
}

/** As many samples as status shows of a gate. */
export const RECENT = 5;

const NOTHING_SPENT = { Inconclusive: 0, Error: 0 };

/** Nothing is known yet, which is not a pass. */
export function newJudgement(epoch: string, now: number): Judgement {
  return {
    epoch,
    verdict: 'Inconclusive',
    since: now,
    timerFrom: now,
    message: 'No sample yet',
    passesInARow: 0,
    failures: 0,
    sampleCount: 0,
    coveredMs: 0,
    recent: [],
    spentMs: NOTHING_SPENT,
  };
}

/**
 * The judgement after one more sample. `passFrom` (milliseconds since the epoch) is when samples begin to count
 * as passes, because their window lies in this step; undefined: never, the gate only guards and may fail.
 * A failed gate stays failed in its epoch and keeps the evidence that failed it.
 */
export function judge(
  previous: Judgement,
  sample: Sample,
  rules: JudgeRules,
  passFrom: number | undefined,
): Judgement {
  if (previous.verdict === 'Fail') return previous;
  const guarding = sample.verdict === 'Pass' && !(passFrom !== undefined && sample.at >= passFrom);
  const { state = previous.state, ...stateless } = sample;
  const shown = guarding ? asGuarding(stateless, passFrom) : stateless;
  const conclusive = sample.verdict === 'Pass' || sample.verdict === 'Fail';
  const failures = previous.failures + (sample.verdict === 'Fail' ? 1 : 0);
  const row = rowAfter(previous, shown, passFrom);
  const verdict = verdictOf(shown, failures, row.passesInARow, rules);
  const { sightedAt, rowSince: _, ...kept } = previous;
  return {
    ...kept,
    ...entered(previous, verdict, sample.at),
    ...row,
    failures,
    sampleCount: previous.sampleCount + 1,
    message: presentable(messageOf(shown, verdict, failures, row.passesInARow, rules)),
    coveredMs: previous.coveredMs + (conclusive ? coveredGapMs(sightedAt, sample.at, rules.intervalMs) : 0),
    ...(conclusive && { sightedAt: sample.at }),
    ...(state !== undefined && { state }),
    last: shown,
    recent: [shown, ...previous.recent].slice(0, RECENT),
  };
}

/**
 * The judgement after `passFrom` moved within the epoch: a Pass whose row of samples began before it, or that
 * may not be one any more, is taken back at `now`.
 */
export function movePassFrom(judgement: Judgement, passFrom: number | undefined, now: number): Judgement {
  if (judgement.verdict !== 'Pass' || counts(judgement.rowSince, passFrom)) return judgement;
  const { rowSince: _, ...kept } = judgement;
  const message = 'Passes are counted anew: the step has begun anew';
  return { ...kept, ...entered(judgement, 'Inconclusive', now), passesInARow: 0, message };
}

function counts(at: number | undefined, passFrom: number | undefined): boolean {
  return at !== undefined && passFrom !== undefined && at >= passFrom;
}

function asGuarding(sample: Sample, passFrom: number | undefined): Sample {
  const until =
    passFrom === undefined
      ? 'passes do not count here'
      : `passes count from ${new Date(passFrom).toISOString()}`;
  return {
    ...sample,
    verdict: 'Inconclusive',
    message: presentable(`Guarding, ${until}: ${sample.message}`),
  };
}

function rowAfter(
  previous: Judgement,
  shown: Sample,
  passFrom: number | undefined,
): Pick<Judgement, 'passesInARow' | 'rowSince'> {
  if (shown.verdict !== 'Pass') return { passesInARow: 0 };
  // The whole row has to lie after passFrom, which may have moved since the row began.
  if (previous.rowSince === undefined || !counts(previous.rowSince, passFrom))
    return { passesInARow: 1, rowSince: shown.at };
  return { passesInARow: previous.passesInARow + 1, rowSince: previous.rowSince };
}

function verdictOf(shown: Sample, failures: number, passesInARow: number, rules: JudgeRules): Verdict {
  if (failures > rules.failureLimit) return 'Fail';
  if (shown.verdict === 'Pass' && passesInARow >= rules.count) return 'Pass';
  return shown.verdict === 'Error' ? 'Error' : 'Inconclusive';
}

function messageOf(
  shown: Sample,
  verdict: Verdict,
  failures: number,
  passesInARow: number,
  rules: JudgeRules,
): string {
  if (shown.verdict === 'Fail' && verdict !== 'Fail')
    return `${failures} of ${rules.failureLimit} tolerated failures: ${shown.message}`;
  if (shown.verdict === 'Pass' && verdict !== 'Pass')
    return `${passesInARow} of ${rules.count} passes in a row: ${shown.message}`;
  return shown.message;
}

function entered(
  previous: Judgement,
  verdict: Verdict,
  at: number,
): Pick<Judgement, 'verdict' | 'since' | 'timerFrom' | 'spentMs'> {
  if (verdict === previous.verdict)
    return { verdict, since: previous.since, timerFrom: previous.timerFrom, spentMs: previous.spentMs };
  const spentMs = { ...previous.spentMs };
  if (previous.verdict === 'Inconclusive' || previous.verdict === 'Error')
    spentMs[previous.verdict] = Math.max(at - previous.timerFrom, 0);
  if (verdict === 'Pass' || verdict === 'Fail')
    return { verdict, since: at, timerFrom: at, spentMs: NOTHING_SPENT };
  return { verdict, since: at, timerFrom: at - spentMs[verdict], spentMs };
}

/** What status keeps of a judgement. */
export interface PersistedJudgement {
  epoch: string;
  verdict: Verdict;
  since: number;
  timerFrom?: number;
  message?: string;
  failures?: number;
  sampleCount?: number;
  coveredMs?: number;
  state?: string;
  recent?: readonly Sample[];
}

/**
 * The judgement that a restarted operator goes on from at `now`: Fail stays Fail and failures stay counted, but
 * nobody looked while it was down, so that a row of passes begins anew and a Pass is Inconclusive until then.
 */
export function rehydrate(persisted: PersistedJudgement, now: number): Judgement {
  const recent = (persisted.recent ?? []).slice(0, RECENT);
  const wasPass = persisted.verdict === 'Pass';
  const seenFailures = recent.filter((sample) => sample.verdict === 'Fail').length;
  const fresh = newJudgement(persisted.epoch, now);
  const since = wasPass ? now : Math.min(persisted.since, now);
  const [last] = recent;
  return {
    ...fresh,
    verdict: wasPass ? 'Inconclusive' : persisted.verdict,
    since,
    timerFrom: wasPass ? now : Math.min(persisted.timerFrom ?? since, since),
    message: wasPass
      ? 'The operator was restarted: passes are counted anew'
      : (persisted.message ?? fresh.message),
    failures: Math.max(persisted.failures ?? seenFailures, persisted.verdict === 'Fail' ? 1 : 0),
    sampleCount: persisted.sampleCount ?? recent.length,
    coveredMs: persisted.coveredMs ?? 0,
    ...(persisted.state !== undefined && { state: persisted.state }),
    ...(last && { last }),
    recent,
  };
}
