import type { Environment, GateBinding, Promotion } from '../api/v1alpha1/types.ts';

/** A promotion and the Environment that it is for, where there is one. */
export interface Bound {
  promotion: Promotion;
  environment: Environment | undefined;
}

/**
 * The gates that a promotion has to pass: those of its plan, and before it has one the Environment's and its own; one
 * that stands in both is asked once, as the Environment says.
 */
export function bindingsOf({ promotion: { spec, status }, environment }: Bound): readonly GateBinding[] {
  if (status?.plan) return status.plan.gates;
  // A person takes it back: nobody is asked, and nothing is measured.
  if (spec.rollback) return [];
  const theirs = environment?.spec.gates ?? [];
  const own = spec.gates ?? [];
  return [
    ...theirs,
    ...own.filter(({ gate, when }) => !theirs.some((b) => b.gate === gate && b.when === when)),
  ];
}
