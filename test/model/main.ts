import { problemsOf, runModel, type WorldFigures } from './run.ts';

/*
 * `node test/model/main.ts`: the search of the small worlds as a table, and 1 as exit code if a law is
 * broken, if a world that is declared complete was not searched to its end, or if there are far fewer states than
 * there were. SLUICE_FAULTS=long searches all of them.
 */

const form = process.env['SLUICE_FAULTS'] === 'long' ? 'long' : 'short';
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const row = (name: string, ...columns: (string | number)[]): string =>
  [name.padEnd(42), ...columns.map((c) => String(c).padStart(12))].join('');

function tell({ name, states, transitions, seconds, violations, complete, ends }: WorldFigures): void {
  say(row(name, states, transitions, seconds.toFixed(1), violations.length));
  say(
    `  ends: ${
      Object.entries(ends)
        .map(([reason, count]) => `${reason} ${count}`)
        .join(', ') || 'none'
    }`,
  );
  say(
    complete
      ? '  complete'
      : `  cut off at ${states}: the states nearest to where it begins, and L1 was not asked`,
  );
  for (const { law, why, trace } of violations)
    say([`  ${law} is broken: ${why}`, ...trace.map((line, i) => `    ${i + 1}. ${line}`)].join('\n'));
}

say(row('world', 'states', 'transitions', 'seconds', 'broken'));
const all = runModel(form, tell);
say(row('all', all.states, all.transitions, all.seconds.toFixed(1), all.violations));
say(row('of worlds that were searched to the end', all.complete));
say(`laws asked of every step: ${all.laws.map((l) => l.id).join(', ')}`);
const problems = problemsOf(form, all);
for (const problem of problems) say(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
