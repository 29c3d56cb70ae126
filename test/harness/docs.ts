import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCS = join(ROOT, 'docs');

/** A page of the documentation. */
export interface Page {
  /** From the root of the repository: `docs/install.md`. */
  path: string;
  text: string;
}

/** One page, by its path in the repository. */
export function pageAt(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') };
}

/** README.md and all of docs/. */
export function pages(): Page[] {
  const found = readdirSync(DOCS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  return ['README.md', ...found.toSorted()].map(pageAt);
}

/** All that is written for people: what `pages` has, and what is beside it in the repository. */
export function writings(): Page[] {
  const beside = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'charts/sluice/README.md', '.krew.yaml'];
  const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('examples', file));
  return [...pages(), ...[...beside, ...examples.toSorted()].map(pageAt)];
}

/** The code blocks of a page in this language, in their order. */
export function blocks({ text }: Page, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, body = '']) => body,
  );
}

/** The text of each heading of this level. */
export function headings({ text }: Page, level: number): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  return [...prose.matchAll(new RegExp(`^#{${level}} (.+)$`, 'gm'))].map(([, title = '']) => title);
}

/** The words of each command `kubectl sluice …` in a page's blocks for a shell: without pipes and what comes after. */
export function pluginCommands(page: Page): string[][] {
  const lines = blocks(page, 'sh').flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'));
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:kubectl sluice|kubectl-sluice) ([^|#;>]*)/g)].map(([, words = '']) =>
      wordsOf(words),
    ),
  );
}

/**
 * The words of each command in a page's prose: of code spans `kubectl sluice …`, and of the table of the plugin's own page,
 * where `kubectl sluice` goes without saying. Brackets and bars, which say what may be left out or is instead, are no words.
 */
export function pluginSpans(page: Page): string[][] {
  const prose = page.text.replaceAll(/```[\s\S]*?```/g, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const [, table = ''] = /\n## Commands\n[\s\S]*?\n\|[ |-]+\|\n((?:\|.*\n)+)/.exec(page.text) ?? [];
  const listed = table.split('\n').flatMap((row) => {
    const [, cell = ''] = row.split(/(?<!\\)\|/);
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => `kubectl sluice ${span}`);
  });
  return [...spans, ...listed]
    .flatMap((span) => /^kubectl[ -]sluice (.*)/.exec(span)?.[1] ?? [])
    .map((words) => wordsOf(words.replaceAll(/\\\||[[\]]/g, ' ')));
}

/** As a shell splits them; `||` and what follows is gone by now. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}
