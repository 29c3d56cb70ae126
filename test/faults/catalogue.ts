import type { Law } from './laws.ts';

/* What a case is, for those who declare it and for those who only read how it ended: outside of jest. */

/** Environment variable: `long` runs every case; otherwise the short form, as in `make test`. */
export const FORM = 'SLUICE_FAULTS';
/** Environment variable with the path of the record; without it nothing is kept. */
export const RECORD = 'SLUICE_FAULTS_RECORD';
/** Environment variable with the seed of what is random; without it a new one is drawn. */
export const SEED = 'SLUICE_SEED';

/** Whether every case runs, rather than the few that `make test` has time for. */
export const isLong = process.env[FORM] === 'long';

/** Environment variable: the scenes of which golden runs are played in the long form, by comma, to try those alone. */
export const SCENES_ONLY = 'SCENES';

/** The scenes that were chosen; undefined: all of them. */
export const chosenScenes = process.env[SCENES_ONLY]?.split(',');

/** Environment variable with the path of the record of a run, of which what did not hold is played again. */
export const AGAIN = 'AGAIN';

/** Whether cases of an earlier run are played, which may be of a write that came in that run and comes seldom. */
export const isAgain = process.env[AGAIN] !== undefined;

/** The seed of this run; printed in the name of whatever uses it. */
export const seed = Number(process.env[SEED] ?? Math.floor(performance.timeOrigin) % 1_000_000);

/** One injected fault. */
export interface FaultCase {
  /** As in the catalogue of docs/faults.md: `C1`, `A429`, `P07`. */
  id: string;
  family: string;
  /** What is injected, and into what. */
  injected: string;
  /** Runs in the long form only. */
  long?: boolean;
  /** What random choices this case makes follow from it. */
  seed?: number;
  /** Milliseconds, where it takes longer than tests commonly may. */
  timeoutMs?: number;
  /** Runs beside the others of its file that say so: for cases that have a lane of their own. */
  concurrent?: boolean;
  /** How long the promotion in it may take, where that is longer than most. */
  patienceMs?: number;
}

/** A case as it ended. */
export interface CaseResult extends FaultCase {
  /** The laws that were asked of it: noted by their checkers as they ran. */
  laws: readonly Law[];
  held: boolean;
  /** It did not hold because the fault never happened: no law broke, and nothing was shown. */
  missed?: true;
  /** How often the fault really happened; a case in which it never does is a failure. */
  times: number;
  /** What broke. */
  message?: string;
}
