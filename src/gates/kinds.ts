import type { Sample } from '../analysis/sample.ts';
import type { TemplateVars } from '../analysis/template.ts';
import type { GateKindName, GateSpec } from '../api/v1alpha1/types.ts';
import { compareGate } from './compare/index.ts';
import type { GateContext, GateKind, Validation } from './gate.ts';
import { prometheusGate } from './prometheus/index.ts';

/** Every kind of gate that is sampled, by its member of Gate.spec; approvals are not. A new kind is entered here and in `api/v1alpha1/gate.ts`. */
type SampledKind = Exclude<GateKindName, 'approval'>;

export const GATE_KINDS: { readonly [K in SampledKind]: GateKind<NonNullable<GateSpec[K]>> } = {
  prometheus: prometheusGate,
  compare: compareGate,
};

/** The one check of a Gate, with its spec filled in: see GateKind. */
export interface Check {
  kind: string;
  address: string | undefined;
  validate(): Validation;
  longestRangeSeconds(vars: TemplateVars): number;
  evaluate(context: GateContext): Promise<Sample>;
}

/** What to say of a Gate without a check: the API server prunes a kind that its CRD does not know. */
export const NO_CHECK = `This Gate has no kind of check that this version knows: set spec.${Object.keys(GATE_KINDS).join(' or spec.')}, and apply the CRDs of this version`;

/** The check of a Gate; undefined when it has none that this version knows. */
export function checkOf(spec: GateSpec): Check | undefined {
  return bound(GATE_KINDS.prometheus, spec.prometheus) ?? bound(GATE_KINDS.compare, spec.compare);
}

function bound<Spec>(kind: GateKind<Spec>, spec: Spec | undefined): Check | undefined {
  if (spec === undefined) return undefined;
  return {
    kind: kind.kind,
    address: kind.address(spec),
    validate: () => kind.validate(spec),
    longestRangeSeconds: (vars) => kind.longestRangeSeconds(spec, vars),
    evaluate: async (context) => kind.evaluate(spec, context),
  };
}
