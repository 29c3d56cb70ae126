import type { z } from 'zod';
import type { Sample } from '../analysis/sample.ts';
import type { TemplateVars } from '../analysis/template.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Http } from '../runtime/http.ts';
import type { Answer, Endpoint } from './prometheus/client.ts';

/** Whether a gate can be evaluated at all; `message` is one sentence that says what to change. */
export type Validation = { ok: true } | { ok: false; message: string };

/** The Secrets of the gate's own namespace: no gate can name another (law 10). */
export interface Secrets {
  readonly namespace: string;
  /** Rejects with what the API server says. Nothing of what it answers may be shown. */
  read(name: string): Promise<{ type: string; data: Readonly<Record<string, string>> }>;
  /** The next reading is a fresh one. */
  forget(name: string): void;
}

/** Asks an instant query, perhaps together with others. @throws QueryError */
export type Ask = (server: Endpoint, query: string, signal: AbortSignal, time?: number) => Promise<Answer>;

/** What one sample may use of the process, and of the step it is taken for. */
export interface GateContext {
  vars: TemplateVars;
  /** Where to ask when the gate names no address. */
  defaultAddress?: string;
  http: Http;
  /** Absent: each query by itself. */
  ask?: Ask;
  clock: Clock;
  secrets: Secrets;
  signal: AbortSignal;
  /** When this step has settled, milliseconds since the epoch; absent: it is on its way, and samples only guard. */
  settledAt?: number;
  /** What the sample before this one at the same step left in `Sample.state`, across restarts. */
  state?: string;
}

/** A kind of gate, one folder each: `spec.<kind>` of a Gate, what may be wrong with it, and how it is asked. */
export interface GateKind<Spec> {
  /** The member of Gate.spec. */
  readonly kind: string;
  readonly schema: z.ZodType<Spec>;
  /** What can be known without asking anybody; beyond what the schema says. */
  validate(spec: Spec): Validation;
  /** The server that is asked; undefined: the operator's default. */
  address(spec: Spec): string | undefined;
  /** Seconds that a sample looks back: it can only pass a step when all of this lies in the step. */
  longestRangeSeconds(spec: Spec, vars: TemplateVars): number;
  /**
   * Takes one sample. Never rejects: whatever goes wrong is an Error sample, and Error is never Fail and never
   * Pass (law 2).
   */
  evaluate(spec: Spec, context: GateContext): Promise<Sample>;
}
