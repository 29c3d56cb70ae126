import type {
  Environment,
  Gate,
  GateBinding,
  GateResult,
  Plan,
  Promotion,
  TargetStatus,
} from '../../src/api/v1alpha1/types.ts';
import { canonicalJson } from '../../src/runtime/hash.ts';
import type { KubeObject } from '../harness/api.ts';
import type { CanaryStep, ReplicaSet, Rollout } from '../harness/kinds.ts';
import { HASH_LABEL } from '../harness/requests.ts';
import type { Version } from './history.ts';

type Kept = Promotion & KubeObject;

/** What happened to one Rollout on behalf of one Promotion, read from a history: what the laws are about. */
export interface Course {
  promotion: string;
  target: string;
  rollout: string;
  plan: Plan;
  /** A person takes a revision back: no step is to be judged. */
  isRollback: boolean;
  /** Every version of the Promotion that speaks of the target, oldest first. */
  told: readonly {
    at: number;
    /** When it came by, on the monotonic clock of who looks. */
    seen: number;
    promotion: Kept;
    status: TargetStatus;
    gates: readonly GateResult[];
  }[];
  /** Every version of the Rollout while the Promotion was under way and after. */
  rollouts: readonly { at: number; rollout: Rollout }[];
  replicaSets: readonly { at: number; replicaSet: ReplicaSet }[];
  /** Pod template hash of the new revision, as the Promotion has it. */
  canaryHash: string | undefined;
  /** Version of the Promotion from which on it goes back. */
  revertedAt: number | undefined;
  /** The Gate of that name as it stood before a version; undefined: it was not stored, or nobody looked. */
  gateAt: (name: string, at: number) => Gate | undefined;
  /** Whether a person had let the Promotion pass a gate before a version. */
  isBypassed: (gate: string, at: number) => boolean;
  /** Likewise its Environment. */
  environmentAt: (at: number) => Environment | undefined;
}

/** A Gate as it was stored last before a version. */
export function gateBefore(versions: readonly Version[], name: string, at: number): Gate | undefined {
  const found = versions.findLast((v) => v.kind === 'Gate' && v.object.metadata.name === name && v.at < at);
  return found?.kind === 'Gate' ? found.object : undefined;
}

/** Whether a Decision lets a Promotion, by its UID, pass a gate, and was stored before a version. */
export function isBypassedBefore(
  versions: readonly Version[],
  uid: string | undefined,
  gate: string,
  at: number,
): boolean {
  return versions.some(
    (v) =>
      v.kind === 'Decision' &&
      v.at < at &&
      v.object.spec.verdict === 'Bypass' &&
      v.object.spec.gate === gate &&
      v.object.spec.promotion?.uid === uid,
  );
}

/** Likewise an Environment. */
export function environmentBefore(
  versions: readonly Version[],
  name: string,
  at: number,
): Environment | undefined {
  const found = versions.findLast(
    (v) => v.kind === 'Environment' && v.object.metadata.name === name && v.at < at,
  );
  return found?.kind === 'Environment' ? found.object : undefined;
}

/** The courses of a history: one for each target of each Promotion that has a plan. */
export function coursesOf(versions: readonly Version[]): Course[] {
  const promotions = versions.flatMap((v) =>
    v.kind === 'Promotion' ? [{ at: v.at, seen: v.seen, promotion: v.object }] : [],
  );
  const rollouts = versions.flatMap((v) => (v.kind === 'Rollout' ? [{ at: v.at, rollout: v.object }] : []));
  const sets = versions.flatMap((v) => (v.kind === 'ReplicaSet' ? [{ at: v.at, replicaSet: v.object }] : []));
  const begun = new Map<string, { at: number; plan: Plan }>();
  for (const { at, promotion } of promotions) {
    const { metadata, status } = promotion;
    if (status?.plan && !begun.has(metadata.name)) begun.set(metadata.name, { at, plan: status.plan });
  }
  return [...begun].flatMap(([name, { at: from, plan }]) => {
    const own = promotions.filter(({ promotion }) => promotion.metadata.name === name);
    return plan.targets.map(({ name: target, rollout: { name: rollout } }): Course => {
      const told = own.flatMap(({ at, seen, promotion }) => {
        const status = promotion.status?.targets?.find((t) => t.name === target);
        const gates = promotion.status?.gates?.filter((g) => g.target === target) ?? [];
        return status ? [{ at, seen, promotion, status, gates }] : [];
      });
      const canaryHash = told.findLast(({ status }) => status.canaryHash)?.status.canaryHash;
      // What the next Promotion does there is that one's course.
      const others = [...begun.values()].filter(
        (b) => b.at > from && b.plan.targets.some((t) => t.rollout.name === rollout),
      );
      const end = Math.min(...others.map(({ at }) => at));
      const during = rollouts.filter((r) => r.rollout.metadata.name === rollout && r.at < end);
      const before = during.findLastIndex((r) => r.at < from);
      return {
        promotion: name,
        target,
        rollout,
        plan,
        isRollback: own.some(({ promotion }) => promotion.spec.rollback !== undefined),
        told,
        rollouts: during.slice(Math.max(0, before)),
        replicaSets: sets.filter(
          ({ at, replicaSet: { metadata } }) =>
            at < end &&
            metadata.labels?.[HASH_LABEL] === canaryHash &&
            metadata.ownerReferences?.some((o) => o.name === rollout),
        ),
        canaryHash,
        revertedAt: own.find(({ promotion }) => promotion.status?.revert)?.at,
        gateAt: (gate, at) => gateBefore(versions, gate, at),
        isBypassed: (gate, at) => isBypassedBefore(versions, own[0]?.promotion.metadata.uid, gate, at),
        environmentAt: (at) => environmentBefore(versions, own[0]?.promotion.spec.environment ?? '', at),
      };
    });
  });
}

/** Steps of a Rollout at which it waits for a verdict; a blue-green has one, before its switch. */
export function pausesOf({ spec }: Rollout): number[] {
  if (!spec.strategy.canary) return [0];
  return (spec.strategy.canary.steps ?? []).flatMap(({ pause }, i) => (pause ? [i] : []));
}

/** Number of steps, counted as `pausesOf` does. */
export function stepsOf({ spec }: Rollout): number {
  return spec.strategy.canary ? (spec.strategy.canary.steps?.length ?? 0) : 1;
}

/** Where a new revision stands in a Rollout; undefined: it is not on its way there. */
export function positionOf(rollout: Rollout, hash: string | undefined): number | undefined {
  const { status } = rollout;
  if (!status || hash === undefined || status.currentPodHash !== hash || status.abort) return undefined;
  if (rollout.spec.strategy.canary) return status.currentStepIndex;
  return status.blueGreen?.activeSelector === hash ? 1 : 0;
}

/** Percent of traffic that the steps before and at `index` ask for. */
export function weightAt(steps: readonly CanaryStep[], index: number): number {
  if (index >= steps.length) return 100;
  return steps.slice(0, index + 1).findLast((s) => s.setWeight !== undefined)?.setWeight ?? 0;
}

/** The gates that a plan asks of a target at a step of that weight. */
export function boundAt(plan: Plan, target: string, weight: number): GateBinding[] {
  return plan.gates.filter(
    ({ when, fromWeight = 0, targets }) =>
      when === 'During' && fromWeight <= weight && (targets === undefined || targets.includes(target)),
  );
}

/** The distinct templates that were declared, one after another. */
export function templatesOf({ rollouts }: Course): string[] {
  const texts = rollouts.map(({ rollout }) => canonicalJson(rollout.spec.template));
  return texts.filter((text, i) => text !== texts[i - 1]);
}
