import { parseEnvironment, type RawObject } from '../../api/v1alpha1/parse.ts';
import type { Environment, Gate, GateBinding, Promotion, Target } from '../../api/v1alpha1/types.ts';
import type { Judgement } from '../../analysis/judge.ts';
import type { Assignment, Delivery, Recorded } from '../../delivery/delivery.ts';
import type { StoreReader } from '../../kube/informer.ts';
import type { Standing } from '../../policy/standing.ts';
import { candidates } from '../start/turn.ts';

/** The caches and helpers that gathering reads. */
export interface Sources {
  promotions: StoreReader<RawObject>;
  environments: StoreReader<RawObject>;
  gates: StoreReader<RawObject>;
  decisions: StoreReader<RawObject>;
  delivery: Delivery;
  /** Whether the authors of Decisions in a namespace are proven. Never rejects. */
  standing(namespace: string): Promise<Standing>;
  now(): number;
  judgement(owner: string, binding: GateBinding, target: string): Judgement | undefined;
  windowSeconds(gate: Gate, binding: GateBinding): number;
  /** Who has claimed this target in this process: the UID of a Promotion. */
  claimant(namespace: string, target: Target): string | undefined;
}

/** An Environment of the promotion's namespace, by default its own; undefined where it cannot be read. */
export function environmentNamed(
  sources: Sources,
  promotion: Promotion,
  name: string | undefined = promotion.spec.environment,
): Environment | undefined {
  const raw = sources.environments.get(promotion.metadata.namespace, name);
  const parsed = raw && parseEnvironment(raw);
  return parsed?.ok ? parsed.object : undefined;
}

/** The targets in question: as latched once there is a plan, else as the Environment has them now. */
export function targetsOf(promotion: Promotion, environment: Environment | undefined): Target[] {
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
