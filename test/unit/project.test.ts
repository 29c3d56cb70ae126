import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { anchorsOf, brokenLinks, linksOf, type Page, slugOf } from '../harness/links.ts';

/* What newcomers and machines find at the root: pages whose links lead somewhere, and files that GitHub reads. */

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What is committed, or would be by `git add`: a page that is still being written is judged with the others. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const pages = files.filter((path) => path.endsWith('.md')).map((path): Page => ({ path, text: read(path) }));

/** A repository of two pages, with this text on the first. */
const page = (text: string): Page[] => [
  { path: 'docs/a.md', text },
  { path: 'docs/b.md', text: '# Top\n## What `holds`, and why\n## Again\n## Again\n<a id="here"></a>' },
];
const sample = ['docs/a.md', 'docs/b.md', 'src/api/x.ts', 'README.md'];

describe('links', () => {
  test('every link and every anchor of every page leads somewhere', () => {
    expect(pages.length).toBeGreaterThan(30);
    expect(pages.flatMap(({ text }) => linksOf(text)).length).toBeGreaterThan(50);
    expect(brokenLinks(pages, files)).toEqual([]);
  });

  test.each([
    '[b](b.md) and [again](./b.md#again-1)',
    '[b](b.md#what-holds-and-why), ![picture](../README.md "a title")',
    '[x](../src/api/x.ts#L3), [folder](../src/api/), [root](..), [from the root](/README.md)',
    '[here](b.md#here), [away](https://example.com/none), [mail](mailto:a@example.com)',
    '# Mine\n[up](#mine)',
    '`[in code](none.md)`\n```md\n[in a block](none.md)\n```',
    '````\n```\n[still in it](none.md)\n````',
    '[b][later]\n\n[later]: b.md#top',
  ])('%j leads somewhere', (text) => {
    expect(brokenLinks(page(text), sample)).toEqual([]);
  });

  test.each([
    ['[b](c.md)', 'docs/a.md:1: c.md: there is no docs/c.md'],
    ['\n[b](b.md#again-2)', 'docs/a.md:2: b.md#again-2: docs/b.md has no heading #again-2'],
    ['[up](#mine)', 'docs/a.md:1: #mine: docs/a.md has no heading #mine'],
    ['[root](README.md)', 'docs/a.md:1: README.md: there is no docs/README.md'],
    ['[case](B.md)', 'docs/a.md:1: B.md: there is no docs/B.md'],
    ['[outside](../../etc)', 'docs/a.md:1: ../../etc: there is no ../etc'],
    ['```sh\n# mine\n```\n[up](#mine)', 'docs/a.md:4: #mine: docs/a.md has no heading #mine'],
    ['[`code`](none.md)', 'docs/a.md:1: none.md: there is no docs/none.md'],
    ['[b][later]\n\n[later]: none.md', 'docs/a.md:3: none.md: there is no docs/none.md'],
  ])('%j does not', (text, complaint) => {
    expect(brokenLinks(page(text), sample)).toEqual([complaint]);
  });

  test.each([
    ['`kubectl sluice`', 'kubectl-sluice'],
    ['What holds, and how it is known', 'what-holds-and-how-it-is-known'],
    ['2. A Gate: one question', '2-a-gate-one-question'],
    ['A - B / C', 'a---b--c'],
    ['snake_case and [a link](x.md)', 'snake_case-and-a-link'],
    ['Größe', 'größe'],
  ])('the anchor of "%s" is #%s', (heading, slug) => {
    expect(slugOf(heading)).toBe(slug);
    expect(anchorsOf(`## ${heading} ##`)).toEqual(new Set([slug]));
  });
});

interface Workflow {
  permissions?: Record<string, string>;
  /** One that calls another workflow has no steps of its own. */
  jobs: Record<string, { uses?: string; 'timeout-minutes'?: number; steps?: { run?: string }[] }>;
}
const workflow = (name: string): Workflow => parse(read(`.github/workflows/${name}.yaml`));
const runs = ({ jobs }: Workflow): string[] =>
  Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap(({ run }) => run ?? []));

describe('what GitHub reads', () => {
  const yamls = files.filter((path) => path.startsWith('.github/') && /\.ya?ml$/.test(path));

  test('there are templates and workflows', () => {
    expect(yamls).toEqual(
      expect.arrayContaining([
        '.github/ISSUE_TEMPLATE/bug.yml',
        '.github/ISSUE_TEMPLATE/config.yml',
        '.github/ISSUE_TEMPLATE/feature.yml',
        '.github/workflows/e2e.yaml',
        '.github/workflows/release.yaml',
        '.github/workflows/test.yaml',
      ]),
    );
  });

  test.each(yamls)('%s parses', (path) => {
    expect(parse(read(path))).toEqual(expect.any(Object));
  });

  test('the tests of CI are `make test` and nothing else, and it may only read', () => {
    expect(runs(workflow('test'))).toEqual(['make test']);
    expect(workflow('test').permissions).toEqual({ contents: 'read' });
  });

  test('every job ends by itself', () => {
    const jobs = ['test', 'e2e', 'release'].flatMap((name) => Object.values(workflow(name).jobs));
    expect(jobs.filter((job) => job.steps !== undefined && !job['timeout-minutes'])).toEqual([]);
    expect(workflow('test').jobs['test']?.['timeout-minutes']).toBe(90);
  });

  test('files that the workflows name are there', () => {
    const named = ['test', 'e2e', 'release'].flatMap((name) =>
      [...read(`.github/workflows/${name}.yaml`).matchAll(/(?:version-file|path): ([\w./-]+\.\w+)$/gm)].map(
        ([, path]) => path,
      ),
    );
    expect(named).toContain('test/controlplane/prometheus/go.mod');
    expect(files).toEqual(expect.arrayContaining(named));
  });

  test('end to end is `make e2e` and nothing else, and it may only read', () => {
    expect(runs(workflow('e2e'))).toEqual(['make e2e']);
    expect(workflow('e2e').permissions).toEqual({ contents: 'read' });
  });

  test('a tag makes a release by `make release`', () => {
    expect(runs(workflow('release')).join('\n')).toContain('make release VERSION=');
  });

  test('renovate.json says by which schema it is read', () => {
    const renovate: { $schema?: string; extends?: string[] } = JSON.parse(read('renovate.json'));
    expect(renovate.$schema).toBe('https://docs.renovatebot.com/renovate-schema.json');
    expect(renovate.extends).toContain('config:recommended');
  });
});
