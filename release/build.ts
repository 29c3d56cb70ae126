import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarGz } from './archive.ts';
import { publishedChart } from './chart.ts';
import type { Options } from './options.ts';
import { artifactsOf, CHECKSUMS, npmManifest, OUT } from './plan.ts';

/**
 * Builds everything of a release that is a file, into `dist/release`, with the checksums of all of it.
 * @param helm path of the program; undefined: there is no chart among them.
 * @returns the names of the files, without that of the checksums.
 */
export function buildArtifacts(root: string, options: Options, helm: string | undefined): string[] {
  const files = artifactsOf(options.version);
  const out = join(root, OUT);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  run(root, 'npm', ['run', '--silent', 'build']);
  writeFileSync(join(out, files.plugin), pluginArchive(root));
  packForNpm(root, options, join(out, files.npm));
  run(root, 'make', ['--silent', 'sbom']);
  renameSync(join(root, 'dist/sbom.spdx.json'), join(out, files.sbom));
  if (helm !== undefined) packChart(root, options, helm, out);
  const built = Object.values(files).filter((file) => existsSync(join(out, file)));
  writeFileSync(join(out, CHECKSUMS), checksums(out, built));
  return built;
}

/** Packs the chart as it is published, out of a folder of its own. */
export function packChart(root: string, options: Options, helm: string, into: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-chart-'));
  try {
    run(root, helm, ['package', publishedChart(root, options, scratch), '--destination', into]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The plugin for krew, as .krew.yaml says what is in it. */
export function pluginArchive(root: string): Buffer {
  return tarGz([
    {
      name: 'kubectl-sluice.js',
      mode: 0o755,
      content: readFileSync(join(root, 'dist/kubectl-sluice.js')),
    },
    { name: 'LICENSE', mode: 0o644, content: readFileSync(join(root, 'LICENSE')) },
  ]);
}

/** Packed from a folder of its own: the repository's package.json is one to work with, private and full of tools. */
function packForNpm(root: string, options: Options, into: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-npm-'));
  try {
    const own: Parameters<typeof npmManifest>[1] = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    mkdirSync(join(scratch, 'dist'));
    copyFileSync(join(root, 'dist/kubectl-sluice.js'), join(scratch, 'dist/kubectl-sluice.js'));
    copyFileSync(join(root, 'LICENSE'), join(scratch, 'LICENSE'));
    copyFileSync(join(root, 'docs/kubectl-plugin.md'), join(scratch, 'README.md'));
    writeFileSync(
      join(scratch, 'package.json'),
      `${JSON.stringify(npmManifest(options, own), undefined, 2)}\n`,
    );
    const answer = execFileSync('npm', ['pack', '--json', '--ignore-scripts'], {
      cwd: scratch,
      encoding: 'utf8',
    });
    const packed: { filename: string }[] = JSON.parse(answer);
    copyFileSync(join(scratch, packed[0]?.filename ?? ''), into);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** As `sha256sum --check` reads them. */
function checksums(directory: string, files: readonly string[]): string {
  const sumOf = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(join(directory, file)))
      .digest('hex');
  return files.map((file) => `${sumOf(file)}  ${file}\n`).join('');
}

/** Runs a program at the root and shows what it says. @throws Error when it fails. */
export function run(root: string, command: string, args: readonly string[]): void {
  execFileSync(command, [...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}
