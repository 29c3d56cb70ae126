import type { Environment, GateBinding, Promotion } from '../api/v1alpha1/types.ts';

/** A promotion and the Environment that it is for, where there is one. */
export interface Bound {
  promotion: Promotion;
  environment: Environment | undefined;
}

/** Those of them that are asked of one of these targets at least. */
export function boundTo(
  bindings: readonly GateBinding[],
  names: readonly string[] | undefined,
): readonly GateBinding[] {
  if (!names) return bindings;
  return bindings.filter(({ targets }) => targets?.some((t) => names.includes(t)) ?? true);
}

/**
 * The gates that a promotion has to pass: those of its plan, and before it has one the Environment's and its own; one
 * that stands in both is asked once, as the Environment says. Of other targets than it names none is asked.
 */
export function bindingsOf({ promotion: { spec, status }, environment }: Bound): readonly GateBinding[] {
  if (status?.plan) return status.plan.gates;
  // A person takes it back: nobody is asked, and nothing is measured.
  if (spec.rollback) return [];
  const theirs = environment?.spec.gates ?? [];
  const own = spec.gates ?? [];
  const all = [
    ...theirs,
    ...own.filter(({ gate, when }) => !theirs.some((b) => b.gate === gate && b.when === when)),
  ];
  return boundTo(all, spec.targets);
}
