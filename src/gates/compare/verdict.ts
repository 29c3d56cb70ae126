import { type Counts, eValue } from '../../analysis/sequential.ts';
import type { CompareSpec } from '../../api/v1alpha1/gate.ts';
import type { Outcome } from '../take.ts';
import type { State } from './state.ts';

/** As much evidence as there is before anything has happened: a release without any failure stays here. */
const LOW = 1;
/** Rounding of likelihoods. */
const EPSILON = 1e-9;

/**
 * What the looks so far say. Enough evidence is a Fail, at any time; a Pass wants enough requests on both sides
 * and no evidence at all; between the two it goes on looking.
 */
export function outcomeOf(spec: CompareSpec, state: State): Outcome {
  const { canary, stable } = state.counted;
  const value = eValue(state.evidence);
  const limit = 1 / spec.alpha;
  const known = { value: rounded(value), samples: canary.total };
  const facts = `canary ${failed(canary)}, stable ${failed(stable)}`;
  if (value >= limit)
    return {
      ...known,
      verdict: 'Fail',
      threshold: `e-value >= ${rounded(limit)}`,
      message: `${facts}: the canary fails more than ${spec.margin} times as often (e-value ${rounded(value)} >= ${rounded(limit)})`,
    };
  const lacking = lack(spec.minSamples.atLeast, canary, stable);
  if (lacking !== undefined) return { ...known, verdict: 'Inconclusive', message: `${lacking}; ${facts}` };
  if (value <= LOW + EPSILON)
    return {
      ...known,
      verdict: 'Pass',
      threshold: `e-value <= ${LOW}`,
      message: `${facts}: no evidence against the canary (e-value ${rounded(value)} <= ${LOW})`,
    };
  return {
    ...known,
    verdict: 'Inconclusive',
    threshold: `e-value <= ${LOW}`,
    message: `${facts}: too little to blame the canary, too much to pass it (e-value ${rounded(value)}, fails at ${rounded(limit)}, passes at ${LOW})`,
  };
}

function lack(atLeast: number, canary: Counts, stable: Counts): string | undefined {
  if (canary.total === 0)
    return 'No canary requests since the step settled: is there traffic, and do the labels match?';
  if (stable.total === 0)
    return 'No stable requests since the step settled: there is nothing to compare with';
  if (canary.total < atLeast) return `${canary.total} of ${atLeast} canary requests so far`;
  if (stable.total < atLeast) return `${stable.total} of ${atLeast} stable requests so far`;
  return undefined;
}

function failed({ bad, total }: Counts): string {
  const share = total === 0 ? '' : ` (${rounded((100 * bad) / total)} %)`;
  return `${bad} of ${total} failed${share}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
