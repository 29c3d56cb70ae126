import { longestRangeSeconds } from '../../analysis/promql.ts';
import type { Counts } from '../../analysis/sequential.ts';
import { type CompareSpec, compareSpec } from '../../api/v1alpha1/gate.ts';
import type { GateContext, GateKind } from '../gate.ts';
import { type Answer, QueryError } from '../prometheus/client.ts';
import { onlyValue } from '../prometheus/verdict.ts';
import { openServer, type Server } from '../server.ts';
import { describe, isOurs, type Outcome, take } from '../take.ts';
import { planOf, QUERIES, type QueryName, validate } from './plan.ts';
import { advance, begin, decode, encode, fell, type Look } from './state.ts';
import { outcomeOf } from './verdict.ts';

/** Canary against stable: the sequential test of analysis/sequential.ts on four counters. */
export const compareGate: GateKind<CompareSpec> = {
  kind: 'compare',
  schema: compareSpec,
  validate,
  address: (spec) => spec.address,
  longestRangeSeconds(spec, vars) {
    try {
      const { queries } = planOf(spec);
      return Math.max(...QUERIES.map((name) => longestRangeSeconds(queries[name].render(vars))));
    } catch (error) {
      // A gate that cannot be evaluated passes nothing, however far it would look back.
      if (isOurs(error)) return 0;
      throw error;
    }
  },
  evaluate: (spec, context) => take(context.clock, '', async (asked) => look(spec, context, asked)),
};

async function look(spec: CompareSpec, context: GateContext, asked: { query: string }): Promise<Outcome> {
  const { clock, settledAt, vars } = context;
  const now = clock.now();
  if (settledAt === undefined || now < settledAt)
    return { verdict: 'Inconclusive', message: 'Counting begins when the step has settled' };
  const { queries, objection } = planOf(spec);
  if (objection !== undefined) throw new QueryError(`spec.compare.${objection}`);
  const queryOf = (name: QueryName): string => queries[name].render(vars);
  asked.query = QUERIES.map((name) => `${name}: ${queryOf(name)}`).join('\n');
  const server = await openServer('spec.compare', spec, context);
  const found = await counters(server, queryOf, context.signal);
  if (typeof found === 'string') return { verdict: 'Inconclusive', message: found };
  if (vars.canaryHash === vars.stableHash) return alone(found);

  const before = context.state === undefined ? undefined : decode(context.state);
  // Evidence of before the step settled, because it began anew, is none for this one.
  if (before === undefined || before.since < settledAt) return counting(found, now);
  const state = advance(before, found, spec.margin);
  const outcome = outcomeOf(spec, state);
  const lost = fell(before.base, found) ? '; a counter fell, so that this look counts nothing' : '';
  return { ...outcome, message: `${outcome.message}${lost}`, state: encode(state) };
}

/** The first look at a step: what was counted before it is not of this step. */
function counting(found: Look, now: number): Outcome {
  const message = 'Requests are counted from here on';
  return { verdict: 'Inconclusive', value: 1, samples: 0, message, state: encode(begin(found, now)) };
}

/** In preflight and in the bake there is one version only. That its counters answer is all that can be said. */
function alone({ canary }: Look): Outcome {
  const message = `Canary and stable are one version here, so that nothing is compared: ${canary.bad} of ${canary.total} requests failed since its pods started`;
  return { verdict: 'Pass', value: 1, samples: canary.total, message };
}

/**
 * The four counters at one evaluation time: that of the first answer, which the server itself has said. Counters
 * of different instants would compare different requests. A string says what is missing.
 */
async function counters(
  server: Server,
  queryOf: (name: QueryName) => string,
  signal: AbortSignal,
): Promise<Look | string> {
  const ask = async (name: QueryName, time?: number): Promise<Answer> =>
    server.ask(queryOf(name), signal, time).catch((error: unknown) => {
      throw new QueryError(`${name}: ${describe(error)}`, { cause: error });
    });
  const first = await ask('canary.total');
  const total = valueOf(first, 'canary.total');
  if (total === undefined || first.at === undefined)
    return 'canary.total returned nothing: is there traffic, and do the labels match?';
  const [bad, stableBad, stableTotal] = await Promise.all([
    ask('canary.bad', first.at),
    ask('stable.bad', first.at),
    ask('stable.total', first.at),
  ]);
  const stable = valueOf(stableTotal, 'stable.total');
  if (stable === undefined)
    return 'stable.total returned nothing: is there traffic, and do the labels match?';
  return {
    // No failures at all is the normal state of a healthy service, and then there is no such series.
    canary: counts('canary', valueOf(bad, 'canary.bad') ?? 0, total),
    stable: counts('stable', valueOf(stableBad, 'stable.bad') ?? 0, stable),
  };
}

function valueOf(answer: Answer, name: QueryName): number | undefined {
  const value = onlyValue(answer, name);
  if (value !== undefined && !(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
    throw new QueryError(`${name} gave ${value}, which is no count; write the sum of a counter`);
  return value;
}

function counts(side: string, bad: number, total: number): Counts {
  if (bad > total)
    throw new QueryError(
      `${side}.bad counts ${bad} and ${side}.total only ${total}: bad has to be a part of total`,
    );
  return { bad, total };
}
