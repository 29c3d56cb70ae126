import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { publishedChart } from '../../release/chart.ts';
import { commitOf, provenanceObstacles, type Tagged, tagObstacles } from '../../release/checks.ts';
import { optionsFrom } from '../../release/options.ts';
import { publishing } from '../../release/plan.ts';
import { type Hands, publish } from '../../release/publish.ts';
import { GIVEN } from '../harness/release-given.ts';

/* What is looked at, and what is put together, before anything of a release is published. */

const root = join(import.meta.dirname, '../..');

describe('the tag', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];

  test.each<[string, Tagged, string | undefined]>([
    ['is what is checked out, here and on GitHub', { head: a, here: a, there: a }, undefined],
    ['may come after a dry run', { head: a, here: undefined, there: null }, undefined],
    ['is missing', { head: a, here: undefined, there: undefined }, 'there is no tag v1.2.3'],
    ['is another commit', { head: a, here: b, there: b }, `tag v1.2.3 is ${b} and not ${a}`],
    ['is another commit, as a dry run sees', { head: a, here: b, there: null }, `tag v1.2.3 is ${b}`],
    ['was not pushed', { head: a, here: a, there: undefined }, 'is not on GitHub: git push'],
    ['was moved after it was pushed', { head: a, here: a, there: b }, 'is not moved'],
  ])('%s', (_, tagged, complaint) => {
    const found = tagObstacles('1.2.3', tagged);
    expect(found).toEqual(complaint === undefined ? [] : [expect.stringContaining(complaint)]);
  });

  test('of a repository names its commit, whatever kind of tag it is', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'sluice-tag-test-'));
    try {
      const git = (...args: string[]): string =>
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
          cwd: scratch,
          encoding: 'utf8',
        }).trim();
      git('init', '--quiet');
      git('commit', '--quiet', '--allow-empty', '--message=one');
      git('tag', 'v1.0.0');
      git('tag', '--annotate', '--message=two', 'v1.0.1');
      git('branch', 'v1.0.2');
      const head = git('rev-parse', 'HEAD');
      expect(['v1.0.0', 'v1.0.1', 'v1.0.2'].map((tag) => commitOf(scratch, tag))).toEqual([
        head,
        head,
        undefined,
      ]);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});

test('what npm cannot sign is refused before anything is published', () => {
  const workflow = { GITHUB_ACTIONS: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.com' };
  expect(provenanceObstacles(true, workflow)).toEqual([]);
  expect(provenanceObstacles(false, {})).toEqual([]);
  const refusal = [expect.stringContaining('PROVENANCE=0')];
  expect(provenanceObstacles(true, {})).toEqual(refusal);
  expect(provenanceObstacles(true, { GITHUB_ACTIONS: 'true' })).toEqual(refusal);
});

describe('a run that breaks off', () => {
  test('is finished by another one: what is there is left alone', () => {
    const steps = publishing(optionsFrom(GIVEN), 'helm');
    const published = new Set<string>();
    let isDown = true;
    const typed: string[] = [];
    /** A world in which what was run is there; the third step fails while npm is down. */
    const hands: Hands = {
      answer: (command, args) => {
        const step = steps.find(({ there }) => there.command === command && there.args === args);
        return step && published.has(step.publishes) ? 'there' : undefined;
      },
      run: (command, args) => {
        const step = steps.find((s) => s.command === command && s.args === args);
        if (command === 'npm' && isDown) throw new Error('npm is down');
        typed.push(command);
        published.add(step?.publishes ?? '');
      },
      say: () => undefined,
    };
    expect(() => publish(steps, hands)).toThrow('npm is down');
    expect(typed).toEqual(['docker', 'helm']);
    isDown = false;
    publish(steps, hands);
    expect(typed).toEqual(['docker', 'helm', 'npm', 'gh']);
    publish(steps, hands);
    expect(typed).toHaveLength(4);
  });
});

describe('the chart as it is published', () => {
  let scratch: string;
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'sluice-chart-test-'));
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  const read = (file: string): string => readFileSync(join(scratch, 'sluice', file), 'utf8');

  test('names the image of its release, and where its sources are', () => {
    publishedChart(root, optionsFrom(GIVEN), scratch);
    expect(parse(read('values.yaml'))).toMatchObject({ image: { repository: GIVEN.IMAGE, tag: '' } });
    const url = 'https://github.com/acme/sluice';
    expect(parse(read('Chart.yaml'))).toMatchObject({ name: 'sluice', home: url, sources: [url] });
  });

  test('is told to be installed from where it is, with nothing else to set', () => {
    publishedChart(root, optionsFrom(GIVEN), scratch);
    expect(read('README.md')).toContain(
      'helm upgrade --install sluice oci://registry.example/acme/charts/sluice --version 1.2.3 --namespace',
    );
    expect(read('README.md')).not.toContain('<your repository>');
  });

  test('of a dry run without names is the one in the repository', () => {
    publishedChart(root, optionsFrom({ VERSION: '1.2.3', DRY_RUN: '1' }), scratch);
    for (const file of ['Chart.yaml', 'README.md', 'values.yaml'])
      expect(read(file)).toBe(readFileSync(join(root, 'charts/sluice', file), 'utf8'));
  });
});
