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

/** What git has to say of files that are not as they were committed; empty when there are none. */
export function uncommitted(root: string): string {
  return execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }).trimEnd();
}
