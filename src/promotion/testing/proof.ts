import type { Verdict } from '../../analysis/sample.ts';
import type { Gate, PromotionStatus } from '../../api/v1alpha1/types.ts';
import type { Rollout } from '../../delivery/rollout/types.ts';

/** Where a Rollout really stands, and since when. */
interface Standing {
  /** Index of the pause, or the number of steps once it is fully promoted. */
  step: number;
  hash: string;
  since: number;
}

/** Passes in a row of one gate about one standing. */
interface Row {
  step: number;
  hash: string;
  passes: number;
}

/** The pause or the full promotion at which a Rollout stands; undefined: between them, or aborted. */
function standingOf({ spec, status = {} }: Rollout): Omit<Standing, 'since'> | undefined {
  const { currentPodHash: hash = '', stableRS, currentStepIndex = 0, phase } = status;
  const steps = spec.strategy?.blueGreen ? 1 : (spec.strategy?.canary?.steps ?? []).length;
  if (hash === stableRS) return { step: steps, hash };
  const isPaused = phase === 'Paused' && (status.pauseConditions?.length ?? 0) > 0;
  return isPaused ? { step: currentStepIndex, hash } : undefined;
}

/**
 * What the gates have proven, kept by the model itself from what really stands and what was really
 * answered: it shares no code with the product, so that the laws can be held against it.
 */
export class Proof {
  readonly #standings: Map<string, Standing>;
  readonly #rows: Map<string, Row>;
  /** The last step at which every gate of a target had passed, once; `-1` or absent: none. */
  readonly passed: Map<string, number>;
  /** Gates that have truly failed, `gate|target`, and by how many samples at one place. */
  readonly failed: Map<string, { epoch: string; samples: number }>;

  constructor(from?: Proof) {
    this.#standings = new Map(from?.standings);
    this.#rows = new Map(from?.rows);
    this.passed = new Map(from?.passed);
    this.failed = new Map(from?.failed);
  }

  get standings(): ReadonlyMap<string, Standing> {
    return this.#standings;
  }

  get rows(): ReadonlyMap<string, Row> {
    return this.#rows;
  }

  /** The Rollout has moved, or has not. */
  note(target: string, rollout: Rollout, now: number): void {
    const here = standingOf(rollout);
    const before = this.#standings.get(target);
    if (!here) this.#standings.delete(target);
    else if (before?.step !== here.step || before.hash !== here.hash) {
      this.#standings.set(target, { ...here, since: now });
      this.#forgetElsewhere(target, here);
    }
  }

  /** What was passed elsewhere proves nothing here. */
  #forgetElsewhere(target: string, { step, hash }: Omit<Standing, 'since'>): void {
    for (const [key, row] of this.#rows)
      if (key.endsWith(`|${target}`) && (row.step !== step || row.hash !== hash)) this.#rows.delete(key);
  }

  /**
   * An operator that has lost its memory has to be told anew, of passes and of failures.
   * @param status what it finds written down, which is all that it still knows.
   */
  forget({ gates = [] }: Pick<PromotionStatus, 'gates'>): void {
    this.#rows.clear();
    for (const [key, failed] of this.failed) {
      const kept = gates.find((g) => `${g.gate}|${g.target}` === key);
      const samples = Math.min(failed.samples, kept?.failures ?? 0);
      if (samples === 0) this.failed.delete(key);
      else this.failed.set(key, { ...failed, samples });
    }
  }

  /**
   * One answer. Only what lies, with its whole window, after the standing has settled counts as a pass.
   * @param graceMs how long after the standing began that is.
   */
  sample(
    gates: ReadonlyMap<string, Gate>,
    at: { gate: string; target: string; epoch: string; hash: string },
    verdict: Verdict,
    { now, graceMs }: { now: number; graceMs: number },
  ): void {
    const key = `${at.gate}|${at.target}`;
    if (verdict === 'Fail') {
      const before = this.failed.get(key);
      this.failed.set(key, {
        epoch: at.epoch,
        samples: before?.epoch === at.epoch ? before.samples + 1 : 1,
      });
    }
    const standing = this.#standings.get(at.target);
    if (verdict !== 'Pass' || !standing || standing.hash !== at.hash) {
      this.#rows.delete(key);
      return;
    }
    if (now < standing.since + graceMs) return;
    const row = this.#rows.get(key);
    const passes = row?.step === standing.step && row.hash === standing.hash ? row.passes + 1 : 1;
    const { step, hash } = standing;
    const enough = gates.get(at.gate)?.spec.count ?? 1;
    this.#rows.set(key, { step, hash, passes: Math.min(passes, enough) });
    if (this.proves(gates, at.target, step)) this.passed.set(at.target, step);
  }

  /** Whether every gate that is measured passes now about this target where it stands, at this step. */
  proves(gates: ReadonlyMap<string, Gate>, target: string, step: number): boolean {
    return [...gates.values()].every(({ metadata, spec }) => {
      // What persons have approved before it begins is another law's.
      if (spec.approval) return true;
      const row = this.#rows.get(`${metadata.name}|${target}`);
      return row?.step === step && row.passes >= spec.count;
    });
  }

  /** Whether this gate has failed about this target more often than it tolerates. */
  hasFailed(gate: Gate, target: string): boolean {
    return (this.failed.get(`${gate.metadata.name}|${target}`)?.samples ?? 0) > gate.spec.failureLimit;
  }
}
