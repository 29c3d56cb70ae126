import type { z } from 'zod';
import type { Sample } from '../analysis/sample.ts';
import type { TemplateVars } from '../analysis/template.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Http } from '../runtime/http.ts';

/** Whether a gate can be evaluated at all; `message` is one sentence that says what to change. */
export type Validation = { ok: true } | { ok: false; message: string };

/** What one sample may use of the process, and of the step it is taken for. */
export interface GateContext {
  vars: TemplateVars;
  /** Where to ask when the gate names no address. */
  defaultAddress?: string;
  http: Http;
  clock: Clock;
  signal: AbortSignal;
}

/** A kind of gate, one folder each: `spec.<kind>` of a Gate, what may be wrong with it, and how it is asked. */
export interface GateKind<Spec> {
  /** The member of Gate.spec. */
  readonly kind: string;
  readonly schema: z.ZodType<Spec>;
  /** What can be known without asking anybody; beyond what the schema says. */
  validate(spec: Spec): Validation;
  /** Seconds that a sample looks back: it can only pass a step when all of this lies in the step. */
  longestRangeSeconds(spec: Spec, vars: TemplateVars): number;
  /**
   * Takes one sample. Never rejects: whatever goes wrong is an Error sample, and Error is never Fail and never
   * Pass (law 2).
   */
  evaluate(spec: Spec, context: GateContext): Promise<Sample>;
}
