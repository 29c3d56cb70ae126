import type { CaseResult } from './catalogue.ts';
import type { ModelFigures } from '../model/run.ts';
import { LAWS } from './laws.ts';

/** One line for the terminal: how many cases, how many broken laws, and of how many faults nothing is known. */
export function summary(cases: readonly CaseResult[]): string {
  const missed = cases.filter((c) => c.missed).length;
  const broken = cases.filter((c) => !c.held).length - missed;
  const times = cases.reduce((sum, c) => sum + c.times, 0);
  const never = missed === 0 ? '' : `, ${missed} never injected`;
  return `${cases.length} cases, ${times} faults injected, ${broken} broken laws${never}`;
}

/** One line for the terminal: how many states, how many broken laws. */
export function modelSummary({ states, transitions, violations }: ModelFigures): string {
  return `${states} states of small worlds, ${transitions} transitions, ${violations} broken laws`;
}

/** A whole run has at least so many: with fewer, something has not run at all. */
const LEAST = { cases: 200, states: 100_000 };

/** What a whole run lacks, in words. */
export function lackOf(cases: readonly CaseResult[], model: Pick<ModelFigures, 'states'>): string[] {
  return [
    ...(cases.length < LEAST.cases ? [`${cases.length} cases are fewer than ${LEAST.cases}`] : []),
    ...(model.states < LEAST.states
      ? [`${model.states} states of small worlds are fewer than ${LEAST.states}`]
      : []),
  ];
}

/** What a run of `make faults` has come to. */
export interface Findings {
  cases: readonly CaseResult[];
  /** Those of them that were played again, as they had ended before. */
  again?: readonly CaseResult[];
  model: ModelFigures;
  seed: number;
  /** The table of what the faults have found so far, as Markdown. */
  found: string;
}

/** The text of docs/faults.md: what was injected, how often, what held. */
export function faultsPage({ cases, again = [], model, seed, found }: Findings): string {
  const families = [...new Set(cases.map((c) => c.family))];
  return [
    '# Faults that Sluice was put through',
    '',
    `Written by \`make faults\`; \`make faults SEED=${seed}\` makes the same random choices again. ${summary(cases)}; ${modelSummary(model)}.`,
    '',
    'Every case runs on a real API server, the real Argo Rollouts controller and a real Prometheus. Beside each are the laws whose checkers ran in it, and nothing else. The laws:',
    '',
    ...Object.entries(LAWS).map(([name, text]) => `- **${name}**: ${text}`),
    '',
    ...againPart(again),
    ...modelPart(model),
    '## What the faults found',
    '',
    found.trim(),
    '',
    ...families.flatMap((family) => [
      `## ${family}`,
      '',
      '| case | injected | times | asked, and held | seed |',
      '| --- | --- | --- | --- | --- |',
      ...cases.filter((c) => c.family === family).map(row),
      '',
    ]),
  ].join('\n');
}

/** What did not hold before it was played again; nothing where all is of one run. */
function againPart(again: readonly CaseResult[]): string[] {
  if (again.length === 0) return [];
  return [
    '## Played again',
    '',
    'The run of all cases was followed by one of those that had not held in it, with the same product to the byte: what was corrected between them is in the tests.',
    '',
    '| case | what came of it the first time |',
    '| --- | --- |',
    ...again.map(({ id, message = '' }) => line(id, message)),
    '',
  ];
}

/** The search, world by world. */
function modelPart({ worlds, laws, complete }: ModelFigures): string[] {
  return [
    '## Every state of small worlds',
    '',
    `A promotion, its gates, the Rollouts controller and the operator as a model: every order of events, a crash at every write. ${laws.length} laws are asked of each step (\`src/promotion/testing/laws\`). ${complete} of the states are in worlds that were searched to the end, and of each of those an end can be reached; of the others it is the states nearest to their beginning (\`test/model/README.md\`).`,
    '',
    '| world | states | transitions | searched to the end | broken |',
    '| --- | --- | --- | --- | --- |',
    ...worlds.map(({ name, states, transitions, complete: isComplete, violations }) =>
      line(name, String(states), String(transitions), isComplete ? 'yes' : 'no', String(violations.length)),
    ),
    '',
  ];
}

function row(result: CaseResult): string {
  const { id, injected, times, seed } = result;
  return line(id, injected, String(times), outcome(result), seed === undefined ? '' : String(seed));
}

function outcome({ held, missed, laws, message = '' }: CaseResult): string {
  if (missed) return '**never injected**';
  return held ? laws.join(' ') || 'what it asserts itself' : `**broken**: ${message}`;
}

const line = (...cells: string[]): string => `| ${cells.map(cell).join(' | ')} |`;

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 300);
}
