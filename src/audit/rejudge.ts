import { compileCondition } from '../analysis/cel.ts';
import type { CompareSpec } from '../api/v1alpha1/types.ts';
import { decode } from '../gates/compare/state.ts';
import { outcomeOf } from '../gates/compare/verdict.ts';
import { VARIABLES } from '../gates/prometheus/plan.ts';
import type { Place } from './chain.ts';
import type { AuditRecord, Rule } from './records.ts';

/** A record with its place in the trail. */
export type Placed = AuditRecord & Place;
type VerdictRecord = Extract<AuditRecord, { kind: 'Verdict' }> & Place;

/** What judging a record again comes to: whether it agrees, and by what; or why it cannot be judged. */
export type Rejudged = { agrees: boolean; by: string } | { agrees: undefined; why: string };

/**
 * Judges a verdict again from its record alone, by the code that judges samples. Only a Pass and a Fail are (undefined
 * for others): that there was no data leaves none to judge.
 * @param before the records before it that are kept, in which an approval finds its Decisions.
 */
export function rejudge(record: VerdictRecord, before: readonly Placed[]): Rejudged | undefined {
  if (record.verdict !== 'Pass' && record.verdict !== 'Fail') return undefined;
  // On record by itself.
  if (/^(bypassed by|passed by onDeadline|advisory)/.test(record.message)) return undefined;
  const { rule } = record;
  if (!rule) return { agrees: undefined, why: 'what it was judged by is not on record' };
  if (rule.kind === 'approval') return approval(record, rule, before);
  const sample = rule.kind === 'prometheus' ? measured(record, rule) : compared(record, rule);
  if (typeof sample === 'string') return { agrees: undefined, why: sample };
  // Before anything is changed a failure only waits.
  const tolerated = record.when === 'Before' ? Number.POSITIVE_INFINITY : rule.failureLimit;
  const failed = (record.failures ?? 0) > tolerated;
  const verdict = failed ? 'Fail' : sample.verdict;
  const row = (record.recent ?? []).slice(0, rule.count);
  const short = verdict === 'Pass' && row.some((r) => r !== 'Pass');
  return {
    agrees: verdict === record.verdict && !short,
    by: `${sample.by}; ${record.failures ?? 0} failures, ${Number.isFinite(tolerated) ? tolerated : 'all'} tolerated; ${rule.count} passes in a row wanted`,
  };
}

interface Sampled {
  verdict: 'Pass' | 'Fail' | 'Inconclusive';
  by: string;
}

const lacking = (what: string): string => `not all that it rests on is on record: ${what}`;

/** The conditions of a query, on what it had measured; a string says why they cannot be asked. */
function measured(record: VerdictRecord, rule: Extract<Rule, { kind: 'prometheus' }>): Sampled | string {
  const { value, samples } = record;
  if (value === undefined) return lacking('the value');
  const holds = (text: string): boolean | undefined => {
    const condition = compileCondition(text, VARIABLES);
    // How old the data was is not on record.
    if (condition.uses.has('ageSeconds')) return undefined;
    if (condition.uses.has('samples') && samples === undefined) return undefined;
    return condition.evaluate({ value, samples: samples ?? 0, args: rule.args });
  };
  const [pass, fail] = [holds(rule.pass), rule.fail === undefined ? undefined : holds(rule.fail)];
  if (pass === undefined) return lacking('the age of the data, or how many samples there were');
  const by = `value ${value}: \`${rule.pass}\` is ${pass}${rule.fail === undefined ? '' : `, \`${rule.fail}\` is ${fail ?? 'not known'}`}`;
  if (fail) return { verdict: 'Fail', by };
  if (pass) return { verdict: 'Pass', by };
  return { verdict: rule.fail === undefined ? 'Fail' : 'Inconclusive', by };
}

/** The sequential test, on what it had counted; a string says why it cannot be made again. */
function compared(record: VerdictRecord, rule: Extract<Rule, { kind: 'compare' }>): Sampled | string {
  // Where canary and stable are one version nothing is counted.
  if (record.state === undefined && record.verdict === 'Pass')
    return 'there was one version only, so that nothing was compared; its counters have answered';
  const state = record.state === undefined ? undefined : decode(record.state);
  if (!state) return lacking('what it had counted');
  const { verdict, message } = outcomeOf(rule.spec as CompareSpec, state);
  return verdict === 'Error' ? lacking('what it had counted') : { verdict, by: message };
}

/** As many different persons as were needed: a gate passes in the write of status that uses their Decisions. */
function approval(
  record: VerdictRecord,
  rule: Extract<Rule, { kind: 'approval' }>,
  before: readonly Placed[],
): Rejudged {
  const persons = new Set(
    before.flatMap((r) =>
      r.kind === 'Decision' && r.verdict === 'Approve' && r.gate === record.gate && r.at === record.at
        ? [r.by]
        : [],
    ),
  );
  const oldest = before[0] ?? record;
  const isCut = oldest.seq > 1 && oldest.at === record.at;
  if (isCut && persons.size < rule.required)
    return { agrees: undefined, why: 'records of its Decisions were let go of: they are in the log' };
  return {
    agrees: persons.size >= rule.required && record.verdict === 'Pass',
    by: `${[...persons].join(', ')}: ${persons.size} of ${rule.required}`,
  };
}
