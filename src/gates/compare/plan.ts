import { checkQuery, longestRangeSeconds } from '../../analysis/promql.ts';
import { parseTemplate, placeholderVars, type Template, TemplateError } from '../../analysis/template.ts';
import type { CompareSpec } from '../../api/v1alpha1/gate.ts';
import type { Validation } from '../gate.ts';
import { serverObjection } from '../server.ts';

/** The four queries, in the order in which they are told of. */
export const QUERIES = ['canary.bad', 'canary.total', 'stable.bad', 'stable.total'] as const;
export type QueryName = (typeof QUERIES)[number];

/** What a spec means, compiled. */
export interface Plan {
  queries: Readonly<Record<QueryName, Template>>;
  /** Why it cannot be evaluated, in one sentence. */
  objection: string | undefined;
}

/** Kept as long as the spec object is, which is until the Gate is edited. */
const plans = new WeakMap<CompareSpec, Plan>();

/** Compiles a spec once. Throws TemplateError, with the name of the field in front. */
export function planOf(spec: CompareSpec): Plan {
  const known = plans.get(spec);
  if (known !== undefined) return known;
  const { canary, stable } = spec;
  const queries = {
    'canary.bad': parsed('canary.bad', canary.bad),
    'canary.total': parsed('canary.total', canary.total),
    'stable.bad': parsed('stable.bad', stable.bad),
    'stable.total': parsed('stable.total', stable.total),
  };
  const plan: Plan = { queries, objection: serverObjection(spec) ?? objectionTo(queries) };
  plans.set(spec, plan);
  return plan;
}

/** Whether a spec can be evaluated, as far as that is known without asking Prometheus. */
export function validate(spec: CompareSpec): Validation {
  try {
    const { objection } = planOf(spec);
    return objection === undefined ? { ok: true } : { ok: false, message: objection };
  } catch (error) {
    if (error instanceof TemplateError) return { ok: false, message: error.message };
    throw error;
  }
}

function objectionTo(queries: Plan['queries']): string | undefined {
  for (const name of QUERIES) {
    const query = queries[name].render(placeholderVars);
    const { error } = checkQuery(query);
    if (error) return `${name}: ${error.message}`;
    if (longestRangeSeconds(query) > 0)
      return `${name}: it looks back; write the counter itself, for example sum(http_requests_total{..}), and Sluice takes the increase`;
  }
  return undefined;
}

function parsed(field: QueryName, text: string): Template {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (error instanceof TemplateError)
      throw new TemplateError(`${field}: ${error.message}`, { cause: error });
    throw error;
  }
}
