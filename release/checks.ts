import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where a version stands, and which. */
export interface Stated {
  place: string;
  version: string | undefined;
}

/** Every place in the repository that states its version. */
export function statedVersions(root: string): Stated[] {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const npm: { version?: string } = JSON.parse(read('package.json'));
  const lock: { version?: string } = JSON.parse(read('package-lock.json'));
  const chart: { version?: string; appVersion?: string } = parse(read('charts/sluice/Chart.yaml'));
  return [
    { place: 'package.json', version: npm.version },
    { place: 'package-lock.json', version: lock.version },
    { place: 'version in charts/sluice/Chart.yaml', version: chart.version },
    { place: 'appVersion in charts/sluice/Chart.yaml', version: chart.appVersion },
  ];
}

/** A sentence for each place that states another version. */
export function disagreements(version: string, stated: readonly Stated[]): string[] {
  return stated
    .filter((s) => s.version !== version)
    .map((s) => `${s.place} is ${s.version ?? 'missing'}, not ${version}: set it and commit`);
}

/**
 * What the changelog says of a version: what stands under `## 1.2.3`, with or without brackets and a date.
 * @returns undefined where there is no such section, or nothing in it.
 */
export function changelogSection(changelog: string, version: string): string | undefined {
  const [, ...sections] = changelog.split(/^## /m);
  for (const section of sections) {
    const [heading = '', ...body] = section.split('\n');
    const [named] = heading.split(' ');
    if (named !== version && named !== `[${version}]`) continue;
    return body.join('\n').trim() || undefined;
  }
  return undefined;
}

/** What keeps this tree from being released as `version`; the artifacts can be built all the same. */
export function obstacles(version: string, changelog: string, dirty: string): string[] {
  const found: string[] = [];
  if (changelogSection(changelog, version) === undefined)
    found.push(`CHANGELOG.md says nothing under "## ${version}": rename "## Unreleased" and date it`);
  if (dirty !== '') found.push(`the tree is not clean: commit or put away\n${dirty}`);
  return found;
}

/** Where the tag of a release is. */
export interface Tagged {
  /** The commit that is checked out. */
  head: string;
  /** The commit that the tag names here; undefined: there is none. */
  here: string | undefined;
  /** The one that it names on GitHub; null: it was not asked, as in a dry run, which comes before the tag. */
  there: string | undefined | null;
}

/** What is wrong with the tag: it has to be the commit that is built, here and where the release is announced. */
export function tagObstacles(version: string, { head, here, there }: Tagged): string[] {
  const tag = `v${version}`;
  const found: string[] = [];
  if (here === undefined && there !== null)
    found.push(`there is no tag ${tag}: git tag ${tag}, and git push origin ${tag}`);
  if (here !== undefined && here !== head)
    found.push(`tag ${tag} is ${here} and not ${head}, which is checked out: git checkout ${tag}`);
  if (here === head && there === undefined) found.push(`tag ${tag} is not on GitHub: git push origin ${tag}`);
  if (here === head && typeof there === 'string' && there !== head)
    found.push(`tag ${tag} is ${there} on GitHub and ${head} here: a tag that was published is not moved`);
  return found;
}

/** What keeps npm from signing where a package was built. */
export function provenanceObstacles(
  provenance: boolean,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  if (!provenance || (env['GITHUB_ACTIONS'] === 'true' && env['ACTIONS_ID_TOKEN_REQUEST_URL'])) return [];
  return [
    'npm signs where a package was built only in GitHub Actions, with id-token: write: let the workflow publish, or set PROVENANCE=0',
  ];
}

/** The commit that a tag names; undefined where there is no such tag. */
export function commitOf(root: string, tag: string): string | undefined {
  return answerOf(root, 'git', ['rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`]);
}

/** What a program says, without white space around it; undefined where that is nothing, or it fails. */
export function answerOf(root: string, command: string, args: readonly string[]): string | undefined {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync(command, [...args], { cwd: root, encoding: 'utf8', stdio }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** What git has to say of files that are not as they were committed; empty when there are none. */
export function uncommitted(root: string): string {
  return execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }).trimEnd();
}
