/** Who did the work that was measured. */
export type Side = 'Sluice' | 'Argo Rollouts';

/** One value of one row, from one round. */
export interface Measurement {
  /** `B1` to `B20`. */
  row: string;
  /** What tells this value from others of the row: `N = 1,000`, `SIGTERM`. */
  at: string;
  side: Side;
  value: number;
  /** More of the same measurement that helps to understand it, with units in the names. */
  details?: Readonly<Record<string, number>>;
}

/** What a family is told of the round. */
export interface Round {
  /** From 1. */
  number: number;
  short: boolean;
  /** Flags of Node for operator processes: a CPU profile when one is wanted. */
  nodeArgs: readonly string[];
  /** Says how far it is. */
  say(text: string): void;
}

/** Rows that are measured together, in worlds of their own. */
export interface Family {
  name: string;
  rows: readonly string[];
  /** Measured once however many rounds there are: it is long, and a series in itself. */
  once?: boolean;
  /** The same work done by the anchor, where there is one. */
  anchor?(round: Round): Promise<Measurement[]>;
  sluice(round: Round): Promise<Measurement[]>;
}

/** `N = 1,000`. */
export function sizeOf(n: number): string {
  return `N = ${n.toLocaleString('en-US')}`;
}

/** The values of one row, told of so many objects: `10,000 objects`. */
export function byObjects(row: string, objects: number, measured: readonly Measurement[]): Measurement[] {
  const at = objectsOf(objects);
  return measured.filter((one) => one.row === row).map((one) => ({ ...one, at }));
}

/** `10,000 objects`. */
export function objectsOf(objects: number): string {
  return `${objects.toLocaleString('en-US')} objects`;
}

/** Rounds a number for people: three significant digits, whole from 1,000 on. */
export function rounded(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 1000) return Math.round(value);
  return Number(value.toPrecision(3));
}
