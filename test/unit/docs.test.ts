import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { PROMOTION_REASONS } from '../../src/api/v1alpha1/reasons.ts';
import { runCli } from '../../src/cli/program.ts';
import { keptIo } from '../../src/cli/testing/io.ts';
import { FATE_REASONS } from '../../src/decision/fate.ts';
import { createBuildInfo } from '../../src/metrics/build.ts';
import { createEnvironmentMetrics } from '../../src/metrics/environments.ts';
import { KubeMetrics } from '../../src/metrics/kube.ts';
import { PromotionMetrics } from '../../src/metrics/promotions.ts';
import { headings, type Page, pageAt, pages, pluginCommands } from '../harness/docs.ts';

/* What the documentation says of words, figures and commands is what there is. */

const firstCells = ({ text }: Page, after: string): string[] => {
  const [, table = ''] =
    new RegExp(`^## ${after}$[\\s\\S]*?\\n\\|[ |-]+\\|\\n((?:\\|.*\\n)+)`, 'm').exec(text) ?? [];
  return table.split('\n').flatMap((row) => row.split('|')[1]?.trim() ?? []);
};

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

describe('every command of the plugin that is shown', () => {
  const shown = pages().flatMap((page) =>
    pluginCommands(page).map((words): [string, string, string[]] => [page.path, words.join(' '), words]),
  );

  test('is found', () => {
    expect(shown.length).toBeGreaterThan(20);
  });

  test.each(shown)('%s: kubectl sluice %s', async (_, __, words) => {
    const io = keptIo();
    await runCli([...words, '--kubeconfig=/does/not/exist'], io);
    // It is read to its end; that it finds no cluster then is what it should say.
    expect(io.complained).not.toContain('see kubectl sluice --help');
    expect(io.complained).not.toContain('--help');
  });

  test('one with a flag that there is not would be seen', async () => {
    const io = keptIo();
    await runCli(['status', '--bogus', '--kubeconfig=/does/not/exist'], io);
    expect(io.complained).toContain('see kubectl sluice --help');
  });
});
