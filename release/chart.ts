import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Options } from './options.ts';
import { isKnown } from './plan.ts';

/**
 * Copies the chart into `into` as it is published: it names the image of the same release, where its sources are, and
 * how it is installed from where it is published. Names that a dry run was not given stay as they are in the repository.
 * @returns the folder of the chart.
 * @throws Error when the chart in the repository does not say what is to be replaced.
 */
export function publishedChart(root: string, options: Options, into: string): string {
  const { version, names } = options;
  const chart = join(into, 'sluice');
  cpSync(join(root, 'charts/sluice'), chart, { recursive: true });
  const edit = (file: string, ...changes: [from: string, to: string][]): void => {
    const path = join(chart, file);
    const text = changes.reduce(
      (before, [from, to]) => {
        if (!before.includes(from)) throw new Error(`charts/sluice/${file} does not say "${from.trim()}"`);
        return before.replace(from, () => to);
      },
      readFileSync(path, 'utf8'),
    );
    writeFileSync(path, text);
  };
  if (isKnown(names.repository)) {
    const url = `https://github.com/${names.repository}`;
    edit('Chart.yaml', ['type: application\n', `type: application\nhome: ${url}\nsources: [${url}]\n`]);
  }
  if (isKnown(names.charts))
    edit('README.md', [' sluice charts/sluice ', ` sluice ${names.charts}/sluice --version ${version} `]);
  if (isKnown(names.image)) {
    edit('values.yaml', ['\n  repository: sluice\n', `\n  repository: ${names.image}\n`]);
    edit(
      'README.md',
      ['| `image.repository` | `"sluice"` |', `| \`image.repository\` | \`"${names.image}"\` |`],
      ['--set image.repository=<your repository> ', ''],
    );
  }
  return chart;
}
