import { findCondition } from '../api/v1alpha1/conditions.ts';
import {
  parseDecision,
  parseEnvironment,
  parseGate,
  parsePromotion,
  type RawObject,
} from '../api/v1alpha1/parse.ts';
import type {
  Environment,
  Gate,
  GateBinding,
  Promotion,
  PromotionReason,
  Target,
} from '../api/v1alpha1/types.ts';
import { digestOf } from '../api/v1alpha1/images.ts';
import type { Judgement } from '../analysis/judge.ts';
import type { Assignment, Delivery, Recorded } from '../delivery/delivery.ts';
import type { StoreReader } from '../kube/informer.ts';
import type { Inherited, Input, Order, Rival, Successor } from './input.ts';
import { inOrder } from './orders.ts';
import { imagesOf } from './revision.ts';
import { hasEnded } from './status.ts';
import { candidates, isStuck } from './start/turn.ts';

/** Index of the Promotion store by `namespace/environment`. */
export const BY_ENVIRONMENT = 'environment';
/** Index of the Decision store by the UID of the Promotion that is decided on. */
export const BY_PROMOTION = 'promotion';
/** Index of Environments and of Promotions in flight by `rolloutKey`. */
export const BY_ROLLOUT = 'rollout';

/** `namespace/name` of a Rollout that an object in `namespace` refers to. */
export function rolloutKey(
  namespace: string,
  rollout: { name: string; namespace?: string | undefined },
): string {
  return `${rollout.namespace ?? namespace}/${rollout.name}`;
}

/** The caches and helpers that gathering reads. */
export interface Sources {
  promotions: StoreReader<RawObject>;
  environments: StoreReader<RawObject>;
  gates: StoreReader<RawObject>;
  decisions: StoreReader<RawObject>;
  delivery: Delivery;
  now(): number;
  judgement(owner: string, binding: GateBinding, target: string): Judgement | undefined;
  windowSeconds(gate: Gate, binding: GateBinding): number;
  /** Who has claimed this target in this process: the UID of a Promotion. */
  claimant(namespace: string, target: Target): string | undefined;
}

/** Promotions index themselves by the Environment they are for. */
export function environmentOf(raw: RawObject): string[] {
  const { environment } = (raw.spec ?? {}) as { environment?: unknown };
  return typeof environment === 'string' ? [`${raw.metadata.namespace}/${environment}`] : [];
}

/** Decisions index themselves by the UID of the Promotion that they are on. */
export function promotionOf(raw: RawObject): string[] {
  const uid = (raw.spec as { promotion?: { uid?: unknown } } | undefined)?.promotion?.uid;
  return typeof uid === 'string' ? [uid] : [];
}

function environmentNamed(
  sources: Sources,
  promotion: Promotion,
  name: string | undefined = promotion.spec.environment,
): Environment | undefined {
  const raw = sources.environments.get(promotion.metadata.namespace, name);
  const parsed = raw && parseEnvironment(raw);
  return parsed?.ok ? parsed.object : undefined;
}

function gatesOf(
  sources: Sources,
  promotion: Promotion,
  environment: Environment | undefined,
): Map<string, Gate> {
  const bindings = [
    ...(environment?.spec.gates ?? []),
    ...(promotion.spec.gates ?? []),
    ...(promotion.status?.plan?.gates ?? []),
  ];
  const found = new Map<string, Gate>();
  for (const { gate } of bindings) {
    const raw = sources.gates.get(promotion.metadata.namespace, gate);
    const parsed = raw && parseGate(raw);
    if (parsed?.ok) found.set(gate, parsed.object);
  }
  return found;
}

/** Kept as long as an object is: with thousands in one queue each of them reads all the others. */
const rivals = new WeakMap<RawObject, Rival | 'none'>();

/** What others see of a promotion; none once it has ended, and of one that touches nothing. */
function rivalOf(raw: RawObject): Rival | 'none' {
  const parsed = parsePromotion(raw);
  if (!parsed.ok || hasEnded(parsed.object) || parsed.object.spec.dryRun) return 'none';
  const { metadata, spec, status } = parsed.object;
  return {
    name: metadata.name,
    uid: metadata.uid,
    createdAt: Date.parse(metadata.creationTimestamp),
    reason: findCondition(parsed.object, 'Succeeded')?.reason as PromotionReason | undefined,
    started: status?.plan !== undefined,
    targets: status?.plan?.targets.map((t) => t.name) ?? spec.targets,
    images: imagesOf(parsed.object),
  };
}

const successors = new WeakMap<RawObject, Successor | 'none'>();

/** One that has brought its revision to its targets. */
function successorOf(raw: RawObject): Successor | 'none' {
  const parsed = parsePromotion(raw);
  if (!parsed.ok || findCondition(parsed.object, 'Succeeded')?.reason !== 'Succeeded') return 'none';
  const { metadata, status } = parsed.object;
  const targets = status?.plan?.targets.map((t) => t.name) ?? [];
  return { name: metadata.name, createdAt: Date.parse(metadata.creationTimestamp), targets };
}

/** Of all promotions for the same Environment what one function sees in them, computed once for each version. */
function seenIn<T extends object>(
  sources: Sources,
  promotion: Promotion,
  known: WeakMap<RawObject, T | 'none'>,
  see: (raw: RawObject) => T | 'none',
): T[] {
  const key = `${promotion.metadata.namespace}/${promotion.spec.environment}`;
  const found: T[] = [];
  for (const raw of sources.promotions.byIndex(BY_ENVIRONMENT, key)) {
    let seen = known.get(raw);
    if (seen === undefined) known.set(raw, (seen = see(raw)));
    if (seen !== 'none' && raw.metadata.uid !== promotion.metadata.uid) found.push(seen);
  }
  return found;
}

const rivalsOf = (sources: Sources, promotion: Promotion): Rival[] =>
  seenIn(sources, promotion, rivals, rivalOf);
/** Promotions for the same Environment that have brought their revision there. */
const successorsOf = (sources: Sources, promotion: Promotion): Successor[] =>
  seenIn(sources, promotion, successors, successorOf);

/** Decisions on this promotion: for its UID, and for its Environment. */
function ordersOf(sources: Sources, promotion: Promotion): Order[] {
  const { uid, namespace } = promotion.metadata;
  const orders = sources.decisions.byIndex(BY_PROMOTION, uid).flatMap((raw): Order[] => {
    const parsed = parseDecision(raw);
    if (!parsed.ok || parsed.object.metadata.namespace !== namespace) return [];
    const { metadata, spec } = parsed.object;
    if (spec.environment !== promotion.spec.environment || spec.verdict === 'Release') return [];
    const { by, verdict, reason } = spec;
    return [
      {
        name: metadata.name,
        uid: metadata.uid,
        by,
        verdict,
        at: Date.parse(metadata.creationTimestamp),
        reason,
      },
    ];
  });
  return inOrder(orders);
}

/** The targets in question: as latched once there is a plan, else as the Environment has them now. */
function targetsOf(promotion: Promotion, environment: Environment | undefined): Target[] {
  const planned = promotion.status?.plan?.targets;
  if (planned)
    return planned.map(({ name, wave, rollout }) => ({
      name,
      wave,
      rollout: { name: rollout.name, namespace: rollout.namespace },
    }));
  return candidates({ promotion, environment });
}

/** The assignment of one target of a promotion. */
export function assignmentOf(
  promotion: Promotion,
  target: Target,
  recorded: Recorded | undefined,
): Assignment {
  const { namespace, name, uid } = promotion.metadata;
  const planned = promotion.status?.plan?.targets.find((t) => t.name === target.name);
  const { environment } = promotion.spec;
  return { promotion: { namespace, name, uid, environment }, target, planned, recorded };
}

/** A record can exist from preflight on; before that nobody has to be asked for it. */
function mayBeRecorded(promotion: Promotion): boolean {
  return (
    promotion.status?.plan !== undefined || findCondition(promotion, 'Succeeded')?.reason === 'Preflight'
  );
}

/**
 * What older promotions that are stuck on their way back leave to this one: the record of what was good there,
 * as long as nobody but them has changed the template.
 */
async function inheritedBy(
  sources: Sources,
  promotion: Promotion,
  rivals: readonly Rival[],
): Promise<Map<string, Inherited>> {
  const { namespace, creationTimestamp } = promotion.metadata;
  const found = new Map<string, Inherited>();
  const applying = promotion.status?.targets?.some((t) => ['Pending', 'Applying'].includes(t.state));
  if (promotion.status?.plan && !applying) return found;
  // Not one in RevertPendingIntent: whoever declares the failed revision there would declare it over the new one, too.
  const older = rivals.filter((r) => isStuck(r) && r.createdAt < Date.parse(creationTimestamp));
  for (const rival of older.filter((r) => r.reason === 'RollbackBlocked')) {
    const raw = sources.promotions.get(namespace, rival.name);
    const parsed = raw && parsePromotion(raw);
    if (!parsed?.ok) continue;
    for (const target of targetsOf(parsed.object, undefined)) {
      const assignment = assignmentOf(parsed.object, target, undefined);
      const recorded = await sources.delivery.recorded(assignment);
      const seen = sources.delivery.observe({ ...assignment, recorded });
      if (recorded && seen.found && (seen.view.isOurs || seen.view.isRecorded))
        found.set(target.name, { recorded, images: assignment.planned?.images ?? [] });
    }
  }
  return found;
}

/** Where a tag was promoted and it is not known what it is at this step, the pods are asked. */
async function digestsOf(
  sources: Sources,
  promotion: Promotion,
): Promise<Map<string, Record<string, readonly string[]>>> {
  const found = new Map<string, Record<string, readonly string[]>>();
  for (const planned of promotion.status?.plan?.targets ?? []) {
    const status = promotion.status?.targets?.find((t) => t.name === planned.name);
    const tagged = planned.images.some(({ image }) => digestOf(image) === undefined);
    if (!tagged || !status?.canaryHash || status.step === undefined || status.digestsStep === status.step)
      continue;
    const [target] = targetsOf(promotion, undefined).filter((t) => t.name === planned.name);
    if (target)
      found.set(
        planned.name,
        await sources.delivery.digests(assignmentOf(promotion, target, undefined), status.canaryHash),
      );
  }
  return found;
}

/**
 * Everything that a decision depends on. The records are fetched first; all the rest is then read
 * from the caches at one moment, with no await between it and the decision.
 */
export async function gather(sources: Sources, raw: RawObject, promotion: Promotion): Promise<Input> {
  const records = new Map<string, Recorded | undefined>();
  if (mayBeRecorded(promotion))
    for (const target of targetsOf(promotion, environmentNamed(sources, promotion)))
      records.set(target.name, await sources.delivery.recorded(assignmentOf(promotion, target, undefined)));

  const digests = await digestsOf(sources, promotion);
  const inherited = await inheritedBy(sources, promotion, rivalsOf(sources, promotion));

  const environment = environmentNamed(sources, promotion);
  const owner = `${raw.metadata.namespace}/${raw.metadata.name}`;
  const { namespace, uid } = promotion.metadata;
  const targets = targetsOf(promotion, environment);
  return {
    now: sources.now(),
    promotion,
    environment,
    gates: gatesOf(sources, promotion, environment),
    rivals: rivalsOf(sources, promotion),
    successors: promotion.status?.plan ? [] : successorsOf(sources, promotion),
    orders: ordersOf(sources, promotion),
    source: promotion.spec.from && environmentNamed(sources, promotion, promotion.spec.from.environment),
    claimed: new Map(
      targets.flatMap((t): [string, string][] => {
        const claimant = sources.claimant(namespace, t);
        return claimant === undefined || claimant === uid ? [] : [[t.name, claimant]];
      }),
    ),
    subjects: targets.map((target) => {
      const recorded = records.get(target.name);
      const observation = sources.delivery.observe(assignmentOf(promotion, target, recorded));
      const seen = digests.get(target.name);
      const heritage = inherited.get(target.name);
      return {
        target,
        observation,
        recorded,
        ...(heritage && { inherited: heritage }),
        ...(seen && { digests: seen }),
      };
    }),
    judgement: (binding, target) => sources.judgement(owner, binding, target),
    windowSeconds: (gate, binding) => sources.windowSeconds(gate, binding),
  };
}
