import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkQuery } from '../../src/analysis/promql.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { knownMetrics } from '../harness/known-metrics.ts';

/* What belongs to an alert: tests that promtool runs (test/integration/alert-rules.test.ts), a runbook, a row. */

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Rules {
  groups: { rules: { alert: string; expr: string; for?: string; annotations: Record<string, string> }[] }[];
}
interface RuleTests {
  tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
}

const rules = (parse(read('charts/sluice/rules/sluice.yaml')) as Rules).groups.flatMap((g) => g.rules);
const alerts = rules.map(({ alert }) => alert);
const known = knownMetrics();
const tests = parse(read('charts/sluice/rules/sluice.test.yaml')) as RuleTests;

/** What is amiss: alerts that no case fires or that no case leaves alone, and cases of alerts that there are none. */
function untested(names: readonly string[], { tests: groups }: RuleTests): string[] {
  const cases = groups.flatMap((g) => g.alert_rule_test);
  const has = (name: string, fires: boolean): boolean =>
    cases.some((c) => c.alertname === name && c.exp_alerts.length > 0 === fires);
  return [
    ...names.filter((name) => !has(name, true)).map((name) => `nothing fires ${name}`),
    ...names.filter((name) => !has(name, false)).map((name) => `nothing leaves ${name} alone`),
    ...cases.filter((c) => !names.includes(c.alertname)).map((c) => `there is no ${c.alertname}`),
  ];
}

/** The sections of the runbooks, in order. */
const headings = (markdown: string): string[] =>
  [...markdown.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

test('each alert has a case that fires it and one that does not', () => {
  expect(untested(alerts, tests)).toEqual([]);
});

test('an alert without a case is noticed, and a case without an alert', () => {
  const one = { tests: [{ alert_rule_test: [{ alertname: 'A', exp_alerts: [{}] }] }] };
  expect(untested(['A'], one)).toEqual(['nothing leaves A alone']);
  expect(untested(['B'], one)).toEqual(['nothing fires B', 'nothing leaves B alone', 'there is no A']);
});

test('each alert has its runbook, and each runbook its alert, in the order of the rules', () => {
  expect(headings(read('docs/runbooks.md'))).toEqual(alerts);
});

test('docs/policy.md has a row for each alert, with a link to its runbook', () => {
  const rows = [...read('docs/policy.md').matchAll(/^\| \[(Sluice\w+)\]\(runbooks\.md#(\w+)\) \| \w/gm)];
  expect(rows.map(([, alert, section]) => [alert, section])).toEqual(
    alerts.map((alert) => [alert, alert.toLowerCase()]),
  );
});

describe('what the runbooks tell people to type and to read', () => {
  const text = read('docs/runbooks.md');

  test('are commands and flags of kubectl sluice that there are', () => {
    const typed = [...text.matchAll(/kubectl sluice ([a-z]+(?: verify)?)([^`\n#]*)/g)];
    expect(typed.length).toBeGreaterThan(15);
    const unknown = typed.flatMap(([, name = '', rest = '']) => {
      const command = COMMANDS.find(({ usage }) => usage.replace(/ [<[].*/, '') === name);
      const flags = command?.flags?.flatMap(([flag]) => flag.match(/--[a-z-]+/g) ?? []) ?? [];
      return command ? (rest.match(/--[a-z-]+/g) ?? []).filter((flag) => !flags.includes(flag)) : [name];
    });
    expect(unknown).toEqual([]);
  });

  test('are pages and sections that there are', () => {
    const links = [...text.matchAll(/\]\(([^)#]*)(?:#([^)]+))?\)/g)].filter(([, to]) => !to?.includes('://'));
    expect(links.length).toBeGreaterThan(10);
    const dead = links.filter(([, to = '', section]) => {
      if (to !== '') return !existsSync(join(root, 'docs', to));
      return !alerts.some((alert) => alert.toLowerCase() === section);
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });
});

describe.each(rules)('$alert', ({ expr, annotations }) => {
  test('asks for metrics that there are, in PromQL', () => {
    expect(checkQuery(expr).error).toBeUndefined();
    const names = [...expr.matchAll(/\b[a-z]+(?:_[a-z]+)+\b(?=[{[)])/g)].map(([name]) =>
      name.replace(/_bucket$/, ''),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('says what is the matter, and what to look at', () => {
    expect(Object.keys(annotations)).toEqual(['summary', 'description']);
  });
});
