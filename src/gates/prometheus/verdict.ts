import type { PrometheusSpec } from '../../api/v1alpha1/gate.ts';
import type { Outcome } from '../take.ts';
import { type Answer, QueryError, type Series } from './client.ts';
import type { Plan } from './plan.ts';

/** The answers to the queries of one sample; absent: not asked. */
export interface Answers {
  value: Answer;
  samples: Answer | undefined;
  age: Answer | undefined;
}

const inconclusive = (message: string): Outcome => ({ verdict: 'Inconclusive', message });

/** Servers behind one address may disagree on the time; answers further apart (seconds) are not one look. */
const MOST_APART_SECONDS = 5;

/**
 * What the answers mean. In this order: an answer of the wrong shape is an Error; too few samples, no value and
 * stale data are Inconclusive, even where the fail condition holds; only then the conditions are asked.
 * Throws QueryError and ExpressionError, which are Errors.
 */
export function outcomeOf(
  spec: PrometheusSpec,
  plan: Plan,
  answers: Answers,
  args: Readonly<Record<string, string>>,
): Outcome {
  const value = onlyValue(answers.value, 'The query');
  const samples = answers.samples && countOf(answers.samples);
  const age = answers.age && onlyValue(answers.age, 'The query for the age of the data');
  const ageSeconds = age === undefined || !Number.isFinite(age) ? undefined : Math.max(0, age);
  const apart = apartSeconds(answers);
  if (apart > MOST_APART_SECONDS)
    throw new QueryError(
      `The answers of one sample are ${Math.round(apart)} s apart; do the servers behind this address agree on the time?`,
    );
  const known = {
    ...(value !== undefined && Number.isFinite(value) && { value }),
    ...(samples !== undefined && { samples }),
    ...(ageSeconds !== undefined && { ageSeconds }),
  };
  const lacking = lack(spec, plan, value, samples, ageSeconds);
  if (lacking !== undefined) return { ...inconclusive(lacking), ...known };
  return { ...known, ...judged(plan, value ?? Number.NaN, { ...known, args }) };
}

/** The one number of an answer; undefined when it is empty. @throws QueryError for more than one */
export function onlyValue(answer: Answer, what: string): number | undefined {
  if (answer.series.length > 1) {
    const some = answer.series.slice(0, 3).map(labelText).join(', ');
    const more = answer.series.length > 3 ? ', ..' : '';
    throw new QueryError(
      `${what} returned ${answer.series.length} series, need one: aggregate with sum() or max(); got ${some}${more}`,
    );
  }
  return answer.series[0]?.value;
}

function labelText({ labels }: Series): string {
  const text = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const joined = text.join(', ');
  return `{${joined.length > 100 ? `${joined.slice(0, 98)}..` : joined}}`;
}

/** Nothing and NaN count as no sample at all. */
function countOf(answer: Answer): number {
  const count = onlyValue(answer, 'minSamples.query') ?? 0;
  if (Math.abs(count) === Number.POSITIVE_INFINITY)
    throw new QueryError('minSamples.query counts infinitely many; take increase() of a counter');
  return Number.isNaN(count) ? 0 : count;
}

function apartSeconds({ value, samples, age }: Answers): number {
  const instants = [value.at, samples?.at, age?.at].filter((at) => at !== undefined);
  return instants.length < 2 ? 0 : Math.max(...instants) - Math.min(...instants);
}

/** What is missing for a judgement, or undefined. */
function lack(
  spec: PrometheusSpec,
  plan: Plan,
  value: number | undefined,
  samples: number | undefined,
  ageSeconds: number | undefined,
): string | undefined {
  const { minSamples, maxAgeSeconds } = spec;
  if (minSamples && samples !== undefined && samples < minSamples.atLeast)
    return `${floored(samples)} of ${minSamples.atLeast} requests so far`;
  const numerator = '`or vector(0)` belongs on the numerator, never on the denominator';
  if (value === undefined)
    return samples !== undefined
      ? `The query returned nothing although there are ${floored(samples)} requests: ${numerator}`
      : `The query returned nothing: is there traffic, and do the labels match? If only errors are missing, ${numerator}`;
  if (Number.isNaN(value)) return 'The value is NaN, 0/0: no requests?';
  if (!Number.isFinite(value)) return `The value is ${value > 0 ? '+Inf' : '-Inf'}: a division by zero?`;
  if (plan.needsAge && ageSeconds === undefined)
    return 'The data is stale: no series of the query has a sample in the last minutes; is it still scraped?';
  if (maxAgeSeconds !== undefined && ageSeconds !== undefined && ageSeconds > maxAgeSeconds)
    return `The data is stale: its newest sample is ${Math.round(ageSeconds)} s old, more than ${maxAgeSeconds} s; is it still scraped?`;
  return undefined;
}

/** The fail condition first: where both hold, it has failed. */
function judged(plan: Plan, value: number, vars: Readonly<Record<string, unknown>>): Outcome {
  const { pass, fail } = plan;
  if (fail?.evaluate(vars))
    return { verdict: 'Fail', threshold: fail.text, message: sentence(fail.text, value, true) };
  if (pass.evaluate(vars))
    return { verdict: 'Pass', threshold: pass.text, message: sentence(pass.text, value, true) };
  if (fail === undefined)
    return { verdict: 'Fail', threshold: pass.text, message: sentence(pass.text, value, false) };
  const message = `${sentence(pass.text, value, false)}, and ${sentence(fail.text, value, false)}`;
  return { verdict: 'Inconclusive', threshold: pass.text, message };
}

/** `value 0.2 > 0.05` where the condition is as simple as that. */
function sentence(condition: string, value: number, holds: boolean): string {
  const text = condition.trim();
  const shown = Number(value.toPrecision(6));
  const simple = /^value\s*(<=|>=|<|>|==|!=)\s*([\w.+-]+)$/.exec(text);
  if (simple === null) return `value ${shown}: \`${text}\` is ${holds}`;
  return `value ${shown} ${holds ? '' : 'is not '}${simple[1]} ${simple[2]}`;
}

/** Rounded down, so that 49.97 of 50 does not read 50 of 50. */
function floored(count: number): number {
  return Math.floor(count * 10) / 10;
}
