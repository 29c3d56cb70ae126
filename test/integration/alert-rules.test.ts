import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { CHART } from '../harness/helm.ts';
import { ensureHelm, ensurePromtool } from '../harness/programs/ensure.ts';

/* The alerts of the chart, checked and tested by the real promtool: as they are on file, and as Helm renders them. */

const run = promisify(execFile);
const RULES = join(CHART, 'rules', 'sluice.yaml');
const TESTS = join(CHART, 'rules', 'sluice.test.yaml');

interface Rules {
  groups: { rules: { alert: string; annotations: Record<string, string> }[] }[];
}
const alerts = (parse(readFileSync(RULES, 'utf8')) as Rules).groups.flatMap((g) => g.rules);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-alerts-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** What promtool says; it rejects where promtool does. */
async function promtool(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(await ensurePromtool(), args);
  return stdout + stderr;
}

/** Tests other rules than those on file by the tests on file. */
function testInstead(rules: string): Promise<string> {
  writeFileSync(join(dir, 'sluice.yaml'), rules);
  copyFileSync(TESTS, join(dir, 'sluice.test.yaml'));
  return promtool('test', 'rules', join(dir, 'sluice.test.yaml'));
}

/** What the chart puts into its PrometheusRule. */
async function rendered(...set: string[]): Promise<Rules> {
  const values = ['alerts.install=true', ...set].flatMap((value) => ['--set', value]);
  const only = ['--show-only', 'templates/prometheusrule.yaml'];
  const args = ['template', 'sluice', CHART, '--kube-version', '1.34.0', ...only, ...values];
  const { stdout } = await run(await ensureHelm(), args);
  const [rule] = parseAllDocuments(stdout).map((d): { spec: Rules } => d.toJS());
  return rule?.spec ?? { groups: [] };
}

test('the rules are rules, without a finding', async () => {
  expect(await promtool('check', 'rules', '--lint=all', '--lint-fatal', RULES)).toContain(
    `SUCCESS: ${alerts.length} rules found`,
  );
});

test('each fires when it should, with its words, and not when it should not', async () => {
  expect(await promtool('test', 'rules', TESTS)).toContain('SUCCESS');
});

test.each([
  ['a limit', '> 0.5', '> 0.9'],
  ['a duration', 'for: 3m', 'for: 2m'],
  ['a severity', 'severity: info', 'severity: warning'],
  ['a word', 'in time: {{', 'in good time: {{'],
  ['what is left alone', '{name="sluice"}', ''],
  [
    'what it is summed over',
    'max without (instance, pod) (sluice_environments',
    'max without (pod) (sluice_environments',
  ],
])('its tests notice it when %s is another', async (_, before, after) => {
  const text = readFileSync(RULES, 'utf8');
  expect(text).toContain(before);
  await expect(testInstead(text.replaceAll(before, after))).rejects.toThrow(/FAILED/);
});

test('Helm renders what is on file', async () => {
  const rules = await rendered();
  expect(rules).toEqual(parse(readFileSync(RULES, 'utf8')));
  expect(await testInstead(stringify(rules))).toContain('SUCCESS');
});

test('with runbookBase each alert says where its runbook is', async () => {
  const base = 'https://git.example.com/sluice/docs/runbooks.md';
  const { groups } = await rendered(`alerts.runbookBase=${base}`);
  const found = groups.flatMap((g) => g.rules).map((r) => r.annotations['runbook_url']);
  expect(found).toEqual(alerts.map(({ alert }) => `${base}#${alert.toLowerCase()}`));
});
