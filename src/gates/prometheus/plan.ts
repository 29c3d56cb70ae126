import { type Condition, compileCondition, ExpressionError } from '../../analysis/cel.ts';
import { checkQuery, instantSelectors } from '../../analysis/promql.ts';
import { parseTemplate, placeholderVars, type Template, TemplateError } from '../../analysis/template.ts';
import type { PrometheusSpec } from '../../api/v1alpha1/gate.ts';
import type { Validation } from '../gate.ts';
import { serverObjection } from '../server.ts';
import { Freshness } from './freshness.ts';

/** What a spec means, compiled. */
export interface Plan {
  query: Template;
  samples: Template | undefined;
  pass: Condition;
  fail: Condition | undefined;
  /** Whether the age of the data has to be asked for. */
  needsAge: boolean;
  /** Of the answers that this spec has had so far. */
  freshness: Freshness;
}

/** What the conditions of a Prometheus gate may read. */
export const VARIABLES = { value: 'double', ageSeconds: 'double', samples: 'double', args: 'map' } as const;

/** Kept as long as the spec object is, which is until the Gate is edited. */
const plans = new WeakMap<PrometheusSpec, Plan>();

/** Compiles a spec once. Throws TemplateError or ExpressionError, with the name of the field in front. */
export function planOf(spec: PrometheusSpec): Plan {
  const known = plans.get(spec);
  if (known !== undefined) return known;
  const { fail, minSamples } = spec;
  const pass = at('pass', () => compileCondition(spec.pass, VARIABLES));
  const plan: Plan = {
    query: at('query', () => parseTemplate(spec.query)),
    samples: minSamples && at('minSamples.query', () => parseTemplate(minSamples.query)),
    pass,
    fail: fail === undefined ? undefined : at('fail', () => compileCondition(fail, VARIABLES)),
    needsAge: spec.maxAgeSeconds !== undefined,
    freshness: new Freshness(),
  };
  plan.needsAge ||= pass.uses.has('ageSeconds') || plan.fail?.uses.has('ageSeconds') === true;
  plans.set(spec, plan);
  return plan;
}

/** Whether a spec can be evaluated, as far as that is known without asking Prometheus. */
export function validate(spec: PrometheusSpec): Validation {
  try {
    const message = objection(spec, planOf(spec));
    return message === undefined ? { ok: true } : { ok: false, message };
  } catch (error) {
    if (error instanceof TemplateError || error instanceof ExpressionError)
      return { ok: false, message: error.message };
    throw error;
  }
}

function objection(spec: PrometheusSpec, plan: Plan): string | undefined {
  const server = serverObjection(spec);
  if (server !== undefined) return server;
  const query = plan.query.render(placeholderVars);
  const { error } = checkQuery(query);
  if (error) return `query: ${error.message}`;
  const samples = plan.samples && checkQuery(plan.samples.render(placeholderVars)).error;
  if (samples) return `minSamples.query: ${samples.message}`;
  for (const [field, condition] of Object.entries({ pass: plan.pass, fail: plan.fail }))
    if (condition?.uses.has('samples') && !plan.samples)
      return `${field}: it reads samples; set minSamples, too`;
  if (plan.needsAge && instantSelectors(query).length === 0)
    return 'query: it selects no series, so that its data has no age; remove maxAgeSeconds and ageSeconds';
  return undefined;
}

/**
 * The query for the age of the data in seconds: of each selector's newest sample the oldest. One stale selector
 * makes a ratio wrong even when the other is fresh; a selector without any series (no errors) is left out. The
 * label keeps `or` from dropping what has the same labels. Undefined when the query selects nothing.
 */
export function ageQuery(query: string): string | undefined {
  const selectors = instantSelectors(query);
  if (selectors.length === 0) return undefined;
  const newest = selectors.map((s, i) => `label_replace(max(timestamp(${s})), "selector", "${i}", "", "")`);
  return `time() - min(${newest.join(' or ')})`;
}

function at<T>(field: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof TemplateError)
      throw new TemplateError(`${field}: ${error.message}`, { cause: error });
    if (error instanceof ExpressionError)
      throw new ExpressionError(`${field}: ${error.message}`, { cause: error });
    throw error;
  }
}
