import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureHelm, findHelm } from '../test/harness/programs/ensure.ts';
import { buildArtifacts, run } from './build.ts';
import {
  answerOf,
  changelogSection,
  commitOf,
  disagreements,
  obstacles,
  provenanceObstacles,
  statedVersions,
  tagObstacles,
  uncommitted,
} from './checks.ts';
import { type Options, optionsFrom } from './options.ts';
import { CHECKSUMS, NOTES, OUT, publishing } from './plan.ts';
import { publish, rehearse } from './publish.ts';

/*
 * `make release VERSION=x.y.z`: builds what a release is made of into dist/release, and publishes it. DRY_RUN=1 builds
 * the same, prints what would be run instead, and ends with 1 where a release would be refused.
 */

const root = join(import.meta.dirname, '..');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Asked before anything is published, so that a release is not half there for want of a program. */
const PROGRAMS = [
  ['docker', 'buildx', 'version'],
  ['npm', '--version'],
  ['gh', '--version'],
] as const;

function missingPrograms(): string[] {
  return PROGRAMS.filter(([command, ...args]) => answerOf(root, command, args) === undefined).map(
    (words) => `\`${words.join(' ')}\` fails, and is needed to publish: install it`,
  );
}

/** Everything that is in the way; what only publishing needs is no obstacle to a dry run, which comes before it. */
function inTheWay({ version, dryRun, provenance, names }: Options, changelog: string): string[] {
  const missing = dryRun ? [] : missingPrograms();
  const tag = `v${version}`;
  const onGitHub = (): string | undefined =>
    answerOf(root, 'gh', ['api', `repos/${names.repository}/commits/tags/${tag}`, '--jq', '.sha']);
  return [
    ...obstacles(version, changelog, uncommitted(root)),
    ...missing,
    ...tagObstacles(version, {
      head: answerOf(root, 'git', ['rev-parse', 'HEAD']) ?? '',
      here: commitOf(root, tag),
      there: dryRun ? null : onGitHub(),
    }),
    ...(dryRun ? [] : provenanceObstacles(provenance, process.env)),
  ];
}

async function release(): Promise<void> {
  const options = optionsFrom(process.env);
  const { version, dryRun } = options;
  const wrong = disagreements(version, statedVersions(root));
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const found = inTheWay(options, changelog);
  if (found.length > 0 && !dryRun) throw new Error(found.join('\n'));

  const helm = dryRun ? await findHelm() : await ensureHelm();
  const built = buildArtifacts(root, options, helm);
  writeFileSync(join(root, OUT, NOTES), `${changelogSection(changelog, version) ?? ''}\n`);
  say(`\nbuilt in ${OUT}: ${[...built, CHECKSUMS].join(', ')}`);
  if (helm === undefined) say('no chart: there is no Helm here yet, `make test` builds one');

  const steps = publishing(options, dryRun ? 'helm' : (helm ?? 'helm'));
  if (dryRun) rehearse(steps, say);
  else
    publish(steps, {
      answer: (command, args) => answerOf(root, command, args),
      run: (command, args) => run(root, command, args),
      say,
    });
  say(`\n# the provenance of all files is signed by the workflow, of what is in ${OUT}/${CHECKSUMS}`);
  if (found.length === 0) return;
  throw new Error(`\n${version} would be refused now:\n${found.join('\n')}`);
}

try {
  await release();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
