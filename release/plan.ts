import type { Options } from './options.ts';

/** A command that publishes something, and what. */
export interface Command {
  publishes: string;
  command: string;
  args: string[];
  /** Says something and ends with 0 where it is published already. */
  there: { command: string; args: string[] };
}

/** Where everything of a release is built, from the root. */
export const OUT = 'dist/release';

/** What a release is made of, by file name in `OUT`. */
export function artifactsOf(version: string) {
  return {
    /** As .krew.yaml asks for it, under a name without the version. */
    plugin: 'kubectl-sluice.tar.gz',
    /** As Helm names it. */
    chart: `sluice-${version}.tgz`,
    npm: `kubectl-sluice-npm-${version}.tgz`,
    sbom: `sluice-${version}.spdx.json`,
  };
}

export const CHECKSUMS = 'SHA256SUMS';
/** The section of the changelog. */
export const NOTES = 'notes.md';

const at = (file: string): string => `${OUT}/${file}`;
/** Names and versions have no spaces in them: see optionsFrom. */
const words = (text: string): string[] => text.trim().split(/\s+/);

/**
 * What publishes a release, in order: first what the others refer to, last what announces it. What is there already is
 * left alone, so that a release that broke off is finished by another run.
 * @param helm path of the program.
 */
export function publishing(
  { version, names, provenance }: Pick<Options, 'version' | 'names' | 'provenance'>,
  helm: string,
): Command[] {
  const files = artifactsOf(version);
  const tag = `v${version}`;
  // A version with a suffix does not become what people get who ask for none.
  const isPreview = version.includes('-');
  return [
    {
      publishes: 'the image, with its provenance and what it is made of',
      command: 'docker',
      args: words(
        `buildx build --push --provenance=mode=max --sbom=true --platform linux/amd64,linux/arm64
        --label org.opencontainers.image.source=https://github.com/${names.repository}
        --label org.opencontainers.image.version=${version} --tag ${names.image}:${version} .`,
      ),
      there: { command: 'docker', args: words(`buildx imagetools inspect ${names.image}:${version}`) },
    },
    {
      publishes: 'the chart',
      command: helm,
      args: ['push', at(files.chart), names.charts],
      there: { command: helm, args: words(`show chart ${names.charts}/sluice --version ${version}`) },
    },
    {
      publishes: 'the plugin on npm',
      command: 'npm',
      args: words(
        `publish ./${at(files.npm)} ${provenance ? '--provenance' : ''} --access public
        --tag ${isPreview ? 'next' : 'latest'}`,
      ),
      // Of a version that there is not npm says nothing, and ends with 0.
      there: { command: 'npm', args: words(`view ${names.npmPackage}@${version} version`) },
    },
    {
      publishes: 'the release, which krew reads',
      command: 'gh',
      args: words(
        `release create ${tag} --repo ${names.repository} --verify-tag --title ${tag} --notes-file ${at(NOTES)}
        ${isPreview ? '--prerelease' : ''} ${[...Object.values(files), CHECKSUMS].map(at).join(' ')}`,
      ),
      there: { command: 'gh', args: words(`release view ${tag} --repo ${names.repository}`) },
    },
  ];
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./$-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** As it is typed in a shell. Variables that were not given (see Names) stay as they are. */
export function asTyped({ command, args }: { command: string; args: readonly string[] }): string {
  return [command, ...args].map(quoted).join(' ');
}

/** Not given in a dry run: see Names. */
export const isKnown = (name: string): boolean => !name.startsWith('$');

/** What is published on npm: the plugin in one file, which needs nothing of what the repository depends on. */
export function npmManifest(
  { version, names }: Pick<Options, 'version' | 'names'>,
  own: { description?: string; license?: string; engines?: object; bin?: object },
): object {
  return {
    name: isKnown(names.npmPackage) ? names.npmPackage : 'kubectl-sluice',
    version,
    description: own.description,
    license: own.license,
    // npm compares it with where the provenance says that it was built.
    ...(isKnown(names.repository) && {
      repository: { type: 'git', url: `git+https://github.com/${names.repository}.git` },
    }),
    type: 'module',
    engines: own.engines,
    bin: own.bin,
    files: ['dist'],
  };
}
