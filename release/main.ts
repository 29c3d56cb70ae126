import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureHelm, findHelm } from '../test/harness/programs/ensure.ts';
import { buildArtifacts, run } from './build.ts';
import { changelogSection, disagreements, obstacles, statedVersions, uncommitted } from './checks.ts';
import { optionsFrom } from './options.ts';
import { asTyped, CHECKSUMS, NOTES, OUT, publishing } from './plan.ts';

/*
 * `make release VERSION=x.y.z`: builds what a release is made of into dist/release, and publishes it. DRY_RUN=1 builds
 * the same, prints what would be run instead, and ends with 1 where a release would be refused.
 */

const root = join(import.meta.dirname, '..');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Looked for before anything is published, so that a release is not half there for want of a program. */
function requirePrograms(commands: readonly string[]): void {
  for (const command of new Set(commands)) {
    try {
      execFileSync(command, ['--version'], { stdio: 'ignore' });
    } catch {
      throw new Error(`${command} is needed to publish and is not on PATH: install it`);
    }
  }
}

async function release(): Promise<void> {
  const options = optionsFrom(process.env);
  const { version, dryRun } = options;
  const wrong = disagreements(version, statedVersions(root));
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const inTheWay = obstacles(version, changelog, uncommitted(root));
  if (inTheWay.length > 0 && !dryRun) throw new Error(inTheWay.join('\n'));
  if (!dryRun) requirePrograms(['docker', 'npm', 'gh']);

  const helm = dryRun ? await findHelm() : await ensureHelm();
  const built = buildArtifacts(root, options, helm);
  writeFileSync(join(root, OUT, NOTES), `${changelogSection(changelog, version) ?? ''}\n`);
  say(`\nbuilt in ${OUT}: ${[...built, CHECKSUMS].join(', ')}`);
  if (helm === undefined) say('no chart: there is no Helm here yet, `make test` builds one');

  for (const step of publishing(options, dryRun ? 'helm' : (helm ?? 'helm'))) {
    say(`\n# ${dryRun ? 'would publish' : 'publishing'} ${step.publishes}\n${asTyped(step)}`);
    if (!dryRun) run(root, step.command, step.args);
  }
  say(`\n# the provenance of all files is signed by the workflow, of what is in ${OUT}/${CHECKSUMS}`);
  if (inTheWay.length === 0) return;
  throw new Error(`\n${version} would be refused now:\n${inTheWay.join('\n')}`);
}

try {
  await release();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
