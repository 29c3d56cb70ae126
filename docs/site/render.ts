import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Destination, follow, type Page, ROOT, urlOf } from './pages.ts';

/* How the Markdown of the repository becomes pages: links that hold there hold here, headings have GitHub's anchors. */

/** What is used of a token of markdown-it. */
export interface Token {
  type: string;
  content: string;
  children: Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

/** What is used of markdown-it, which Eleventy brings. */
export interface Markdown {
  core: {
    ruler: { push(name: string, rule: (state: { tokens: Token[]; env: { path: string } }) => void): void };
  };
}

/** GitHub's anchor of a heading: letters, figures, `-` and `_`; the second of a name is `-1`. */
export function anchorOf(heading: string, taken: Map<string, number>): string {
  const plain = heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
  const times = taken.get(plain) ?? 0;
  taken.set(plain, times + 1);
  return times === 0 ? plain : `${plain}-${times}`;
}

const LINK = /\]\(([^)\s]+)\)/g;

/** Files and folders that pages link to, which are no pages. */
export function besides(pages: readonly Page[]): { files: string[]; folders: string[] } {
  const known = new Set(pages.map(({ path }) => path));
  const found = pages.flatMap(({ path, text }) =>
    [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(LINK)].map(([, href = '']) =>
      follow(path, href, known),
    ),
  );
  const of = (kind: 'file' | 'folder'): string[] =>
    [...new Set(found.flatMap((d) => (d.kind === kind ? [d.path] : [])))].toSorted();
  const folders = of('folder');
  const inside = folders.flatMap((folder) => filesIn(folder).map((name) => `${folder}/${name}`));
  return { files: [...new Set([...of('file'), ...inside])], folders };
}

/** Names of the files of a folder of the repository, at any depth. */
export function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(join(ROOT, folder), join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Where a destination is in the site. @throws Error for a link that leads nowhere */
export function placeOf(destination: Destination): string {
  if (destination.kind === 'nowhere')
    throw new Error(`a link leads to ${destination.path}, which does not exist`);
  if (destination.kind === 'outside') return destination.href;
  const { path } = destination;
  if (destination.kind === 'folder') return `files/${path}/index.html`;
  return destination.kind === 'file'
    ? `files/${path}`
    : urlOf(path) + (destination.anchor && `#${destination.anchor}`);
}

/** Teaches markdown-it the links and anchors of this repository. `env.path` says which page it is. */
export function teach(markdown: Markdown, pages: readonly Page[]): void {
  const known = new Set(pages.map(({ path }) => path));
  markdown.core.ruler.push('repository', ({ tokens, env: { path } }) => {
    const taken = new Map<string, number>();
    for (const [i, token] of tokens.entries()) {
      if (token.type === 'heading_open') token.attrSet('id', anchorOf(textOf(tokens[i + 1]), taken));
      for (const child of token.children ?? []) {
        const href = child.type === 'link_open' ? child.attrGet('href') : null;
        if (href !== null) child.attrSet('href', relativeTo(urlOf(path), placeOf(follow(path, href, known))));
      }
    }
  });
}

/** What a reader sees of a heading. */
function textOf(inline: Token | undefined): string {
  return (inline?.children ?? []).map(({ content }) => content).join('');
}

/** A link from one place of the site to another, so that it may be served from any path. */
export function relativeTo(from: string, to: string): string {
  if (/^[a-z]+:/.test(to)) return to;
  const [path = '', anchor] = to.split('#');
  const way = posix.relative(posix.dirname(from), path) || posix.basename(path);
  return anchor === undefined ? way : `${way}#${anchor}`;
}
