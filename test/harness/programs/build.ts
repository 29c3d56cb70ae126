import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { go, moduleOf, requireGo, versionsOf } from './go.ts';
import { moduleDirs, type ToolModule } from './pins.ts';
import { Progress } from './progress.ts';

const BUILDING = '.building-';

/**
 * Builds programs of a module into `into`. They are built in a directory beside it and moved, one rename
 * each, so that a file in `into` is always whole, whoever else builds or interrupts at the same time.
 * @throws Error in one sentence when Go is missing or too old, else with the end of Go's own message.
 */
export async function buildPrograms(
  module: ToolModule,
  names: readonly string[],
  into: string,
): Promise<void> {
  await requireGo([...moduleDirs, module.dir]);
  mkdirSync(into, { recursive: true });
  sweep(into);
  const temporary = mkdtempSync(`${into}${BUILDING}`);
  const progress = new Progress(`building ${module.name}`);
  try {
    progress.note(
      `once, ${names.join(', ')}; a first run takes about 6 to 14 minutes, later ones find them in ${into}`,
    );
    const packages = names.map((name) => module.programs[name] ?? name);
    const total = await countPackages(module, packages, progress);
    let compiled = 0;
    progress.state = 'compiling';
    const flags = [
      ...(module.tags.length > 0 ? [`-tags=${module.tags.join(',')}`] : []),
      `-ldflags=${await ldflags(module)}`,
    ];
    await go(module.dir, ['build', '-v', '-o', `${temporary}/`, ...flags, ...packages], (line) => {
      // Go prints one line a package, and nothing while it links, which is why the last one stands still for a while.
      if (!line.includes(' '))
        progress.state = `compiled ${++compiled} of ${total} packages (linking follows)`;
    });
    names.forEach((name, i) => renameSync(join(temporary, binaryOf(packages[i] ?? name)), join(into, name)));
    progress.done(`ready in ${into}`);
  } catch (error) {
    progress.done('failed');
    throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Removes what interrupted builds have left, a day later: until then it may be a build at work. */
function sweep(into: string): void {
  const parent = dirname(into);
  for (const name of readdirSync(parent).filter((n) => n.startsWith(`${basename(into)}${BUILDING}`))) {
    const path = join(parent, name);
    if (Date.now() - statSync(path).mtimeMs > 24 * 3600_000) rmSync(path, { recursive: true, force: true });
  }
}

/** Where a Go module has manifests. */
export interface ManifestSource {
  /** Path of the module. */
  of: string;
  folder: string;
  files: RegExp;
}

/** Writes the objects of some manifests, out of a Go module that `module` pins, into one JSON file. */
export async function extractObjects(
  module: ToolModule,
  source: ManifestSource,
  file: string,
): Promise<void> {
  await requireGo([...moduleDirs, module.dir]);
  await go(module.dir, ['mod', 'download', source.of]);
  const manifests = join((await moduleOf(module.dir, source.of)).dir, source.folder);
  const objects = readdirSync(manifests)
    .filter((name) => source.files.test(name))
    .flatMap((name) =>
      parseAllDocuments(readFileSync(join(manifests, name), 'utf8')).map((d): unknown => d.toJS()),
    )
    // Between two separators there may be nothing.
    .filter((object) => object !== null);
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(objects));
  renameSync(temporary, file);
}

/** Counting makes Go download the modules, which is the first half of a cold build. */
async function countPackages(module: ToolModule, packages: string[], progress: Progress): Promise<number> {
  let downloaded = 0;
  const tags = module.tags.length > 0 ? [`-tags=${module.tags.join(',')}`] : [];
  const all = await go(module.dir, ['list', '-deps', ...tags, ...packages], (line) => {
    if (line.startsWith('go: downloading')) progress.state = `downloaded ${++downloaded} modules`;
  });
  return all.length;
}

async function ldflags(module: ToolModule): Promise<string> {
  const versions = await versionsOf(module.dir, Object.values(module.programs));
  const stamps = module.stamps((path) => versions.get(path) ?? '');
  return ['-s', '-w', ...Object.entries(stamps).map(([name, value]) => `-X=${name}=${value}`)].join(' ');
}

/** The file name that `go build` gives to a package's program: its last element that is no major version. */
function binaryOf(path: string): string {
  const name = basename(path);
  return /^v\d+$/.test(name) ? basename(dirname(path)) : name;
}
