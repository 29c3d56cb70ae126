import type { PlannedTarget, Target } from '../api/v1alpha1/types.ts';

/** One set of pods of a target, told apart by its pod template hash. */
export interface RevisionPods {
  hash: string;
  /** Pods that exist or are wanted; zero is the proof that nothing of it serves any more. */
  replicas: number;
  ready: number;
  /** Image of each container by the container's name. */
  images: Readonly<Record<string, string>>;
}

/** Why a promotion cannot begin on this target now, in one sentence that says what to do. */
export interface Obstacle {
  /**
   * Reference: something named does not exist. Busy: wait for it. Unfit: a person must change it.
   * Unjudgeable: no gate could judge while it rolls out, which matters only where one is bound.
   * Grant: it is in another namespace, whose owner has not allowed it. Ownership: someone else declares it.
   */
  kind: 'Reference' | 'Busy' | 'Unfit' | 'Unjudgeable' | 'Grant' | 'Ownership';
  message: string;
}

/**
 * Where a router, or the selector of a Service, sends users' requests. It is the proof of traffic:
 * pods that it sends nothing to may linger.
 */
export interface Traffic {
  /**
   * Router: weights, and the stable pods may have to be scaled up before it can give them back.
   * Selector: all or nothing, and the stable pods are kept at full size beside the new ones.
   */
  by: 'Router' | 'Selector';
  /** Percent of the requests by pod template hash. */
  shares: readonly { hash: string; percent: number }[];
  /** False: the router does not confirm yet that this is in force. */
  verified: boolean;
}

/**
 * What a delivery sees of one target, as plain data: all that `decide` knows of the world.
 * Times are milliseconds since the epoch.
 */
export interface TargetView {
  uid: string;
  /** Who else declares the target, in words; absent: nobody that is known of. */
  owner?: string;
  /** What may be written; absent: the whole template. */
  writes?: 'Images';
  /** What stands in the way of a new promotion; empty: fit and at rest. */
  obstacles: readonly Obstacle[];
  /** What a promotion can live with but a person should know, each with what to do. */
  warnings: readonly string[];
  /**
   * How long the pods of the revision before are kept after full promotion, seconds; absent: not at
   * all. A bake that is longer has to start them anew to go back.
   */
  scaleDownDelaySeconds?: number;
  /** Containers and the images that the declared template gives them. */
  containers: readonly { name: string; image: string }[];
  /** The declared template is the recorded one. */
  isRecorded: boolean;
  /** The declared template is the recorded one with the planned images, and nothing else. */
  isOurs: boolean;
  /** The target's metadata.generation in the answer to our last Restore; a new process does not know it. */
  restoredGeneration?: number;
  /** No Apply of this promotion can come any more: its Fence stands. */
  fenced: boolean;
  /** The delivering controller has seen the newest generation and stands in no half-done state. */
  observed: boolean;
  currentHash: string;
  stableHash: string;
  /** Pods by template hash. */
  revisions: readonly RevisionPods[];
  /** Percent of traffic that the steps so far ask for on the current revision. */
  weight: number;
  /** Where traffic is directed; absent: it follows the pods. */
  traffic?: Traffic;
  step: number;
  steps: number;
  stepsHash: string;
  /** Indices of the steps that wait for us. */
  pauses: readonly number[];
  /** Percent of traffic that the first step that waits asks for; absent where nobody is served before a switch. */
  firstWeight?: number;
  /** Percent of traffic that comes with the next advance from `step`, at the step that waits after it. */
  nextWeight: number;
  /** It stands at `step` and waits for us, and traffic is where the step wants it. */
  waiting: boolean;
  /** It stands at `step`, but traffic is not where the step wants it: what is wrong, for people. */
  misrouted?: string;
  healthy: boolean;
  aborted: boolean;
  /** It was told to skip every step. */
  promoteFull: boolean;
  /** Someone froze the object itself (`spec.paused`). */
  frozen: boolean;
  /** The new revision cannot come up: an invalid spec, pods not ready in time. */
  failure?: string;
}

/** What a target looks like, or that there is none; `outOfReach`: this operator does not look where it would be. */
export type Observation =
  | { found: true; view: TargetView }
  | { found: false; message: string; outOfReach?: true };

/** One write to the world. Each is guarded by what was observed, or idempotent. */
export type Effect =
  /** Keeps the declared template, from before anything is changed; or the record of who is taken over. */
  | { kind: 'Record'; target: string; inherited?: Recorded }
  /**
   * Writes the planned images into the recorded template. `over`: what is declared now is that template
   * with these images, those of a promotion that is taken over.
   */
  | { kind: 'Apply'; target: string; over?: PlannedTarget['images'] }
  /** Ends the wait at `step`, if it still waits there on that revision. */
  | { kind: 'Advance'; target: string; step: number; hash: string }
  /** Takes traffic off the revision `hash`. */
  | { kind: 'Abort'; target: string; hash: string }
  /** Writes the recorded template back. */
  | { kind: 'Restore'; target: string }
  /** Lets the revision `hash` skip every step: only ever one that goes back. */
  | { kind: 'PromoteFull'; target: string; hash: string }
  /** Sees to it that an Apply that was sent long ago and is still under way comes to nothing. */
  | { kind: 'Fence'; target: string }
  /** Ends a freeze that would keep a revert from reaching traffic. */
  | { kind: 'Unfreeze'; target: string }
  /** Lets go of the record of a promotion that has ended. */
  | { kind: 'Forget'; target: string };

/** A target's template as it was before anything was changed. */
export interface Recorded {
  controllerRevision: string;
  hash: string;
  /** The declared template, exactly as the API server held it. */
  template: unknown;
}

/** What a delivery must know of the promotion to see and to act. */
export interface Assignment {
  promotion: { namespace: string; name: string; uid: string; environment: string };
  target: Target;
  /** Latched at Applying; undefined before. */
  planned: PlannedTarget | undefined;
  recorded: Recorded | undefined;
}

/** One way of bringing a revision to a target. Everything that touches the world for a target is here. */
export interface Delivery {
  /** From the cache, never by a request. */
  observe(assignment: Assignment): Observation;
  /** The record made for this promotion, if there is one. */
  recorded(assignment: Assignment): Promise<Recorded | undefined>;
  /** Digests of the images that the pods of one revision run, by container: several where they differ. */
  digests(assignment: Assignment, hash: string): Promise<Record<string, readonly string[]>>;
  /** Whether this process holds a record of a promotion, which it has to let go of when that has ended. */
  holds(assignment: Assignment): boolean;
  /** Reads the target anew, by a request: what is to be proven is proven by the API server, and not by a cache. */
  refresh(assignment: Assignment): Promise<void>;
  /** Carries out one effect. A guard that does not hold any more is a RetryError: look again. */
  act(effect: Effect, assignment: Assignment): Promise<void>;
}
