import { findCondition } from '../api/v1alpha1/conditions.ts';
import { parseEnvironment, parseGate, parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import type {
  Environment,
  Gate,
  GateBinding,
  Promotion,
  PromotionReason,
  Target,
} from '../api/v1alpha1/types.ts';
import type { Judgement } from '../analysis/judge.ts';
import type { Assignment, Delivery, Recorded } from '../delivery/delivery.ts';
import type { StoreReader } from '../kube/informer.ts';
import type { Input, Rival } from './input.ts';
import { hasEnded } from './status.ts';
import { chosenTargets } from './turn.ts';

/** Index of the Promotion store by `namespace/environment`. */
export const BY_ENVIRONMENT = 'environment';
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

function environmentFor(sources: Sources, promotion: Promotion): Environment | undefined {
  const raw = sources.environments.get(promotion.metadata.namespace, promotion.spec.environment);
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

function rivalsOf(sources: Sources, promotion: Promotion): Rival[] {
  const { namespace, uid } = promotion.metadata;
  return sources.promotions
    .byIndex(BY_ENVIRONMENT, `${namespace}/${promotion.spec.environment}`)
    .flatMap((raw): Rival[] => {
      const parsed = parsePromotion(raw);
      if (!parsed.ok || raw.metadata.uid === uid || hasEnded(parsed.object)) return [];
      const { object } = parsed;
      return [
        {
          name: object.metadata.name,
          uid: object.metadata.uid,
          createdAt: Date.parse(object.metadata.creationTimestamp),
          reason: findCondition(object, 'Succeeded')?.reason as PromotionReason | undefined,
          started: object.status?.plan !== undefined,
          targets: object.spec.targets,
        },
      ];
    });
}

/** The targets in question: as latched once there is a plan, else as the Environment has them now. */
function targetsOf(promotion: Promotion, environment: Environment | undefined): Target[] {
  const planned = promotion.status?.plan?.targets;
  if (planned)
    return planned.map(({ name, rollout }) => ({
      name,
      rollout: { name: rollout.name, namespace: rollout.namespace },
    }));
  return chosenTargets({ promotion, environment });
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
 * Everything that a decision depends on. The records are fetched first; all the rest is then read
 * from the caches at one moment, with no await between it and the decision.
 */
export async function gather(sources: Sources, raw: RawObject, promotion: Promotion): Promise<Input> {
  const records = new Map<string, Recorded | undefined>();
  if (mayBeRecorded(promotion))
    for (const target of targetsOf(promotion, environmentFor(sources, promotion)))
      records.set(target.name, await sources.delivery.recorded(assignmentOf(promotion, target, undefined)));

  const environment = environmentFor(sources, promotion);
  const owner = `${raw.metadata.namespace}/${raw.metadata.name}`;
  const { namespace, uid } = promotion.metadata;
  const targets = targetsOf(promotion, environment);
  return {
    now: sources.now(),
    promotion,
    environment,
    gates: gatesOf(sources, promotion, environment),
    rivals: rivalsOf(sources, promotion),
    claimed: new Set(
      targets.filter((t) => (sources.claimant(namespace, t) ?? uid) !== uid).map((t) => t.name),
    ),
    subjects: targets.map((target) => {
      const recorded = records.get(target.name);
      const observation = sources.delivery.observe(assignmentOf(promotion, target, recorded));
      return { target, observation, recorded };
    }),
    judgement: (binding, target) => sources.judgement(owner, binding, target),
    windowSeconds: (gate, binding) => sources.windowSeconds(gate, binding),
  };
}
