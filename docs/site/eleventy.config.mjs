// The documentation as a site: `make site` writes it into dist/site. Pages are files of the repository as they stand.
import { GROUPS, readPages, urlOf } from './pages.ts';
import { besides, filesIn, relativeTo, teach } from './render.ts';

/** @param {import('@11ty/eleventy/UserConfig').default} config */
export default function configure(config) {
  const pages = readPages();
  const { files, folders } = besides(pages);
  const titles = new Map(pages.map(({ path, title }) => [path, title]));
  const navigation = (url) =>
    GROUPS.map(({ title, pages: paths }) => ({
      title,
      isOpen: paths.some((path) => urlOf(path) === url),
      links: paths.map((path) => ({
        title: titles.get(path)?.split(':')[0],
        href: relativeTo(url, urlOf(path)),
        isHere: urlOf(path) === url,
      })),
    }));
  const add = (path, text, title, url) =>
    config.addTemplate(`${path.replaceAll('/', '_')}.md`, text, {
      layout: 'layout.njk',
      permalink: url,
      path,
      title,
      style: relativeTo(url, 'style.css'),
      home: relativeTo(url, 'index.html'),
      groups: navigation(url),
    });
  for (const { path, text, title, url } of pages) add(path, text, title, url);
  for (const folder of folders) {
    const list = filesIn(folder).map((name) => `<li><a href="${name}">${name}</a></li>`);
    add(
      `${folder}/index`,
      `# ${folder}\n\n<ul>\n${list.join('\n')}\n</ul>\n`,
      folder,
      `files/${folder}/index.html`,
    );
  }
  for (const file of files) config.addPassthroughCopy({ [file]: `files/${file}` });
  config.addPassthroughCopy({ 'docs/site/style.css': 'style.css' });
  config.amendLibrary('md', (markdown) => teach(markdown, pages));
  config.setUseGitIgnore(false);
  return {
    dir: { input: 'docs/site', output: 'dist/site' },
    // `{{ canaryHash }}` on a page is what it says, and nothing to be filled in here.
    markdownTemplateEngine: false,
    templateFormats: ['md'],
  };
}
