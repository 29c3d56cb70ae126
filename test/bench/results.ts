import type { Machine } from './machine.ts';
import { type Measurement, rounded, type Side } from './measure.ts';
import { ROWS, type Row, targetOf } from './rows.ts';
import { growthExponent, median } from './statistics.ts';

/** One line of the result: one row at one size, over all rounds. */
export interface Result {
  row: string;
  at: string;
  /** Median of Sluice's rounds, and all of them. */
  value: number;
  values: number[];
  /** The same of the anchor, in the same run. */
  anchor?: number;
  anchorValues?: number[];
  /** Medians of the details, by side. */
  details: Partial<Record<Side, Record<string, number>>>;
  atLeast?: number;
  aim?: number;
}

/** One run of one family, as it is kept. */
export interface Run {
  date: string;
  command: string;
  rounds: number;
  /** Processes that wanted to run when it began. */
  load: number;
  machine: Machine;
}

/** A result with the run that it comes from. */
export type Kept = Result & { run: Run };

/** Puts the measurements of all rounds together, in the order of the table. */
export function resultsOf(measurements: readonly Measurement[]): Result[] {
  const found: Result[] = [];
  for (const row of ROWS) {
    const own = measurements.filter((m) => m.row === row.id);
    for (const at of new Set(own.map((m) => m.at)))
      found.push(
        resultOf(
          row,
          at,
          own.filter((m) => m.at === at),
        ),
      );
  }
  return found;
}

function resultOf(row: Row, at: string, measured: readonly Measurement[]): Result {
  const by = (side: Side): Measurement[] => measured.filter((m) => m.side === side);
  const valuesOf = (side: Side): number[] => by(side).map((m) => rounded(m.value));
  const anchorValues = valuesOf('Argo Rollouts');
  const values = valuesOf('Sluice');
  const target = targetOf(row, at);
  return {
    row: row.id,
    at,
    value: rounded(median(values)),
    values,
    ...(anchorValues.length > 0 && { anchor: rounded(median(anchorValues)), anchorValues }),
    details: Object.fromEntries(
      (['Sluice', 'Argo Rollouts'] as const)
        .map((side) => [side, mediansOf(by(side))])
        .filter(([, d]) => Object.keys(d as object).length > 0),
    ),
    ...target,
  };
}

/** What nobody could measure is left out: JSON has no NaN, and what is written is to be read as it was. */
function mediansOf(measured: readonly Measurement[]): Record<string, number> {
  const names = new Set(measured.flatMap(({ details = {} }) => Object.keys(details)));
  return Object.fromEntries(
    [...names]
      .map(
        (name) => [name, rounded(median(measured.flatMap(({ details }) => details?.[name] ?? [])))] as const,
      )
      .filter(([, value]) => Number.isFinite(value)),
  );
}

/** Those of these rows that have no result, and so miss whatever they have to reach. */
export function unmeasured(
  rows: readonly string[],
  results: readonly Pick<Result, 'row' | 'value'>[],
): string[] {
  return rows.filter((id) => !results.some(({ row, value }) => row === id && Number.isFinite(value)));
}

/** How it stands against its target. */
export type Standing = 'aim' | 'reached' | 'missed' | 'no target';

export function standingOf({ row, value, atLeast, aim }: Result): Standing {
  if (atLeast === undefined) return 'no target';
  const bigger = ROWS.find(({ id }) => id === row)?.biggerIsBetter ?? false;
  const reaches = (limit: number): boolean => (bigger ? value >= limit : value <= limit);
  if (aim !== undefined && reaches(aim)) return 'aim';
  return reaches(atLeast) ? 'reached' : 'missed';
}

/** How many times better than the anchor in the same run; undefined without one. */
export function ratioOf({ value, anchor }: Result): number | undefined {
  return anchor === undefined || value === 0 ? undefined : rounded(anchor / value);
}

const SIZES = [100, 1000, 10_000];

/** B15: how CPU and memory grow with the number of promotions, from the other rows' medians. */
export function growth(results: readonly Result[]): Result[] {
  const costs = (row: string, suffix: string, less = 0): (readonly [number, number])[] =>
    SIZES.flatMap((n) => {
      const found = results.find(
        (r) => r.row === row && r.at === `N = ${n.toLocaleString('en-US')}${suffix}`,
      );
      return found && found.value > less ? [[n, found.value - less] as const] : [];
    });
  const atRest = results.find((r) => r.row === 'B11' && r.at === 'N = 0')?.value ?? 0;
  const row = ROWS.find(({ id }) => id === 'B15');
  return [
    ['CPU at an interval of 5 s', costs('B10', ', 5 s')] as const,
    ['memory above that at rest', atRest > 0 ? costs('B11', '', atRest) : []] as const,
  ].flatMap(([at, points]): Result[] => {
    if (points.length < 2) return [];
    const value = rounded(growthExponent(points));
    const details = { Sluice: Object.fromEntries(points.map(([n, cost]) => [`at ${n}`, rounded(cost)])) };
    return [{ row: 'B15', at, value, values: [value], details, ...(row && targetOf(row, at)) }];
  });
}
