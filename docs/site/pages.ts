import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/* Which files of the repository are pages of the site, and where each of them is there. */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A group of the navigation: pages by their path in the repository. */
export interface Group {
  title: string;
  pages: readonly string[];
}

const inDocs = (...names: string[]): string[] => names.map((name) => `docs/${name}.md`);
const examples = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `examples/${name}/README.md`)
  .toSorted();
const notes = readdirSync(join(ROOT, 'docs/design'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/design/${name}`)
  .toSorted();

/** Everything that has a page, in the order in which it is to be found. */
export const GROUPS: readonly Group[] = [
  { title: 'Begin', pages: ['README.md', ...inDocs('README', 'tutorial', 'install', 'concepts')] },
  { title: 'Use', pages: inDocs('gates', 'policy', 'gitops', 'argocd', 'kubectl-plugin', 'troubleshooting') },
  { title: 'Run', pages: inDocs('operations', 'runbooks', 'security', 'versioning') },
  {
    title: 'Look up',
    pages: [
      ...inDocs('reference/README', 'reference/environment', 'reference/gate'),
      ...inDocs('reference/promotion', 'reference/decision', 'reference/operator'),
      'charts/sluice/README.md',
    ],
  },
  { title: 'Know', pages: inDocs('comparison', 'faults', 'benchmarks') },
  { title: 'Examples', pages: ['examples/README.md', ...examples] },
  { title: 'Design notes', pages: notes },
  {
    title: 'Project',
    pages: ['CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md', 'ADOPTERS.md'],
  },
];

/** One page. */
export interface Page {
  /** In the repository. */
  path: string;
  title: string;
  text: string;
  /** In the site, without a slash in front. */
  url: string;
}

const URLS: Readonly<Record<string, string>> = {
  'README.md': 'index.html',
  'docs/README.md': 'documentation.html',
  'charts/sluice/README.md': 'chart.html',
};

/** Where a page of the repository is in the site: what is at its root goes into a folder, since `SECURITY` is not `security`. */
export function urlOf(path: string): string {
  const known = URLS[path];
  if (known !== undefined) return known;
  if (!path.includes('/')) return `project/${path.toLowerCase().replace(/\.md$/, '.html')}`;
  return path
    .replace(/^docs\//, '')
    .replace(/README\.md$/, 'index.html')
    .replace(/\.md$/, '.html');
}

/** The first heading of a page, without marks. */
export function titleOf(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? '';
}

/** Reads every page. @throws Error when one of them is missing */
export function readPages(): Page[] {
  return GROUPS.flatMap(({ pages }) =>
    pages.map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, text, title: titleOf(text), url: urlOf(path) };
    }),
  );
}

/** Where a link on a page leads. */
export type Destination =
  | { kind: 'outside'; href: string }
  | { kind: 'page'; path: string; anchor: string }
  | { kind: 'file'; path: string; anchor: string }
  | { kind: 'folder'; path: string }
  | { kind: 'nowhere'; path: string };

/** Follows a link as it is written on a page of the repository. */
export function follow(from: string, href: string, pages: ReadonlySet<string>): Destination {
  if (/^[a-z]+:/.test(href)) return { kind: 'outside', href };
  const [target = '', anchor = ''] = href.split('#');
  const path =
    target === '' ? from : posix.normalize(posix.join(dirname(from), decodeURI(target))).replace(/\/$/, '');
  if (pages.has(path)) return { kind: 'page', path, anchor };
  if (pages.has(`${path}/README.md`)) return { kind: 'page', path: `${path}/README.md`, anchor };
  const full = join(ROOT, path);
  if (!existsSync(full)) return { kind: 'nowhere', path };
  return statSync(full).isDirectory() ? { kind: 'folder', path } : { kind: 'file', path, anchor };
}
