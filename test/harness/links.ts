import { dirname, join, normalize } from 'node:path/posix';

/*
 * Links between the pages of the repository, as GitHub reads them. What lies behind a link to another host is not
 * asked for: tests need no network.
 */

/** A page: its path from the root, and what is in it. */
export interface Page {
  path: string;
  text: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** The lines of a page, those of code blocks empty: what is shown there is no link and no heading. */
function proseOf(text: string): string[] {
  let fence: string | undefined;
  return text.split('\n').map((line) => {
    const mark = FENCE.exec(line)?.[1];
    if (fence === undefined && mark === undefined) return line;
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    return '';
  });
}

/** The anchor that GitHub makes of a heading, before it tells equal ones apart. */
export function slugOf(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<[^>]+>/g, '')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Every anchor of a page: of its headings, the second of two equal ones with `-1`, and of HTML that names one. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const line of proseOf(text)) {
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading !== undefined) {
      const slug = slugOf(heading);
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      anchors.add(times === 0 ? slug : `${slug}-${times}`);
    }
    for (const [, name = ''] of line.matchAll(/<a\s[^>]*(?:id|name)="([^"]+)"/g)) anchors.add(name);
  }
  return anchors;
}

interface Link {
  line: number;
  target: string;
}

/** Every link and picture of a page that leads to no other host. */
export function linksOf(text: string): Link[] {
  return proseOf(text).flatMap((prose, index) => {
    const line = prose.replaceAll(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
    const inline = [...line.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+["'(][^)]*)?\)/g)];
    const defined = [...line.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/g)];
    return [...inline, ...defined]
      .map(([, target = '']) => ({ line: index + 1, target }))
      .filter(({ target }) => !/^[a-z][a-z+.-]*:|^\/\//i.test(target));
  });
}

/**
 * A sentence for each link that leads nowhere.
 * @param files every path in the repository.
 */
export function brokenLinks(pages: readonly Page[], files: readonly string[]): string[] {
  const places = new Set(files.flatMap((file) => [file, ...foldersOf(file)]));
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  return pages.flatMap(({ path, text }) =>
    linksOf(text).flatMap(({ line, target }) => {
      const [to = '', anchor = ''] = target.split('#').map(decodeURIComponent);
      const place = placeOf(path, to);
      const where = `${path}:${line}: ${target}`;
      if (!places.has(place)) return [`${where}: there is no ${place}`];
      // Anchors into what is no page, such as lines of a file, are GitHub's own.
      if (anchor !== '' && anchors.get(place)?.has(anchor) === false)
        return [`${where}: ${place} has no heading #${anchor}`];
      return [];
    }),
  );
}

/** Where a link leads, from the root; one that begins with a slash begins there. */
function placeOf(from: string, to: string): string {
  if (to === '') return from;
  const place = to.startsWith('/') ? normalize(to.slice(1)) : normalize(join(dirname(from), to));
  return place.replace(/\/$/, '');
}

function foldersOf(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? ['.'] : [folder, ...foldersOf(folder)];
}
