import type { Judgement } from '../analysis/judge.ts';
import type {
  Environment,
  Gate,
  GateBinding,
  Promotion,
  PlannedTarget,
  PromotionReason,
  PromotionStatus,
  RevisionImage,
  Target,
} from '../api/v1alpha1/types.ts';
import type { Approval } from './approvals.ts';
import type { Bypass } from './bypass.ts';
import type { FreezeOrder } from '../environment/calendar.ts';
import type { Effect, Observation, Recorded } from '../delivery/delivery.ts';

/** Another Promotion for the same Environment, as far as the turn depends on it. */
export interface Rival {
  name: string;
  uid: string;
  createdAt: number;
  /** The smaller, the sooner its turn. */
  priority: number;
  /** Why it stands where it stands; undefined: not looked at yet. */
  reason: PromotionReason | undefined;
  /** It has latched its plan and is in flight. */
  started: boolean;
  /** Targets that it names, or has latched; absent: every target that one of its images matches. */
  targets: readonly string[] | undefined;
  images: readonly RevisionImage[];
}

/** A Decision on this promotion. Times are epoch milliseconds, in whole seconds. */
export interface Order {
  name: string;
  uid: string;
  /** Who it says decided. */
  by: string;
  verdict: 'Hold' | 'Resume' | 'Abort';
  at: number;
  reason: string | undefined;
}

/** A newer promotion that has succeeded here, and where. */
export interface Successor {
  name: string;
  createdAt: number;
  targets: readonly string[];
}

/** What an older promotion that is stuck on its way back leaves to a newer one that takes the target over. */
export interface Inherited {
  /** What was good before it. */
  recorded: Recorded;
  /** What it has written there. */
  images: PlannedTarget['images'];
}

/** One target of the Environment with what was observed of it. */
export interface Subject {
  target: Target;
  observation: Observation;
  recorded: Recorded | undefined;
  /** The target may be taken over from a promotion that is stuck there. */
  inherited?: Inherited;
  /** Digests that its new pods run, by container; read only where a tag was promoted and they are not known. */
  digests?: Readonly<Record<string, readonly string[]>>;
}

/** Everything that a decision depends on, gathered at one moment. Times are epoch milliseconds. */
export interface Input {
  now: number;
  promotion: Promotion;
  /** Undefined: it does not exist, or was deleted in mid-flight. */
  environment: Environment | undefined;
  gates: ReadonlyMap<string, Gate>;
  /** Unfinished Promotions for the same Environment, this one left out. */
  rivals: readonly Rival[];
  /** Promotions for the same Environment that have succeeded. */
  successors: readonly Successor[];
  /** Decisions on this promotion, oldest first. */
  orders: readonly Order[];
  /** Decisions on its approval gates, oldest first. */
  approvals: readonly Approval[];
  /** Of those that count at a gate of another target since this very pass: they are not on record yet. */
  counting?: readonly Approval[];
  /** The person who asked for it, proven; undefined: nobody, or a machine. */
  requester: string | undefined;
  /** A machine is proven to have asked for it. */
  byMachine: boolean;
  /** UIDs of Decisions that say themselves that they were used: the record may let go of them. */
  told?: ReadonlySet<string>;
  /** Decisions that are not used, since nothing proves who made them: how many, and what to do. */
  distrusted?: { count: number; message: string };
  /** A person takes it back by a Rollback: proven to be made by Sluice, not proven, or none. */
  rollback: 'Proven' | 'Unproven' | undefined;
  /** Bypasses for it. */
  bypasses: readonly Bypass[];
  /** Freezes and Thaws of the Environment by a person, oldest first. */
  freezes: readonly FreezeOrder[];
  /** The Environment that `spec.from` names; undefined: none is named, or it does not exist. */
  source?: Environment | undefined;
  /** The Environments upstream of its own, by name, as far as they exist. */
  upstreams: ReadonlyMap<string, Environment>;
  /** UID of the promotion that has claimed a target, whose latched plan no cache may show yet, by the target. */
  claimed: ReadonlyMap<string, string>;
  subjects: readonly Subject[];
  judgement(binding: GateBinding, target: string): Judgement | undefined;
  /** Longest range in the Gate's query, seconds: a sample cannot pass before the window has left the last step. */
  windowSeconds(gate: Gate, binding: GateBinding): number;
}

/** A gate that is to be sampled from now on, and how its samples count. */
export interface ProbeRequest {
  binding: GateBinding;
  target: Target;
  /** Counts start anew when this changes: `preflight`, or the step. */
  epoch: string;
  /** The step that `epoch` speaks of; undefined in preflight. */
  step?: number;
  /** What status says from before this time does not count: a person said to go on. */
  notBefore?: number;
  /** Samples from this time on may pass; undefined: they may only fail. */
  passFrom: number | undefined;
  /** Passes in a row that are needed, where it is not what the Gate says. */
  count?: number;
  /** Failed samples tolerated, where it is not what the Gate says. */
  failureLimit?: number;
  /** Beginning of what the samples speak of, for `stepSeconds`. */
  settledAt: number;
  canaryHash: string;
  stableHash: string;
  weight: number;
}

/** What is to be: the status to write, at most one effect for each target after it, what to sample, and when to look again. */
export interface Decided {
  status: PromotionStatus;
  effects: readonly Effect[];
  probes: readonly ProbeRequest[];
  wakeAt?: number | undefined;
  /** What is to become of the promotion's finalizer, in a write of its own. */
  finalizer?: 'add' | 'remove';
}
