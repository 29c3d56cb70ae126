import { parseGate, type RawObject } from '../../api/v1alpha1/parse.ts';
import type { Environment, Gate, Promotion } from '../../api/v1alpha1/types.ts';
import type { Input } from '../input.ts';
import { digestsOf, inheritedBy, recordsOf } from './asked.ts';
import { decidedOn, needsStanding } from './decided.ts';
import { rivalsOf, successorsOf } from './others.ts';
import { assignmentOf, environmentNamed, type Sources, targetsOf } from './sources.ts';

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

/**
 * Everything that a decision depends on. What no cache has is fetched first; all the rest is then read
 * from the caches at one moment, with no await between it and the decision.
 */
export async function gather(sources: Sources, raw: RawObject, promotion: Promotion): Promise<Input> {
  const records = await recordsOf(sources, promotion);
  const digests = await digestsOf(sources, promotion);
  const inherited = await inheritedBy(sources, promotion, rivalsOf(sources, promotion));
  const standing = needsStanding(sources, promotion)
    ? await sources.standing(promotion.metadata.namespace)
    : undefined;

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
    ...decidedOn(sources, promotion, environment, standing),
    upstreams: new Map(
      (environment?.spec.upstream?.environments ?? []).flatMap(({ name }): [string, Environment][] => {
        const upstream = environmentNamed(sources, promotion, name);
        return upstream ? [[name, upstream]] : [];
      }),
    ),
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
