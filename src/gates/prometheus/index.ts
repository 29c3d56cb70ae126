import { longestRangeSeconds } from '../../analysis/promql.ts';
import { type PrometheusSpec, prometheusSpec } from '../../api/v1alpha1/gate.ts';
import type { GateContext, GateKind } from '../gate.ts';
import { openServer, type Server } from '../server.ts';
import { describe, isOurs, type Outcome, take } from '../take.ts';
import { type Answer, QueryError } from './client.ts';
import { ageQuery, planOf, validate } from './plan.ts';
import { type Answers, outcomeOf } from './verdict.ts';

/** One number out of Prometheus, judged by CEL. */
export const prometheusGate: GateKind<PrometheusSpec> = {
  kind: 'prometheus',
  schema: prometheusSpec,
  validate,
  longestRangeSeconds(spec, vars) {
    try {
      const { query, samples } = planOf(spec);
      const ranges = [query, samples].map((t) => (t === undefined ? 0 : longestRangeSeconds(t.render(vars))));
      return Math.max(...ranges);
    } catch (error) {
      // A gate that cannot be evaluated passes nothing, however far it would look back.
      if (isOurs(error)) return 0;
      throw error;
    }
  },
  address: (spec) => spec.address,
  evaluate: (spec, context) => take(context.clock, spec.query, async (asked) => look(spec, context, asked)),
};

async function look(spec: PrometheusSpec, context: GateContext, asked: { query: string }): Promise<Outcome> {
  const plan = planOf(spec);
  const { vars } = context;
  const server = await openServer('spec.prometheus', spec, context);
  asked.query = plan.query.render(vars);
  const sent = context.clock.monotonic();
  const answers = await ask(context, server, {
    value: asked.query,
    samples: plan.samples?.render(vars),
    age: plan.needsAge ? ageQuery(asked.query) : undefined,
  });
  const received = context.clock.monotonic();
  const outcome = outcomeOf(spec, plan, answers, vars.args);
  for (const answer of [answers.value, answers.samples, answers.age])
    if (answer?.at !== undefined) plan.freshness.check(answer.at, sent, received);
  const warnings = [answers.value, answers.samples, answers.age].flatMap((answer) => answer?.warnings ?? []);
  if (warnings.length === 0) return outcome;
  return {
    ...outcome,
    message: `${outcome.message}; Prometheus warns: ${[...new Set(warnings)].join('; ')}`,
  };
}

/**
 * Asks all queries of one sample at once. They are sent in one tick and each is evaluated at the server's now,
 * so that they see the data of one scrape but for a few milliseconds; `outcomeOf` refuses them when the
 * instants that the server reports are far apart. Asking one after the other with the first one's instant as
 * `time` would share it exactly, for twice the time, and queries of one gate are compared with constants, not
 * with each other. The first that fails ends the others.
 */
async function ask(
  context: GateContext,
  server: Server,
  queries: { value: string; samples: string | undefined; age: string | undefined },
): Promise<Answers> {
  const others = new AbortController();
  const signal = AbortSignal.any([context.signal, others.signal]);
  const one = async (query: string): Promise<Answer> => server.ask(query, signal);
  const maybe = async (query: string | undefined, what: string): Promise<Answer | undefined> => {
    if (query === undefined) return undefined;
    return one(query).catch((error: unknown) => {
      throw new QueryError(`${what}: ${describe(error)}`, { cause: error });
    });
  };
  try {
    const [value, samples, age] = await Promise.all([
      one(queries.value),
      maybe(queries.samples, 'minSamples.query'),
      maybe(queries.age, 'Age of the data'),
    ]);
    return { value, samples, age };
  } catch (error) {
    others.abort();
    throw error;
  }
}
