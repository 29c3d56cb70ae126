import { z } from 'zod';
import { type Counts, type Evidence, NO_EVIDENCE, withLook } from '../../analysis/sequential.ts';

/** The four counters of one look, at one instant. */
export interface Look {
  canary: Counts;
  stable: Counts;
}

/** All that the looks so far have left behind. */
export interface State {
  /** When counting began, milliseconds since the epoch. */
  since: number;
  /** The counters up to which everything is counted. */
  base: Look;
  /** What was counted since. */
  counted: Look;
  evidence: Evidence;
}

/** The first look: from here on it is counted. */
export function begin(look: Look, since: number): State {
  const nothing = { bad: 0, total: 0 };
  return { since, base: look, counted: { canary: nothing, stable: nothing }, evidence: NO_EVIDENCE };
}

/**
 * The state after one more look. A counter that fell was reset, or a pod has gone out of the sum: how much was
 * counted meanwhile nobody can tell (what Prometheus would take for it, the new value, is right for one pod and
 * far too much for a sum of many), so such a look counts nothing and is the base of the next.
 */
export function advance(state: State, look: Look, margin: number): State {
  if (fell(state.base, look)) return { ...state, base: look };
  const canary = increase(state.base.canary, look.canary);
  const stable = increase(state.base.stable, look.stable);
  return {
    since: state.since,
    base: { canary: plus(state.base.canary, canary), stable: plus(state.base.stable, stable) },
    counted: { canary: plus(state.counted.canary, canary), stable: plus(state.counted.stable, stable) },
    evidence: withLook(state.evidence, canary, stable, margin),
  };
}

/** Whether one of the counters is lower than it was. */
export function fell(before: Look, now: Look): boolean {
  const isLower = (side: keyof Look): boolean =>
    now[side].bad < before[side].bad || now[side].total < before[side].total;
  return isLower('canary') || isLower('stable');
}

/** Whole requests only, as the test wants them: a fraction stays for the next look. */
function increase(before: Counts, now: Counts): Counts {
  return { bad: Math.floor(now.bad - before.bad), total: Math.floor(now.total - before.total) };
}

function plus(a: Counts, b: Counts): Counts {
  return { bad: a.bad + b.bad, total: a.total + b.total };
}

const number = z.number();
const four = z.tuple([number, number, number, number]);
const form = z.tuple([z.literal(1), number, four, four, z.array(number).length(NO_EVIDENCE.length)]);

/** As text for status: at most 400 characters, whatever the numbers. */
export function encode({ since, base, counted, evidence }: State): string {
  const logs = evidence.map((log) => Number(log.toPrecision(9)));
  return JSON.stringify([1, since, flat(base), flat(counted), logs]);
}

/** The reverse; undefined for what this version cannot read, which is counted anew. */
export function decode(text: string): State | undefined {
  const parsed = form.safeParse(json(text));
  if (!parsed.success) return undefined;
  const [, since, base, counted, evidence] = parsed.data;
  return { since, base: lookOf(base), counted: lookOf(counted), evidence };
}

function flat({ canary, stable }: Look): z.infer<typeof four> {
  return [canary.bad, canary.total, stable.bad, stable.total];
}

function lookOf([bad, total, stableBad, stableTotal]: z.infer<typeof four>): Look {
  return { canary: { bad, total }, stable: { bad: stableBad, total: stableTotal } };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
