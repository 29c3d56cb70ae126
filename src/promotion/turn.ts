import type { GateBinding, Target } from '../api/v1alpha1/types.ts';
import type { Input, Rival } from './input.ts';

/** The Environment's gates and the Promotion's own; one that stands in both is asked once, as the Environment says. */
export function bindingsOf(input: Input): GateBinding[] {
  const own = input.promotion.spec.gates ?? [];
  const all = [...(input.environment?.spec.gates ?? [])];
  for (const binding of own)
    if (!all.some((b) => b.gate === binding.gate && b.when === binding.when)) all.push(binding);
  return all;
}

/** Targets that this promotion delivers to. */
export function chosenTargets({
  promotion,
  environment,
}: Pick<Input, 'promotion' | 'environment'>): Target[] {
  const names = promotion.spec.targets;
  return (environment?.spec.targets ?? []).filter((t) => !names || names.includes(t.name));
}

/** A rival that comes first: it is in flight, or it is older and can have its turn. */
export function aheadOf(input: Input): Rival | undefined {
  const { metadata } = input.promotion;
  const createdAt = Date.parse(metadata.creationTimestamp);
  const names = chosenTargets(input).map((t) => t.name);
  const older = (r: Rival): boolean =>
    r.createdAt < createdAt || (r.createdAt === createdAt && r.uid < metadata.uid);
  return input.rivals.find(
    (r) =>
      (!r.targets || r.targets.some((t) => names.includes(t))) &&
      (r.started || (older(r) && r.reason !== 'AwaitingReference')),
  );
}
