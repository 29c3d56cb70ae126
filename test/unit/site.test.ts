import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GROUPS, ROOT, urlOf } from '../../docs/site/pages.ts';
import { anchorOf, relativeTo } from '../../docs/site/render.ts';
import { pages } from '../harness/docs.ts';

/* The site is built as `make site` builds it, and every link in it leads somewhere. */

let out = '';
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'sluice-site-'));
  const eleventy = join(ROOT, 'node_modules/@11ty/eleventy/cmd.cjs');
  const args = [eleventy, '--config=docs/site/eleventy.config.mjs', '--quiet', `--output=${out}`];
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'pipe' });
}, 60_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

const html = (): string[] =>
  readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
const textAt = (name: string): string => readFileSync(join(out, name), 'utf8');

/** Links of a page that lead nowhere. */
function broken(name: string, text: string): string[] {
  return [...text.matchAll(/(?:href|src)="([^"]*)"/g)]
    .map(([, href = '']) => href.replaceAll('&amp;', '&'))
    .filter((href) => {
      if (/^[a-z]+:/.test(href)) return false;
      const [path = '', anchor] = href.split('#');
      const target = path === '' ? name : relative(out, join(out, dirname(name), decodeURI(path)));
      if (!existsSync(join(out, target))) return true;
      return anchor !== undefined && !textAt(target).includes(`id="${anchor}"`);
    });
}

describe('the site', () => {
  test('has every page of the documentation, each in its navigation', () => {
    const shown = GROUPS.flatMap((group) => group.pages);
    expect(shown).toEqual(expect.arrayContaining(pages().map(({ path }) => path)));
    for (const path of shown) expect(html()).toContain(urlOf(path));
    expect(new Set(shown.map((path) => urlOf(path).toLowerCase())).size).toBe(shown.length);
  });

  test('has no link that leads nowhere, to a page or to a heading', () => {
    const found = html().flatMap((name) => broken(name, textAt(name)).map((href) => `${name}: ${href}`));
    expect(found).toEqual([]);
  });

  test('would show one', () => {
    expect(
      broken('index.html', '<a href="gone.html"> <a href="policy.html#gone"> <a href="policy.html">'),
    ).toEqual(['gone.html', 'policy.html#gone']);
  });

  test('leaves what stands in braces as it is', () => {
    expect(textAt('index.html')).toContain('{{ canaryHash }}');
  });

  test('says where one is', () => {
    expect(textAt('gates.html')).toContain('<a href="gates.html" aria-current="page">');
    expect(textAt('reference/gate.html')).toContain('<title>Gate · Sluice</title>');
  });
});

test.each([
  ['What the operator may do', 'what-the-operator-may-do'],
  ['5. Two pairs of eyes', '5-two-pairs-of-eyes'],
  ['`spec.windows[]`', 'specwindows'],
  ['Überfällig: ja', 'überfällig-ja'],
])('the anchor of %s is GitHub’s', (heading, anchor) => {
  expect(anchorOf(heading, new Map())).toBe(anchor);
});

test('the second heading of a name has an anchor of its own', () => {
  const taken = new Map<string, number>();
  expect([anchorOf('A', taken), anchorOf('A', taken), anchorOf('a', taken)]).toEqual(['a', 'a-1', 'a-2']);
});

test.each([
  ['index.html', 'policy.html#alerts', 'policy.html#alerts'],
  ['reference/gate.html', 'policy.html', '../policy.html'],
  ['policy.html', 'policy.html#alerts', 'policy.html#alerts'],
  ['a/b.html', 'https://example.com/x#y', 'https://example.com/x#y'],
])('from %s to %s it is %s', (from, to, href) => {
  expect(relativeTo(from, to)).toBe(href);
});
