import type { CaseResult } from './catalogue.ts';
import { LAWS } from './laws.ts';

/** One line for the terminal: how many cases, how many broken laws. */
export function summary(cases: readonly CaseResult[]): string {
  const broken = cases.filter((c) => !c.held);
  const times = cases.reduce((sum, c) => sum + c.times, 0);
  return `${cases.length} cases, ${times} faults injected, ${broken.length} broken laws`;
}

/**
 * The text of docs/faults.md: what was injected, how often, what held.
 * @param found the table of what the faults have found so far, as Markdown
 */
export function faultsPage(cases: readonly CaseResult[], seed: number, found: string): string {
  const families = [...new Set(cases.map((c) => c.family))];
  return [
    '# Faults that Sluice was put through',
    '',
    `Written by \`make faults\`; \`make faults SEED=${seed}\` makes the same random choices again. ${summary(cases)}.`,
    '',
    'Every case runs on a real API server, the real Argo Rollouts controller and a real Prometheus. The laws:',
    '',
    ...Object.entries(LAWS).map(([name, text]) => `- **${name}**: ${text}`),
    '',
    '## What the faults found',
    '',
    found.trim(),
    '',
    ...families.flatMap((family) => [
      `## ${family}`,
      '',
      '| case | injected | times | held | seed |',
      '| --- | --- | --- | --- | --- |',
      ...cases.filter((c) => c.family === family).map(row),
      '',
    ]),
  ].join('\n');
}

function row({ id, injected, times, laws, held, seed, message }: CaseResult): string {
  const what = held ? laws.join(' ') : `**broken**: ${message ?? ''}`;
  return `| ${[id, injected, String(times), what, seed === undefined ? '' : String(seed)].map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 300);
}
