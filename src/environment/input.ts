import type { FreezeOrder } from './calendar.ts';
import type { Decision, Environment, Promotion, Target } from '../api/v1alpha1/types.ts';

/** Everything that an Environment's status follows from. */
export interface Input {
  now: number;
  environment: Environment;
  /** Every Promotion for this Environment that still exists. */
  promotions: readonly Promotion[];
  /** Decisions on the place itself whose authors are proven. */
  decisions: readonly Decision[];
  /** The Environments upstream of this one, by name, as far as they exist. */
  upstreams: ReadonlyMap<string, Environment>;
  /** UIDs of Rollbacks whose Promotion could not be made yet: they are not used. */
  unmade?: ReadonlySet<string | undefined>;
  /** Freezes and Thaws by a person, oldest first. */
  freezes: readonly FreezeOrder[];
  /** Images that a target's template declares; undefined: it is not there. */
  declared(target: Target): readonly string[] | undefined;
  /** Images that the pods of a target's stable revision run; undefined: not known. */
  running(target: Target): readonly string[] | undefined;
  /** What is missing or unusable, each in one sentence that says what to do. */
  problems: readonly string[];
}
