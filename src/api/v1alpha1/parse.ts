import { z } from 'zod';
import { decisionSpec } from './decision.ts';
import { environmentSpec } from './environment.ts';
import { gateSpec } from './gate.ts';
import type { ObjectMeta } from './object.ts';
import { promotionSpec } from './promotion.ts';
import type { Decision, Environment, Gate, Promotion } from './types.ts';

/** An object as the API server sent it: validated by whatever CRD is installed, which may be an older one. */
export interface RawObject {
  apiVersion?: string;
  kind?: string;
  metadata: Omit<ObjectMeta, 'creationTimestamp'> & { creationTimestamp?: string };
  spec?: unknown;
  status?: unknown;
}

/** A readable object, or what is wrong with it and what to do. */
export type Parsed<T> = { ok: true; object: T } | { ok: false; message: string };

/** Parsing once for each version of an object: the cache replaces an object when it changes. */
const known = new WeakMap<RawObject, Parsed<unknown>>();

function parser<T>(kind: string, spec: z.ZodType): (raw: RawObject) => Parsed<T> {
  return (raw) => {
    const before = known.get(raw);
    if (before) return before as Parsed<T>;
    const result = spec.safeParse(raw.spec);
    const parsed: Parsed<unknown> = result.success
      ? { ok: true, object: { ...raw, kind, spec: result.data } }
      : {
          ok: false,
          message: `${kind} ${raw.metadata.name} is not readable by this version (${z.prettifyError(result.error).replaceAll(/\s+/g, ' ')}): apply the CRDs of this version and correct it`,
        };
    known.set(raw, parsed);
    return parsed as Parsed<T>;
  };
}

export const parseEnvironment = parser<Environment>('Environment', environmentSpec);
export const parseGate = parser<Gate>('Gate', gateSpec);
export const parsePromotion = parser<Promotion>('Promotion', promotionSpec);
export const parseDecision = parser<Decision>('Decision', decisionSpec);
