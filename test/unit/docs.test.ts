import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { BLOCKER_REASONS } from '../../src/api/v1alpha1/blockers.ts';
import { ENVIRONMENT_CONDITIONS } from '../../src/api/v1alpha1/environment-conditions.ts';
import { ENVIRONMENT_EVENTS, PROMOTION_EVENTS } from '../../src/api/v1alpha1/events.ts';
import { PROMOTION_REASONS } from '../../src/api/v1alpha1/reasons.ts';
import { runCli } from '../../src/cli/program.ts';
import { keptIo } from '../../src/cli/testing/io.ts';
import { FATE_REASONS } from '../../src/decision/fate.ts';
import { createBuildInfo } from '../../src/metrics/build.ts';
import { createEnvironmentMetrics } from '../../src/metrics/environments.ts';
import { KubeMetrics } from '../../src/metrics/kube.ts';
import { PromotionMetrics } from '../../src/metrics/promotions.ts';
import { headings, type Page, pageAt, pluginCommands, pluginSpans, writings } from '../harness/docs.ts';

/* What the documentation says of words, figures and commands is what there is. */

/** The rows of each table of a section, without their heads. */
const tablesOf = ({ text }: Page, section: string): string[][][] => {
  const [, body = ''] = new RegExp(`^## ${section}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(text) ?? [];
  return [...body.matchAll(/\n\|[ |-]+\|\n((?:\|.*(?:\n|$))+)/g)].map(([, rows = '']) =>
    rows
      .trimEnd()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.trim())),
  );
};

const firstCells = (page: Page, section: string, table = 0): string[] =>
  (tablesOf(page, section)[table] ?? []).flatMap((cells) => cells[1] ?? []);

describe('troubleshooting', () => {
  const page = pageAt('docs/troubleshooting.md');

  test('has a section for each reason of a Promotion, and for no other', () => {
    expect(headings(page, 3).toSorted()).toEqual(Object.keys(PROMOTION_REASONS).toSorted());
  });

  test('leads to each of them', () => {
    const index = page.text.slice(0, page.text.indexOf('\n## '));
    for (const reason of Object.keys(PROMOTION_REASONS))
      expect(index).toContain(`[${reason}](#${reason.toLowerCase()})`);
  });

  test('says what each word of blockedBy means', () => {
    expect(firstCells(page, 'What blockedBy says')).toEqual([...BLOCKER_REASONS]);
  });

  test('says what each event means', () => {
    expect(firstCells(page, 'Events')).toEqual([...PROMOTION_EVENTS]);
    const said = firstCells(page, 'An Environment', 1).flatMap((cell) => cell.split(', '));
    expect(said.toSorted()).toEqual([...ENVIRONMENT_EVENTS]);
  });

  test('says what each condition of an Environment means, by its reasons', () => {
    const said = (tablesOf(page, 'An Environment')[0] ?? []).map(
      ([, type = '', reason]) => `${type.replace(' False', '')} ${reason}`,
    );
    const all = Object.entries(ENVIRONMENT_CONDITIONS).flatMap(([type, reasons]) =>
      reasons.map((reason) => `${type} ${reason}`),
    );
    expect(said.toSorted()).toEqual(all.toSorted());
  });

  test('says what each fate of a Decision means', () => {
    const said = firstCells(page, 'A Decision').flatMap((cell) => cell.replace(/ \(.*/, '').split(', '));
    expect(said.toSorted()).toEqual(['DecisionsNotTrusted', ...FATE_REASONS].toSorted());
  });
});

test('operations names each figure of Sluice, with its labels', async () => {
  const registry = new Registry();
  const promotions = new PromotionMetrics(registry);
  const kube = new KubeMetrics(registry);
  createEnvironmentMetrics(registry, () => []);
  createBuildInfo(registry);
  expect([promotions, kube]).toHaveLength(2);
  const served = registry.getMetricsAsArray().filter(({ name }) => name.startsWith('sluice_'));
  const said = firstCells(pageAt('docs/operations.md'), 'What to watch').map((cell) =>
    cell.replaceAll('`', ''),
  );
  expect(said.map((cell) => cell.replace(/\{.*/, '')).toSorted()).toEqual(
    served.map(({ name }) => name).toSorted(),
  );
  expect(served.length).toBeGreaterThan(15);
});

/** What commander says of words that it cannot read; a command that is named in passing may lack what it needs. */
const UNREADABLE = /unknown (?:option|command)|too many arguments/;

const rows = (wordsIn: (page: Page) => string[][]): [string, string, string[]][] =>
  writings().flatMap((page) =>
    wordsIn(page).map((words): [string, string, string[]] => [page.path, words.join(' '), words]),
  );

const complained = async (words: readonly string[]): Promise<string> => {
  const io = keptIo();
  await runCli(['--kubeconfig=/does/not/exist', ...words], io);
  return io.complained;
};

describe('every command of the plugin that is shown', () => {
  const [shown, named] = [rows(pluginCommands), rows(pluginSpans)];

  test('is found', () => {
    expect(shown.length).toBeGreaterThan(20);
    expect(named.length).toBeGreaterThan(50);
  });

  test.each(shown)('%s: kubectl sluice %s', async (_, __, words) => {
    // It is read to its end; that it finds no cluster then is what it should say.
    expect(await complained(words)).not.toContain('--help');
  });

  test.each(named)('%s, in a sentence: kubectl sluice %s', async (_, __, words) => {
    const said = await complained(words);
    expect(said).not.toMatch(UNREADABLE);
    // Whoever is told in which namespace is told the whole of it.
    if (words.includes('-n')) expect(said).toMatch(/The kubeconfig \S+ cannot be read/);
  });

  test.each([['status --bogus'], ['promotte prod'], ['status one two']])(
    '%s would be seen',
    async (words) => {
      expect(await complained(words.split(' '))).toMatch(UNREADABLE);
    },
  );
});
