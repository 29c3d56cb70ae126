import { compileCondition } from '../analysis/cel.ts';
import type { CompareSpec } from '../api/v1alpha1/types.ts';
import { decode } from '../gates/compare/state.ts';
import { outcomeOf } from '../gates/compare/verdict.ts';
import { VARIABLES } from '../gates/prometheus/plan.ts';
import type { AuditRecord, Rule } from './records.ts';

type VerdictRecord = Extract<AuditRecord, { kind: 'Verdict' }>;

/** What judging a record again comes to: whether it agrees, and by what; or why it cannot be judged. */
export type Rejudged = { agrees: boolean; by: string } | { agrees: undefined; why: string };

/**
 * Judges a verdict again from its record alone, by the code that judges samples. Only a Pass and a Fail are (undefined
 * for others): that there was no data leaves none to judge.
 * @param before the records before it, in which an approval finds its Decisions.
 */
export function rejudge(record: VerdictRecord, before: readonly AuditRecord[]): Rejudged | undefined {
  if (record.verdict !== 'Pass' && record.verdict !== 'Fail') return undefined;
  // On record by itself.
  if (/^(bypassed by|passed by onDeadline|advisory)/.test(record.message)) return undefined;
  const { rule } = record;
  if (!rule) return { agrees: undefined, why: 'what it was judged by is not on record' };
  if (rule.kind === 'approval') return approval(record, rule, before);
  const sample = rule.kind === 'prometheus' ? measured(record, rule) : compared(record, rule);
  if (!sample)
    return { agrees: undefined, why: 'not all that it rests on is on record, such as the age of the data' };
  const failed = (record.failures ?? 0) > rule.failureLimit;
  const verdict = failed ? 'Fail' : sample.verdict;
  const row = (record.recent ?? []).slice(0, rule.count);
  const short = verdict === 'Pass' && row.some((r) => r !== 'Pass');
  return {
    agrees: verdict === record.verdict && !short,
    by: `${sample.by}; ${record.failures ?? 0} failures, ${rule.failureLimit} tolerated; ${rule.count} passes in a row wanted`,
  };
}

interface Sampled {
  verdict: 'Pass' | 'Fail' | 'Inconclusive';
  by: string;
}

/** The conditions of a query, on the value that it had. */
function measured(record: VerdictRecord, rule: Extract<Rule, { kind: 'prometheus' }>): Sampled | undefined {
  const { value } = record;
  if (value === undefined) return undefined;
  const holds = (text: string): boolean | undefined => {
    const condition = compileCondition(text, VARIABLES);
    // How old the data was is not on record.
    if (condition.uses.has('ageSeconds')) return undefined;
    return condition.evaluate({ value, samples: record.samples ?? 0, args: rule.args });
  };
  const [pass, fail] = [holds(rule.pass), rule.fail === undefined ? undefined : holds(rule.fail)];
  if (pass === undefined) return undefined;
  const by = `value ${value}: \`${rule.pass}\` is ${pass}${rule.fail === undefined ? '' : `, \`${rule.fail}\` is ${fail ?? 'not known'}`}`;
  if (fail) return { verdict: 'Fail', by };
  if (pass) return { verdict: 'Pass', by };
  return { verdict: rule.fail === undefined ? 'Fail' : 'Inconclusive', by };
}

/** The sequential test, on what it had counted. */
function compared(record: VerdictRecord, rule: Extract<Rule, { kind: 'compare' }>): Sampled | undefined {
  const state = record.state === undefined ? undefined : decode(record.state);
  if (!state) return undefined;
  const { verdict, message } = outcomeOf(rule.spec as CompareSpec, state);
  return verdict === 'Error' ? undefined : { verdict, by: message };
}

/** As many different persons as were needed. */
function approval(
  record: VerdictRecord,
  rule: Extract<Rule, { kind: 'approval' }>,
  before: readonly AuditRecord[],
): Rejudged {
  const persons = new Set(
    before.flatMap((r) =>
      r.kind === 'Decision' && r.verdict === 'Approve' && r.gate === record.gate ? [r.by] : [],
    ),
  );
  return {
    agrees: persons.size >= rule.required && record.verdict === 'Pass',
    by: `${[...persons].join(', ')}: ${persons.size} of ${rule.required}`,
  };
}
